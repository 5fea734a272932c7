//! Triggers that a user disabled stay disabled until `audit enable` records the changes made meanwhile.

use super::target::{Backend, Target, run};
use super::{ends, is_well};

#[track_caller]
fn is_reported(target: &Target) {
    is_reported_as(target, "accession_insert");
}

#[track_caller]
fn is_reported_as(target: &Target, shown: &str) {
    ends(target, &["doctor"], 1);
    for command in ["status", "verify"] {
        let out = ends(target, &["audit", command], 4);
        assert!(out.contains(shown), "{out}");
    }
}

fn enabled(target: &Target) {
    target.execute("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))");
    ends(target, &["audit", "enable", "t"], 0);
    target.execute("INSERT INTO t VALUES (1, 'a')");
    is_well(target);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_whose_triggers_are_disabled_is_not_recorded_again_unasked() {
    run(Backend::Postgres, |target| {
        enabled(&target);
        target.execute("ALTER TABLE t DISABLE TRIGGER USER; INSERT INTO t VALUES (2, 'b')");
        for command in [
            &["audit", "seal"][..],
            &["migrate", "up"],
            &["audit", "disable", "--help"],
        ] {
            ends(&target, command, 0);
            is_reported(&target);
        }
        ends(&target, &["doctor", "--fix"], 0);
        assert_eq!(target.count("audit_log"), 2);
        is_well(&target);
    });
}

/// ENABLE leaves triggers that do not fire for replication.
#[test]
#[ignore = "needs servers: scripts/test"]
fn triggers_that_were_enabled_again_are_reported_until_they_are_made_again() {
    run(Backend::Postgres, |target| {
        enabled(&target);
        target.execute(
            "ALTER TABLE t DISABLE TRIGGER USER; INSERT INTO t VALUES (2, 'b'); \
             ALTER TABLE t ENABLE TRIGGER USER; INSERT INTO t VALUES (3, 'c')",
        );
        ends(&target, &["audit", "seal"], 0);
        is_reported(&target);
        ends(&target, &["audit", "reconcile"], 4);
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        assert_eq!(target.count("audit_log"), 3);
    });
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn a_partitioned_table_whose_triggers_are_disabled_is_reported() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id); \
             CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100)",
        );
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
        target.execute("ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE low DISABLE TRIGGER USER; INSERT INTO t VALUES (2, 'b')");
        ends(&target, &["audit", "seal"], 0);
        is_reported(&target);
        ends(&target, &["audit", "enable", "t"], 0);
        is_well(&target);
    });
}

/// An import creates the triggers of its own tables again, and reports it, also if it has rows to write.
#[test]
#[ignore = "needs servers: scripts/test"]
fn an_import_reports_the_triggers_that_it_makes_again() {
    run(Backend::Postgres, |target| {
        let target = target.with("srs4autism/valid/small");
        target.imports(&[]);
        target.execute("ALTER TABLE profiles DISABLE TRIGGER USER");
        let path = "profiles/child_profiles.json";
        let text = target.workspace.read(path).replace(" banana,", " cherry,");
        target.workspace.write(path, text);
        let imported = target.imports(&[]);
        assert!(imported.stderr.contains("incomplete-trail"), "{imported}");
        assert!(imported.stderr.contains("accession_update"), "{imported}");
        is_reported_as(&target, "recreated 4 triggers");
        ends(&target, &["audit", "enable", "profiles"], 0);
        is_well(&target);
    });
}
