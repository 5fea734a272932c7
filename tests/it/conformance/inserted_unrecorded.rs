//! Rows that were inserted without an entry, and changed with one since.

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, ends, on_every_database};

on_every_database!(
    a_deleted_row_that_was_inserted_again_is_another_row,
    a_row_that_no_entry_inserted_is_reported,
    a_row_of_an_imported_table_is_not_older_than_the_import,
);

fn drop_insert_trigger(target: &Target, table: &str) {
    target.execute(&match target.backend {
        Backend::Sqlite => format!("DROP TRIGGER \"accession_{table} insert\""),
        Backend::Mysql => format!("DROP TRIGGER accession_{table}_insert"),
        Backend::Postgres => format!("DROP TRIGGER accession_insert ON {table}"),
    });
}

/// A recorded table, of which the row `1` was inserted while the trigger was missing, and changed afterwards.
fn with_row(target: &Target, before: &str) {
    target.execute(
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(9), b VARCHAR(9)); \
         INSERT INTO t VALUES (1, 'old', 'old'), (2, 'x', 'y')",
    );
    target.execute("DELETE FROM t WHERE id = 1");
    if !before.is_empty() {
        target.execute(before);
    }
    ends(
        target,
        &[&["audit", "enable", "t"], &ARCHIVE[..]].concat(),
        0,
    );
    target.execute("DELETE FROM t WHERE id = 1");
    drop_insert_trigger(target, "t");
    target.execute("INSERT INTO t VALUES (1, 'unseen', 'x')");
    ends(target, &[&["audit", "seal"], &ARCHIVE[..]].concat(), 0);
    target.execute("UPDATE t SET b = 'seen' WHERE id = 1");
}

#[track_caller]
fn is_reported_until_it_is_accepted(target: &Target) {
    let why = ends(target, &["audit", "why", "t", "1"], 4);
    assert!(why.contains("no entry inserts it"), "{why}");
    assert!(!why.contains("deleted by"), "{why}");
    let (_, blame) = audit(target, &["blame", "t", "1"]);
    assert!(blame["deleted"].is_null(), "{blame:#}");
    let columns = blame["columns"].as_array().expect("columns");
    let names: Vec<_> = columns.iter().map(|one| &one["column"]).collect();
    assert_eq!(names, ["b"]);
    let reconciled = ends(target, &["audit", "reconcile"], 4);
    assert!(!reconciled.contains("added or renamed"), "{reconciled}");
    let enabled = target.run(&[&["audit", "enable", "t"], &ARCHIVE[..]].concat());
    assert_eq!(enabled.code, Some(0), "{enabled}");
    assert!(
        enabled.stderr.contains("1 row changed without an entry"),
        "{enabled}"
    );
    assert!(!enabled.stderr.contains("added or renamed"), "{enabled}");
    ends(target, &["audit", "reconcile"], 0);
    let (_, blame) = audit(target, &["blame", "t", "1"]);
    let columns = blame["columns"].as_array().expect("columns");
    let a = columns.iter().find(|one| one["column"] == "a");
    let a = a.expect("its value is known");
    assert_eq!(
        (&a["value"], &a["kind"]),
        (&"unseen".into(), &"enable".into()),
        "{blame:#}"
    );
    let (code, why) = audit(target, &["why", "t", "1"]);
    assert_eq!(code, Some(0), "{why:#}");
    assert_eq!(
        why["known_gaps"].as_array().map(Vec::len),
        Some(1),
        "{why:#}"
    );
    assert!(why["deleted"].is_null(), "{why:#}");
}

fn a_deleted_row_that_was_inserted_again_is_another_row(target: Target) {
    with_row(&target, "INSERT INTO t VALUES (1, 'first', 'first')");
    is_reported_until_it_is_accepted(&target);
}

fn a_row_that_no_entry_inserted_is_reported(target: Target) {
    with_row(&target, "");
    is_reported_until_it_is_accepted(&target);
}

/// `audit enable` accepts it, and is the first run of that kind.
fn a_row_of_an_imported_table_is_not_older_than_the_import(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let words = || {
        let run = target.value("SELECT id FROM import_runs WHERE kind = 'import'");
        let (_, rows) = audit(&target, &["as-of", "mastered_words", "--at", &run]);
        rows["count"].clone()
    };
    let before = words();
    drop_insert_trigger(&target, "mastered_words");
    target.execute(
        "INSERT INTO mastered_words (id, profile_id, word, language) VALUES (4711, 'child_0001', 'unseen', 'en'); \
         UPDATE mastered_words SET word = 'seen' WHERE id = 4711",
    );
    let enable = ["audit", "enable", "mastered_words"];
    ends(&target, &[&enable, &ARCHIVE[..]].concat(), 0);
    assert_eq!(words(), before);
    let (_, why) = audit(&target, &["why", "mastered_words", "4711"]);
    assert_eq!(
        why["known_gaps"].as_array().map(Vec::len),
        Some(1),
        "{why:#}"
    );
}
