//! Another program makes other columns the primary key of a recorded table.

use serde_json::Value;

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, ends, is_well, on_every_database};

on_every_database!(
    a_column_that_changed_becomes_the_key,
    a_column_that_changed_is_added_to_the_key,
    a_row_with_equal_columns_keeps_its_entries,
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
