//! `doctor` detects problems of a database before an import or an audit command fails because of them.

use serde_json::Value;

use super::on_every_database;
use super::target::{Backend, Target, run};

on_every_database!(
    a_healthy_database_passes_all_checks,
    a_missing_trigger_is_detected_and_restored,
    a_missing_guard_is_detected_and_restored,
);

/// Returns the report and the exit code.
fn health(target: &Target) -> (Value, Option<i32>) {
    let ended = target.run(&["doctor", "--format", "json"]);
    let report =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    (report, ended.code)
}

/// Returns a check by name.
fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check `{name}`"))
}

fn a_healthy_database_passes_all_checks(target: Target) {
    let target = target.with("srs4autism/valid/small");
    if target.backend != Backend::Sqlite {
        let (report, code) = health(&target);
        assert_eq!(
            (&report["status"], code),
            (&"sound".into(), Some(0)),
            "{report:#}"
        );
    }
    target.imports(&[]);
    let (report, code) = health(&target);
    assert_eq!(
        (&report["status"], code),
        (&"sound".into(), Some(0)),
        "{report:#}"
    );
    assert_eq!(check(&report, "triggers")["message"], "correct on 5 tables");
}

fn a_missing_trigger_is_detected_and_restored(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let (dropped, statement) = match target.backend {
        Backend::Sqlite => (
            "accession_profiles update",
            "DROP TRIGGER \"accession_profiles update\"",
        ),
        Backend::Mysql => (
            "accession_profiles_update",
            "DROP TRIGGER accession_profiles_update",
        ),
        Backend::Postgres => (
            "accession_update",
            "ALTER TABLE profiles DISABLE TRIGGER accession_update",
        ),
    };
    target.execute(statement);
    let (report, code) = health(&target);
    assert_eq!(code, Some(1), "{report:#}");
    let triggers = check(&report, "triggers");
    assert_eq!(triggers["status"], "broken");
    assert!(
        triggers["message"]
            .as_str()
            .expect("a text")
            .contains(dropped),
        "{triggers}"
    );
    let verified = target.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(4), "{verified}");
    assert!(verified.stdout.contains(dropped), "{verified}");
    // This happens although no file changed.
    let repaired = target.imports(&[]);
    assert!(repaired.stderr.contains("incomplete-trail"), "{repaired}");
    // It is not known whether the table changed meanwhile.
    for _ in 0..2 {
        let (report, code) = health(&target);
        assert_eq!(code, Some(1), "{report:#}");
        let again = target.imports(&[]);
        assert!(!again.stderr.contains("incomplete-trail"), "{again}");
    }
    assert_eq!(target.run(&["doctor", "--fix"]).code, Some(0));
    let (report, code) = health(&target);
    assert_eq!(code, Some(0), "{report:#}");
}

fn a_missing_guard_is_detected_and_restored(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let (dropped, statement) = match target.backend {
        Backend::Sqlite | Backend::Mysql => (
            "accession_audit_log_no_update",
            "DROP TRIGGER accession_audit_log_no_update",
        ),
        Backend::Postgres => (
            "accession_audit_log_append_only",
            "ALTER TABLE audit_log DISABLE TRIGGER accession_audit_log_append_only",
        ),
    };
    for repairing in [
        &["migrate", "up"][..],
        &["audit", "seal"],
        &["audit", "enable", "--all"],
        &["doctor", "--fix"],
    ] {
        target.execute(statement);
        let (report, code) = health(&target);
        assert_eq!(code, Some(1), "{report:#}");
        let guards = check(&report, "guards");
        let message = guards["message"].as_str().expect("a text");
        assert!(message.contains(dropped), "{guards}");
        let repaired = target.run(repairing);
        assert_eq!(repaired.code, Some(0), "{repaired}");
        assert!(
            repaired
                .to_string()
                .contains("dropped, disabled or altered"),
            "{repaired}"
        );
    }
    let (report, code) = health(&target);
    assert_eq!(code, Some(0), "{report:#}");
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn cascades_that_fire_no_triggers_are_reported() {
    run(Backend::Mysql, |target| {
        target.execute(
            "CREATE TABLE parents (id INT PRIMARY KEY); \
             CREATE TABLE children (id INT PRIMARY KEY, parent INT, \
             CONSTRAINT theirs FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE)",
        );
        let (report, code) = health(&target);
        assert_eq!(
            (&report["status"], code),
            (&"warning".into(), Some(0)),
            "{report:#}"
        );
        let message = check(&report, "cascades")["message"]
            .as_str()
            .expect("a text");
        assert!(message.contains("children.theirs"), "{message}");
        let enabled = target.run(&["audit", "enable", "--all"]);
        assert_eq!(enabled.code, Some(0), "{enabled}");
        let words =
            "changes of table `children` that follow from changes of `parents` have no entry";
        assert!(enabled.stderr.contains(words), "{enabled}");
        let status = target.run(&["audit", "status"]);
        assert!(status.stdout.contains(words), "{status}");
        let (report, code) = health(&target);
        assert_eq!(code, Some(1), "{report:#}");
        assert_eq!(check(&report, "cascades")["status"], "broken");
        target.execute(
            "ALTER TABLE children DROP FOREIGN KEY theirs, \
             ADD CONSTRAINT ours FOREIGN KEY (parent) REFERENCES parents (id)",
        );
        let (report, code) = health(&target);
        assert_eq!(code, Some(0), "{report:#}");
    });
}

#[test]
fn an_unreachable_server_is_reported() {
    let workspace = crate::workspace::Workspace::empty();
    let mut command = workspace.command();
    command
        .args(["doctor", "--format", "json", "--connect-attempts", "1"])
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(1), "{ended}");
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(check(&report, "connection")["status"], "broken");
}

/// Tables that a crash empties, or that a rollback does not reach.
#[test]
#[ignore = "needs servers: scripts/test"]
fn tables_that_are_not_durable_are_detected() {
    run(Backend::Postgres, |target| {
        is_detected(&target, "SET UNLOGGED", "SET LOGGED");
        target.execute("ALTER TABLE conversions SET UNLOGGED");
        is(&target, "crash safety", "broken", 1);
        target.execute("ALTER TABLE conversions SET LOGGED");
        super::is_well(&target);
        target.execute(
            "CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id); \
             CREATE UNLOGGED TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)",
        );
        is(&target, "crash safety", "sound", 0);
        super::ends(&target, &["audit", "enable", "parts"], 0);
        is(&target, "crash safety", "warning", 0);
        target.execute("ALTER TABLE part SET LOGGED");
        super::is_well(&target);
    });
    run(Backend::Mysql, |target| {
        is_detected(&target, "ENGINE = MEMORY", "ENGINE = InnoDB");
        // Foreign keys keep the engines of the other tables.
        target.execute("ALTER TABLE __diesel_schema_migrations ENGINE = MyISAM");
        is(&target, "engines", "broken", 1);
        target.execute("ALTER TABLE __diesel_schema_migrations ENGINE = InnoDB");
        super::is_well(&target);
    });
}

/// What a crash does to tables that are not recorded is not reported.
fn is_detected(target: &Target, to: &str, back: &str) {
    for table in ["t", "other"] {
        target.execute(&format!("CREATE TABLE {table} (id INT PRIMARY KEY, v INT)"));
    }
    target.execute(&format!("ALTER TABLE other {to}"));
    super::ends(target, &["audit", "enable", "t"], 0);
    is(target, "crash safety", "sound", 0);
    target.execute(&format!("ALTER TABLE t {to}"));
    is(target, "crash safety", "warning", 0);
    target.execute(&format!("ALTER TABLE t {back}"));
}

fn is(target: &Target, name: &str, status: &str, expected: i32) {
    let (report, code) = health(target);
    assert_eq!(check(&report, name)["status"], status, "{report:#}");
    assert_eq!(code, Some(expected), "{report:#}");
}
