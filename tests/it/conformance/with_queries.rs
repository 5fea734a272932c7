//! Statements with queries in WITH that change data: entries of a row are in the order of its changes.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

/// The actions on the row 1, oldest first.
fn actions(target: &Target) -> String {
    let query =
        "SELECT action FROM audit_log WHERE table_name = 't' AND record_id = '1' ORDER BY id";
    target.rows(query).concat().join(" ")
}

#[track_caller]
fn are_in_order(target: &Target, expected: &str) {
    assert_eq!(actions(target), expected);
    let shown = ends(
        target,
        &["audit", "as-of", "t", "1", "--at", "2999-01-01"],
        0,
    );
    assert!(shown.contains("new"), "{shown}");
    ends(target, &["audit", "history", "t", "1"], 0);
    is_well(target);
}

/// The cascade deletes a row of the table after the statement has inserted one.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_is_replaced_in_a_table_with_a_cascade_was_deleted_first() {
    for action in ["CASCADE", "SET NULL"] {
        run(Backend::Postgres, |target| {
            target.execute(&format!(
                "CREATE TABLE t (id INT PRIMARY KEY, parent INT REFERENCES t (id) ON DELETE {action}, v VARCHAR(10)); \
                 INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b')"
            ));
            ends(&target, &["audit", "enable", "t"], 0);
            target.execute(
                "WITH d AS (DELETE FROM t WHERE id = 1 RETURNING *) INSERT INTO t SELECT id, parent, 'new' FROM d",
            );
            are_in_order(&target, "INSERT DELETE INSERT");
        });
    }
}

/// The cascade comes from another table.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_is_replaced_while_its_sibling_is_deleted_by_a_cascade_was_deleted_first() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1), (2); \
             CREATE TABLE t (id INT PRIMARY KEY, p INT REFERENCES p (id) ON DELETE CASCADE, v VARCHAR(10)); \
             INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')",
        );
        ends(&target, &["audit", "enable", "t", "p"], 0);
        target.execute(
            "WITH d AS (DELETE FROM t WHERE id = 1 RETURNING *), e AS (DELETE FROM p WHERE id = 2) \
             INSERT INTO t SELECT id, p, 'new' FROM d",
        );
        are_in_order(&target, "INSERT DELETE INSERT");
    });
}

/// The INSERT ends before the DELETE, of which it needs one row only.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_is_replaced_by_a_query_that_ends_first_was_deleted_first() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t VALUES (1, 'a')",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute(
            "WITH d AS (DELETE FROM t WHERE id = 1 RETURNING id) INSERT INTO t SELECT 1, 'new' WHERE EXISTS (SELECT FROM d)",
        );
        are_in_order(&target, "INSERT DELETE INSERT");
    });
}

/// The cascade changes a row that the same statement inserts, or whose key it changes.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_row_that_a_cascade_changes_was_inserted_or_changed_before() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, parent INT REFERENCES t (id) ON DELETE SET NULL ON UPDATE CASCADE, v VARCHAR(10)); \
             INSERT INTO t VALUES (5, NULL, 'a')",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute(
            "WITH d AS (DELETE FROM t WHERE id = 5 RETURNING *) INSERT INTO t SELECT 1, 5, 'new' FROM d",
        );
        are_in_order(&target, "INSERT UPDATE");
        target.execute("INSERT INTO t VALUES (6, 1, 'b'); UPDATE t SET id = id + 10");
        for row in ["11", "16"] {
            let history = ends(&target, &["audit", "history", "t", row], 0);
            assert!(!history.contains("inconsistent"), "{history}");
        }
        is_well(&target);
    });
}
