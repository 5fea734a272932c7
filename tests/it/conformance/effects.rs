//! Reports say what becomes of the changes of a table whose triggers are not as they should be: whether they are recorded,
//! or fail.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, ends, is_well};

/// Creates an audited table with one row.
fn with_table(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, voice VARCHAR(20), other VARCHAR(20)); INSERT INTO t VALUES (1, 'a', 'b')",
    );
    ends(target, &["audit", "enable", "t"], 0);
}

#[track_caller]
fn status(target: &Target, words: &str) {
    let status = ends(target, &["audit", "status"], 4);
    assert!(status.contains(words), "{status}");
}

#[track_caller]
fn changes_fail(target: &Target, table: &str) {
    let change = format!("INSERT INTO {table} (id) VALUES (2)");
    target.try_execute(&change).expect_err("rejected");
    let words = format!("every change of `{table}` fails until `accession audit enable {table}`");
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let printed = ends(target, arguments, code);
        assert!(printed.contains(&words), "{arguments:?}\n{printed}");
    }
    status(target, "rejected: they fail");
    ends(target, &["audit", "enable", table], 0);
    target.execute(&change);
    is_well(target);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn changes_fail_after_a_column_of_mariadb_was_renamed_or_dropped() {
    run(Backend::Mysql, |target| {
        with_table(&target);
        target.execute("ALTER TABLE t RENAME COLUMN voice TO part");
        changes_fail(&target, "t");
        target.execute("DELETE FROM t WHERE id = 2; ALTER TABLE t DROP COLUMN other");
        changes_fail(&target, "t");
        // A new column alone is not recorded.
        target.execute("ALTER TABLE t ADD COLUMN more INT");
        status(&target, "not fully recorded");
        target.execute("INSERT INTO t (id) VALUES (3)");
    });
}

#[test]
fn changes_fail_after_a_legacy_rename_on_sqlite() {
    run(Backend::Sqlite, |target| {
        with_table(&target);
        target.execute("PRAGMA legacy_alter_table = ON; ALTER TABLE t RENAME TO u");
        changes_fail(&target, "u");
        target.execute("ALTER TABLE u RENAME TO v");
        status(&target, "recorded under its old name");
        target.execute("INSERT INTO v (id) VALUES (3)");
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn partly_recorded_tables_of_postgresql_are_described() {
    run(Backend::Postgres, |target| {
        with_table(&target);
        target.execute("ALTER TRIGGER accession_insert ON t RENAME TO theirs");
        status(&target, "recorded, by renamed or copied triggers");
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute("DROP TRIGGER accession_delete ON t; DROP TRIGGER accession_truncate ON t");
        status(&target, "recorded, except DELETE, TRUNCATE");
        target.execute("DROP TRIGGER accession_insert ON t; DROP TRIGGER accession_update ON t");
        status(&target, "no longer recorded");
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute("ALTER TABLE t DISABLE TRIGGER accession_update");
        status(&target, "recorded, except UPDATE");
        // Not in sessions that replicate.
        target.execute("ALTER TABLE t ENABLE TRIGGER accession_update");
        status(&target, "not fully recorded");
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute(
            "ALTER TABLE t RENAME COLUMN voice TO part; ALTER TABLE t ADD COLUMN more INT",
        );
        status(&target, "recorded, by triggers for the former columns");
        target.execute("UPDATE t SET part = 'c', more = 3");
        let updated = "SELECT new_value FROM audit_log WHERE action = 'UPDATE'";
        assert_eq!(target.value(updated), r#"{"id":1,"part":"c","more":3}"#);
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute("ALTER TABLE t DROP COLUMN more; ALTER TABLE t RENAME COLUMN part TO voice");
        ends(&target, &["audit", "enable", "t"], 0);
        target.execute("ALTER TABLE t DROP CONSTRAINT t_pkey");
        status(
            &target,
            "recorded by the former key: no primary key any more",
        );
        target.execute("INSERT INTO t VALUES (2, 'a', 'b')");
        let inserted = "SELECT count(*) FROM audit_log WHERE record_id = '2' AND action = 'INSERT'";
        assert_eq!(target.value(inserted), "1");
        target.execute("ALTER TABLE t ADD PRIMARY KEY (id)");
        target.execute(
            "CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id); \
             CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1)",
        );
        ends(&target, &["audit", "enable", "parts"], 0);
        target.execute("DROP TRIGGER accession_truncate ON low");
        status(&target, "recorded, except TRUNCATE of `public.low`");
    });
}

/// Every recorded change fails then.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_sequence_of_entries_that_was_set_back_is_reported_and_repaired() {
    run(Backend::Postgres, |target| {
        with_table(&target);
        target.execute("INSERT INTO t VALUES (2, 'a', 'b')");
        is_well(&target);
        let change = "INSERT INTO t VALUES (3, 'a', 'b')";
        for (set, repairing) in [
            ("1, false", &["doctor", "--fix"][..]),
            ("1", &["audit", "seal"]),
        ] {
            let sequence = "pg_get_serial_sequence('audit_log', 'id')";
            target.execute(&format!("SELECT setval({sequence}, {set})"));
            target.try_execute(change).expect_err("the number is taken");
            let report = ends(&target, &["doctor"], 1);
            assert!(
                report.contains("the sequence of `audit_log.id` was set back"),
                "{report}"
            );
            let repaired = target.run(&[repairing, &ARCHIVE[..]].concat());
            assert_eq!(repaired.code, Some(0), "{repaired}");
            assert!(repaired.to_string().contains("was set back"), "{repaired}");
            target.execute(change);
            target.execute("DELETE FROM t WHERE id = 3");
            is_well(&target);
        }
    });
}
