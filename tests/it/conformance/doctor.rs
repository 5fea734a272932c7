//! What is wrong with a database is found before an import or a reader of the trail stumbles over it.

use serde_json::Value;

use super::on_every_database;
use super::target::{Backend, Target, run};

on_every_database!(
    a_fit_database_is_sound,
    a_trigger_that_is_gone_is_found_and_made_again,
    a_guard_that_is_gone_is_found_and_made_again,
);

/// The report, and the exit code.
fn health(target: &Target) -> (Value, Option<i32>) {
    let ended = target.run(&["doctor", "--format", "json"]);
    let report =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    (report, ended.code)
}

/// What a check says.
fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check `{name}`"))
}

fn a_fit_database_is_sound(target: Target) {
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
    assert_eq!(
        check(&report, "triggers")["message"],
        "as they should be on 5 tables"
    );
}

fn a_trigger_that_is_gone_is_found_and_made_again(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let (gone, statement) = match target.backend {
        Backend::Sqlite | Backend::Mysql => (
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
        triggers["message"].as_str().expect("a text").contains(gone),
        "{triggers}"
    );
    // Though no file changed.
    let mended = target.imports(&[]);
    assert!(mended.stderr.contains("incomplete-trail"), "{mended}");
    let (report, code) = health(&target);
    assert_eq!(code, Some(0), "{report:#}");
    let again = target.imports(&[]);
    assert!(!again.stderr.contains("incomplete-trail"), "{again}");
}

fn a_guard_that_is_gone_is_found_and_made_again(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let (gone, statement) = match target.backend {
        Backend::Sqlite | Backend::Mysql => (
            "accession_audit_log_no_update",
            "DROP TRIGGER accession_audit_log_no_update",
        ),
        Backend::Postgres => (
            "accession_audit_log_append_only",
            "ALTER TABLE audit_log DISABLE TRIGGER accession_audit_log_append_only",
        ),
    };
    target.execute(statement);
    let (report, code) = health(&target);
    assert_eq!(code, Some(1), "{report:#}");
    let guards = check(&report, "guards");
    assert!(
        guards["message"].as_str().expect("a text").contains(gone),
        "{guards}"
    );
    let mended = target.run(&["migrate", "up"]);
    assert_eq!(mended.code, Some(0), "{mended}");
    let (report, code) = health(&target);
    assert_eq!(code, Some(0), "{report:#}");
}

#[test]
fn cascades_that_fire_no_triggers_are_told() {
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
    });
}

#[test]
fn a_server_that_is_not_there_is_broken() {
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
