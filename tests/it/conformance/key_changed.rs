//! Another program makes other columns the primary key of a recorded table.

use serde_json::Value;

use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{ARCHIVE, audit, ends, is_well, on_every_database};

on_every_database!(
    a_column_that_changed_becomes_the_key,
    a_column_that_changed_is_added_to_the_key,
    a_row_with_equal_columns_keeps_its_entries,
    rows_whose_keys_were_keys_of_other_rows_are_other_rows,
    a_run_before_the_change_is_not_reverted,
    a_row_whose_id_another_row_took_is_deleted,
    a_row_that_was_deleted_after_its_key_changed_is_not_shown,
    a_row_that_was_not_inserted_keeps_its_place_in_the_past,
    the_history_of_a_row_has_all_entries_of_the_rows_with_its_key,
);

fn rebuild(target: &Target, key: &str) {
    target.execute(&match target.backend {
        Backend::Sqlite => format!(
            "BEGIN; CREATE TABLE t2 (id INT NOT NULL, s VARCHAR(9), u VARCHAR(9) NOT NULL, PRIMARY KEY ({key})); \
             INSERT INTO t2 SELECT * FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t; COMMIT"
        ),
        Backend::Mysql => format!("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY ({key})"),
        Backend::Postgres => format!("ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY ({key})"),
    });
}

/// A table whose key becomes `key` after its column `u` was changed.
fn with_key(target: &Target, key: &str, rows: &str) {
    target.execute(&format!(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9), u VARCHAR(9) NOT NULL); INSERT INTO t VALUES {rows}"
    ));
    enable(target);
    target.execute("UPDATE t SET u = '9' WHERE id = 1");
    rebuild(target, key);
    if target.backend != Backend::Sqlite {
        // The triggers still write the former key.
        target.execute("UPDATE t SET u = '8' WHERE id = 2");
    }
    enable(target);
}

fn enable(target: &Target) {
    ends(
        target,
        &[&["audit", "enable", "t"], &ARCHIVE[..]].concat(),
        0,
    );
}

/// The audit log has the rows of the table and no others.
#[track_caller]
fn agrees(target: &Target) {
    is_well(target);
    let (code, rows) = audit(target, &["as-of", "t", "--at", "now"]);
    assert_eq!(code, Some(0), "{rows:#}");
    let count = rows["rows"].as_array().map(Vec::len);
    assert_eq!(count, usize::try_from(target.count("t")).ok(), "{rows:#}");
    assert_eq!(rows["problems"], Value::Array(Vec::new()), "{rows:#}");
}

fn a_column_that_changed_becomes_the_key(target: Target) {
    with_key(&target, "u", "(1, 'x', '7'), (2, 'x', '6'), (3, 'x', '5')");
    agrees(&target);
    target.execute("UPDATE t SET s = 'y' WHERE u = '9'");
    agrees(&target);
    let history = ends(&target, &["audit", "history", "t", "9"], 0);
    assert!(!history.contains("error"), "{history}");
    target.execute("DELETE FROM t WHERE u = '9'");
    agrees(&target);
}

fn a_column_that_changed_is_added_to_the_key(target: Target) {
    with_key(
        &target,
        "id, u",
        "(1, 'x', '7'), (2, 'x', '6'), (3, 'x', '5')",
    );
    agrees(&target);
    ends(&target, &["audit", "history", "t", r#"["1","9"]"#], 0);
    target.execute("DELETE FROM t WHERE id = 1");
    agrees(&target);
}

fn a_row_with_equal_columns_keeps_its_entries(target: Target) {
    with_key(&target, "u", "(1, 'x', '1'), (2, 'x', '2'), (3, 'x', '3')");
    agrees(&target);
    target.execute("UPDATE t SET u = '4' WHERE id = 3");
    agrees(&target);
}

fn rows_whose_keys_were_keys_of_other_rows_are_other_rows(target: Target) {
    target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9), u VARCHAR(9) NOT NULL); \
         INSERT INTO t VALUES (1, 'x', '2'), (2, 'y', '1'), (3, 'z', '3')",
    );
    enable(&target);
    rebuild(&target, "u");
    enable(&target);
    agrees(&target);
    let (_, blame) = audit(&target, &["blame", "t", "1"]);
    assert!(blame["deleted"].is_null(), "{blame:#}");
    target.execute("UPDATE t SET s = 'w' WHERE u = '1'");
    agrees(&target);
    enable(&target);
    agrees(&target);
}

fn a_run_before_the_change_is_not_reverted(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9), u VARCHAR(9) NOT NULL); \
         INSERT INTO t VALUES (1, 'x', '7')",
    );
    wide.enables("t");
    let run = wide
        .during_an_import("INSERT INTO t VALUES (2, 'y', '8'); UPDATE t SET s = 'z' WHERE id = 1");
    rebuild(&wide.target, "u");
    enable(&wide.target);
    let report = wide.revert(&run, 4);
    assert_eq!(
        report["findings"][0]["rule"], "not-restorable",
        "{report:#}"
    );
    wide.reverts(&run, &["--on-conflict", "force"], 4);
    rebuild(&wide.target, "id");
    enable(&wide.target);
    assert_eq!(wide.target.count("t"), 2);
    is_well(&wide.target);
}

/// Executes a statement without the trigger that would record it.
fn is_lost(target: &Target, trigger: &str, statement: &str) {
    target.execute(&match target.backend {
        Backend::Sqlite => format!("DROP TRIGGER \"accession_t {trigger}\""),
        Backend::Mysql => format!("DROP TRIGGER accession_t_{trigger}"),
        Backend::Postgres => format!("DROP TRIGGER accession_{trigger} ON t"),
    });
    target.execute(statement);
}

/// The values of the column `s`, by record id.
fn shown(target: &Target, at: &str) -> Vec<(String, String)> {
    let (_, rows) = audit(target, &["as-of", "t", "--at", at]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = rows["rows"].as_array().expect("rows");
    let rows = rows.iter();
    rows.map(|row| (text(&row["record_id"]), text(&row["values"]["s"])))
        .collect()
}

/// Its key changed twice, so that no entry inserts a row with the one in between.
fn a_row_that_was_deleted_after_its_key_changed_is_not_shown(target: Target) {
    target.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9))");
    enable(&target);
    target.execute("INSERT INTO t VALUES (5, 'p'); UPDATE t SET id = 9; UPDATE t SET id = 3");
    is_lost(&target, "delete", "DELETE FROM t");
    ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    target.execute("INSERT INTO t VALUES (3, 'r')");
    enable(&target);
    is_well(&target);
    assert_eq!(shown(&target, "now"), [("3".to_owned(), "r".to_owned())]);
    target.execute("DELETE FROM t");
    assert_eq!(shown(&target, "now"), []);
}

/// Later changes of its key do not change what is shown of earlier times.
fn a_row_that_was_not_inserted_keeps_its_place_in_the_past(target: Target) {
    target.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9))");
    enable(&target);
    is_lost(&target, "insert", "INSERT INTO t VALUES (1, 'one')");
    ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    target.execute("UPDATE t SET id = 2");
    enable(&target);
    target.execute("UPDATE t SET id = 3");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let then = chrono::Utc::now().to_rfc3339();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let before = shown(&target, &then);
    assert_eq!(before, [("3".to_owned(), "one".to_owned())]);
    target.execute("UPDATE t SET id = 1");
    assert_eq!(shown(&target, &then), before);
}

/// Also if its key changed forth and back many times.
fn the_history_of_a_row_has_all_entries_of_the_rows_with_its_key(target: Target) {
    target.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9))");
    enable(&target);
    let versions = |record: &str, expected: usize| {
        let (code, history) = audit(&target, &["history", "t", record]);
        assert_eq!(code, Some(0), "{history:#}");
        let versions = history["versions"].as_array().expect("versions");
        let problems = versions.iter().filter(|one| !one["problem"].is_null());
        assert_eq!(
            (versions.len(), problems.count()),
            (expected, 0),
            "{history:#}"
        );
    };
    target.execute(
        "INSERT INTO t VALUES (3, 'one'); UPDATE t SET id = 5 WHERE id = 3; DELETE FROM t WHERE id = 5; \
         INSERT INTO t VALUES (5, 'two'); UPDATE t SET id = 3 WHERE id = 5",
    );
    versions("3", 5);
    let (_, row) = audit(&target, &["as-of", "t", "3", "--at", "now"]);
    assert_eq!(row["count"], 1, "{row:#}");
    assert_eq!(row["problems"], Value::Array(Vec::new()), "{row:#}");
    target
        .execute(&"UPDATE t SET id = 4 WHERE id = 3; UPDATE t SET id = 3 WHERE id = 4;".repeat(30));
    versions("3", 65);
    let (_, blame) = audit(&target, &["blame", "t", "3"]);
    let columns = blame["columns"].as_array().expect("columns");
    let s = columns.iter().find(|one| one["column"] == "s").expect("s");
    assert_eq!(s["value"], "two", "{blame:#}");
}

/// It was deleted without an entry.
fn a_row_whose_id_another_row_took_is_deleted(target: Target) {
    target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(9)); INSERT INTO t VALUES (1, 'one'), (2, 'two')",
    );
    enable(&target);
    is_lost(&target, "delete", "DELETE FROM t WHERE id = 1");
    ends(&target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    target.execute("UPDATE t SET id = 1 WHERE id = 2");
    ends(&target, &["audit", "reconcile"], 4);
    enable(&target);
    is_well(&target);
    let (_, blame) = audit(&target, &["blame", "t", "1"]);
    let columns = blame["columns"].as_array().expect("columns");
    let s = columns.iter().find(|one| one["column"] == "s").expect("s");
    assert_eq!(s["value"], "two", "{blame:#}");
    let (_, rows) = audit(&target, &["as-of", "t", "--at", "now"]);
    assert_eq!(rows["count"], 1, "{rows:#}");
    assert_eq!(rows["rows"][0]["values"]["s"], "two", "{rows:#}");
    target.execute("DELETE FROM t WHERE id = 1");
    ends(&target, &["audit", "reconcile"], 0);
}
