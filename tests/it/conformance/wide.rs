//! Tables of many columns, and rows that are longer than the server stores.

use serde_json::{Map, Value, json};

use super::target::{Backend, Target, run};
use crate::other_sqlite::wide_layout;

/// A string of so many characters that does not repeat itself.
fn letters(length: usize) -> String {
    ('0'..='z').cycle().take(length).collect()
}

/// A record with a value in each of the first columns after `id`.
fn record(id: &str, names: &[String], (count, value): (usize, &str)) -> Value {
    let members = names[1..].iter().take(count);
    let mut record: Map<String, Value> = members.map(|name| (name.clone(), json!(value))).collect();
    record.insert("id".to_owned(), json!(id));
    Value::Object(record)
}

fn write(target: &Target, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]", lines.join(",\n"));
    target.workspace.write("rows.json", text);
}

fn holds(target: &Target) {
    for command in ["reconcile", "verify"] {
        let ended = target.run(&["audit", command]);
        assert_eq!(ended.code, Some(0), "audit {command}\n{ended}");
    }
}

const LAYOUT: [&str; 2] = ["--layout", "wide"];

/// The table is made, audited, changed and reverted; rows that cannot be stored are findings before anything is
/// written.
fn wide(target: &Target, columns: usize) {
    let names = wide_layout(&target.workspace, columns);
    let last = names.last().expect("columns").clone();
    let (short, long) = (letters(1), letters(20));
    let mut records = vec![
        record("short", &names, (columns, &short)),
        record("long", &names, (300, &letters(300))),
        record("some", &names, (300, &long)),
    ];
    write(target, &records);
    target.imports(&LAYOUT);
    holds(target);
    target.execute(&format!(
        "UPDATE wide SET {last} = 'changed' WHERE id = 'long'"
    ));
    holds(target);
    records[2]["c0001"] = json!("changed");
    write(target, &records);
    target.imports(&LAYOUT);
    holds(target);

    let before = records.clone();
    records[2] = record("some", &names, (columns, &long));
    records.push(record("new", &names, (columns, &long)));
    records.push(record("fits", &names, (10, &long)));
    write(target, &records);
    let report = target.report(&LAYOUT);
    let findings = report["findings"].as_array().expect("findings");
    let places: Vec<_> = findings
        .iter()
        .map(|finding| (&finding["rule"], &finding["line"], &finding["pointer"]))
        .collect();
    assert_eq!(
        json!(places),
        json!([["too-long", 4, "/2"], ["too-long", 5, "/3"]]),
        "{report}"
    );
    let ended = target.import(&LAYOUT);
    assert_eq!(ended.code, Some(3), "{ended}");
    let message = "the row for `wide` needs at least";
    assert!(ended.stderr.contains(message), "{ended}");
    assert!(ended.stderr.contains("rows.json:4:1"), "{ended}");
    assert!(ended.stderr.contains("split the columns"), "{ended}");
    assert_eq!(target.count("wide"), 3);
    let ended = target.import(&[&LAYOUT[..], &["--skip-invalid"]].concat());
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(target.count("wide"), 4);
    let value = target.value("SELECT c0001 FROM wide WHERE id = 'some'");
    assert_eq!(value, "changed");
    holds(target);

    let run = target.value("SELECT id FROM import_runs ORDER BY id DESC LIMIT 1");
    let reverted = target.run(&["revert", &run, "--archive", "target/archive"]);
    assert_eq!(reverted.code, Some(0), "{reverted}");
    assert_eq!(target.count("wide"), 3);
    write(target, &before);
    target.imports(&LAYOUT);
    holds(target);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_has_as_many_columns_as_postgresql_allows() {
    run(Backend::Postgres, |target| wide(&target, 1600));
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_has_as_many_columns_as_innodb_allows() {
    run(Backend::Mysql, |target| wide(&target, 1017));
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn more_columns_than_a_server_allows_are_rejected() {
    for (backend, columns) in [(Backend::Postgres, 1601), (Backend::Mysql, 1018)] {
        run(backend, |target| {
            let names = wide_layout(&target.workspace, columns);
            write(&target, &[record("one", &names, (1, "x"))]);
            let ended = target.import(&LAYOUT);
            assert_eq!(ended.code, Some(1), "{ended}");
            let message = format!("`wide`: it has {columns} columns, and ");
            assert!(ended.stderr.contains(&message), "{ended}");
        });
    }
}

/// The server alone knows how well a value compresses, and in which format an existing table stores rows.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_only_the_server_finds_too_long_is_a_clear_error() {
    run(Backend::Postgres, |target| {
        let names = wide_layout(&target.workspace, 450);
        write(&target, &[record("one", &names, (380, &"a".repeat(1000)))]);
        fails(&target);
    });
    run(Backend::Mysql, |target| {
        let names = wide_layout(&target.workspace, 60);
        let columns: Vec<_> = names[1..]
            .iter()
            .map(|name| format!("{name} LONGTEXT"))
            .collect();
        target.execute(&format!(
            "SET innodb_strict_mode = OFF; CREATE TABLE wide (id VARCHAR(100) PRIMARY KEY, {}) \
             ENGINE = InnoDB, ROW_FORMAT = COMPACT, CHARACTER SET utf8mb4",
            columns.join(", ")
        ));
        write(&target, &[record("one", &names, (50, &letters(1000)))]);
        fails(&target);
    });
}

fn fails(target: &Target) {
    let ended = target.import(&LAYOUT);
    assert_eq!(ended.code, Some(1), "{ended}");
    let message =
        "a row of `wide`, or its entry in an index, is longer than the database can store";
    assert!(ended.stderr.contains(message), "{ended}");
    assert!(ended.stderr.contains("hint: no row was written"), "{ended}");
    let left = match target.backend {
        Backend::Mysql => target.count("wide"),
        Backend::Postgres | Backend::Sqlite => 0,
    };
    assert_eq!(left, 0);
}
