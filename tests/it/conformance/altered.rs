//! Tables that another program alters, renames or drops while they are audited. Where the database allows it, writes
//! continue and are recorded. On every database the change is reported by name, and one command resolves it.

use super::on_every_database;
use super::target::{Backend, Target};
use crate::workspace::CommandOutput;

on_every_database!(
    a_renamed_column_is_reported_and_recorded_again,
    a_dropped_column_is_reported_and_recorded_again,
    an_added_column_is_reported_and_recorded_again,
    a_renamed_table_is_reported_and_recorded_again,
    a_renamed_table_with_a_renamed_column_is_reported_and_recorded_again,
    a_dropped_table_is_reported_until_it_is_disabled;
    servers: a_column_with_a_changed_type_is_still_recorded, a_table_without_its_key_is_rejected
);

/// Creates an audited table with one row.
fn with_table(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, voice VARCHAR(20), other VARCHAR(20)); \
         INSERT INTO t VALUES (1, 'a', 'b')",
    );
    succeeds(target, &["audit", "enable", "t"]);
    is_well(target);
}

#[track_caller]
fn succeeds(target: &Target, arguments: &[&str]) -> CommandOutput {
    let ended = target.run(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended
}

#[track_caller]
fn is_well(target: &Target) {
    for command in ["status", "verify", "reconcile"] {
        succeeds(target, &["audit", command]);
    }
    succeeds(target, &["doctor"]);
}

/// Checks that `doctor`, `audit status` and `audit verify` all report these names.
#[track_caller]
fn is_reported(target: &Target, names: &[&str]) {
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let ended = target.run(arguments);
        assert_eq!(ended.code, Some(code), "{ended}");
        for name in names {
            assert!(
                ended.stdout.contains(&format!("`{name}`")),
                "{name}\n{ended}"
            );
        }
    }
}

/// Returns the images of the last entry of a table.
fn last_entry(target: &Target, table: &str) -> String {
    target.value(&format!(
        "SELECT concat(action, ' ', coalesce(old_value, '-'), ' ', coalesce(new_value, '-')) FROM audit_log \
         WHERE id = (SELECT max(id) FROM audit_log WHERE table_name = '{table}')"
    ))
}

/// Where a trigger no longer works, writes are rejected, so that nothing goes unrecorded.
#[track_caller]
fn succeeds_except_on_mysql(target: &Target, statement: &str) {
    let done = target.try_execute(statement);
    match target.backend {
        Backend::Sqlite | Backend::Postgres => done.unwrap_or_else(|error| panic!("{error}")),
        Backend::Mysql => assert!(done.is_err(), "{statement}"),
    }
}

fn a_renamed_column_is_reported_and_recorded_again(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t RENAME COLUMN voice TO register");
    succeeds_except_on_mysql(&target, "UPDATE t SET register = 'c' WHERE id = 1");
    succeeds_except_on_mysql(&target, "INSERT INTO t VALUES (2, 'x', 'y')");
    // On MySQL it does not exist.
    target.execute("DELETE FROM t WHERE id = 2");
    if target.backend == Backend::Postgres {
        let expected = r#"DELETE {"id":2,"register":"x","other":"y"} -"#;
        assert_eq!(last_entry(&target, "t"), expected);
        let updates = "SELECT new_value FROM audit_log WHERE action = 'UPDATE'";
        assert_eq!(target.value(updates), r#"{"id":1,"register":"c"}"#);
    }
    is_reported(&target, &["t", "register"]);
    succeeds(&target, &["audit", "enable", "t"]);
    target.execute("UPDATE t SET register = 'd' WHERE id = 1");
    assert!(
        last_entry(&target, "t").ends_with(r#"{"id":1,"register":"d"}"#),
        "{}",
        last_entry(&target, "t")
    );
    is_well(&target);
}

fn a_dropped_column_is_reported_and_recorded_again(target: Target) {
    with_table(&target);
    if target.backend == Backend::Sqlite {
        // SQLite rejects the change, because the trigger reads the column.
        let error = target.try_execute("ALTER TABLE t DROP COLUMN voice");
        assert!(error.expect_err("rejected").contains("accession_t "));
        return is_well(&target);
    }
    target.execute("ALTER TABLE t DROP COLUMN voice");
    succeeds_except_on_mysql(&target, "UPDATE t SET other = 'c' WHERE id = 1");
    succeeds_except_on_mysql(&target, "INSERT INTO t VALUES (2, 'y')");
    if target.backend == Backend::Postgres {
        assert_eq!(last_entry(&target, "t"), r#"INSERT - {"id":2,"other":"y"}"#);
    }
    is_reported(&target, &["t", "voice"]);
    succeeds(&target, &["audit", "enable", "t"]);
    target.execute("INSERT INTO t VALUES (3, 'z')");
    assert_eq!(last_entry(&target, "t"), r#"INSERT - {"id":3,"other":"z"}"#);
    is_well(&target);
}

fn an_added_column_is_reported_and_recorded_again(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t ADD COLUMN fresh VARCHAR(20)");
    target.execute("UPDATE t SET fresh = 'new' WHERE id = 1");
    if target.backend == Backend::Postgres {
        let expected = r#"UPDATE {"id":1,"fresh":null} {"id":1,"fresh":"new"}"#;
        assert_eq!(last_entry(&target, "t"), expected);
    }
    is_reported(&target, &["t", "fresh"]);
    succeeds(&target, &["audit", "enable", "t"]);
    target.execute("UPDATE t SET fresh = 'newer' WHERE id = 1");
    assert!(last_entry(&target, "t").contains("newer"));
    is_well(&target);
}

/// A value that changes from number to text must not make an entry invalid JSON, within one transaction and one
/// session.
fn a_column_with_a_changed_type_is_still_recorded(target: Target) {
    target.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 5)");
    succeeds(&target, &["audit", "enable", "t"]);
    let to_text = match target.backend {
        Backend::Postgres => "ALTER TABLE t ALTER COLUMN n TYPE VARCHAR(20)",
        Backend::Sqlite | Backend::Mysql => "ALTER TABLE t MODIFY n VARCHAR(20)",
    };
    target.execute(&format!(
        "UPDATE t SET n = 6; {to_text}; UPDATE t SET n = 'say \"six\"' WHERE id = 1"
    ));
    let expected = r#"UPDATE {"id":1,"n":"6"} {"id":1,"n":"say \"six\""}"#;
    assert_eq!(last_entry(&target, "t"), expected);
    let status = target.run(&["audit", "status"]);
    assert_eq!(status.code, Some(4), "{status}");
    succeeds(&target, &["audit", "enable", "t"]);
    // No entry records that the value has changed.
    succeeds(&target, &["audit", "status"]);
    succeeds(&target, &["audit", "verify"]);
}

fn a_renamed_table_is_reported_and_recorded_again(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t RENAME TO t2");
    target.execute("INSERT INTO t2 VALUES (2, 'x', 'y')");
    target.execute("UPDATE t2 SET id = 3 WHERE id = 2");
    assert!(last_entry(&target, "t").contains(r#"{"id":3"#));
    is_reported(&target, &["t", "t2"]);
    let removed = target.run(&["audit", "enable", "t"]);
    assert_eq!(removed.code, Some(1), "{removed}");
    succeeds(&target, &["audit", "enable", "t2"]);
    target.execute("DELETE FROM t2 WHERE id = 3");
    assert!(last_entry(&target, "t2").starts_with("DELETE"));
    // The old name has no such entries.
    assert!(last_entry(&target, "t").starts_with("UPDATE"));
    is_well(&target);
    let log = succeeds(&target, &["audit", "history", "t2", "1"]);
    assert!(log.stdout.contains("voice"), "{log}");
}

fn a_renamed_table_with_a_renamed_column_is_reported_and_recorded_again(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t RENAME TO t2");
    target.execute("ALTER TABLE t2 RENAME COLUMN voice TO register");
    is_reported(&target, &["t", "t2", "register"]);
    for command in ["status", "verify"] {
        let ended = target.run(&["audit", command]);
        assert!(!ended.stdout.contains("still recorded"), "{ended}");
    }
    succeeds_except_on_mysql(&target, "UPDATE t2 SET register = 'c' WHERE id = 1");
    succeeds(&target, &["audit", "enable", "t2"]);
    target.execute("UPDATE t2 SET register = 'd' WHERE id = 1");
    let last = last_entry(&target, "t2");
    assert!(last.ends_with(r#"{"id":1,"register":"d"}"#), "{last}");
    is_well(&target);
}

fn a_dropped_table_is_reported_until_it_is_disabled(target: Target) {
    with_table(&target);
    target.execute("DROP TABLE t");
    is_reported(&target, &["t"]);
    let reconciled = target.run(&["audit", "reconcile"]);
    assert_eq!(reconciled.code, Some(4), "{reconciled}");
    succeeds(&target, &["audit", "disable", "t"]);
    is_well(&target);
}

fn a_table_without_its_key_is_rejected(target: Target) {
    with_table(&target);
    let drop = match target.backend {
        Backend::Postgres => "ALTER TABLE t DROP CONSTRAINT t_pkey",
        Backend::Sqlite | Backend::Mysql => "ALTER TABLE t DROP PRIMARY KEY",
    };
    target.execute(drop);
    target.execute("UPDATE t SET voice = 'c'");
    assert!(last_entry(&target, "t").starts_with("UPDATE"));
    let status = target.run(&["audit", "status"]);
    assert_eq!(status.code, Some(4), "{status}");
    let rejected = target.run(&["audit", "enable", "t"]);
    assert_eq!(rejected.code, Some(1), "{rejected}");
    assert!(rejected.stderr.contains("primary key"), "{rejected}");
}
