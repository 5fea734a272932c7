//! Databases and archives of earlier versions (`fixtures/upgrade`), on every database.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::on_every_database;
use super::target::{Backend, Target};
use crate::workspace::CommandOutput;

/// The archive option for the commands, since the archive is no longer where it was created.
const ARCHIVE: [&str; 2] = ["--archive", "target/legacy.db.archive"];

/// Returns the database, archive and directory as version 0.1.0 left them.
fn of_0_1_0(target: Target) -> Target {
    let folder = match target.backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::Mysql => "mysql",
    };
    let fixture = crate::fixtures::path("upgrade/0.1.0");
    let target = target.with("upgrade/0.1.0/sqlite/legacy");
    let workspace = &target.workspace;
    crate::fixtures::copy(&fixture.join(folder).join("target"), &workspace.target());
    match target.backend {
        Backend::Sqlite => unpack(
            &workspace.target().join("legacy.db.gz"),
            &workspace.database(),
        ),
        Backend::Postgres | Backend::Mysql => {
            let dump = workspace.target().join("legacy.sql");
            unpack(&fixture.join(folder).join("legacy.sql.gz"), &dump);
            target.load(&dump);
        }
    }
    target
}

fn unpack(packed: &Path, to: &Path) {
    let to = File::create(to).expect("a file is made");
    let status = Command::new("gzip")
        .arg("-dc")
        .arg(packed)
        .stdout(Stdio::from(to))
        .status();
    assert!(
        status.expect("gzip is there").success(),
        "{}",
        packed.display()
    );
}

#[track_caller]
fn ends_with_0(target: &Target, arguments: &[&str]) -> CommandOutput {
    let ended = target.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}\n{ended}");
    ended
}

fn runs(target: &Target) -> Vec<Value> {
    let list = ends_with_0(target, &["runs", "list", "--format", "json"]);
    crate::json::array(&list.stdout)
}

/// Returns the ID of the run with this reason.
fn run_because(target: &Target, reason: &str) -> String {
    let runs = runs(target);
    let run = runs.iter().find(|run| run["reason"] == reason);
    let id = run.and_then(|run| run["id"].as_str());
    id.unwrap_or_else(|| panic!("{reason}: {runs:?}"))
        .to_owned()
}

fn a_reviewer_can_read_a_database_of_0_1_0(target: Target) {
    let target = of_0_1_0(target);
    ends_with_0(&target, &["audit", "verify"]);
    ends_with_0(&target, &["audit", "reconcile"]);
    let history = ends_with_0(&target, &["audit", "history", "members", "m1"]);
    assert!(history.stdout.contains("soprano"), "{history}");
}

fn seals_reasons_reverts_and_restores_work_after_an_upgrade(target: Target) {
    let target = of_0_1_0(target);
    let import = [&["import", "legacy", "--source", "legacy"][..], &ARCHIVE].concat();
    ends_with_0(&target, &import);
    let status = ends_with_0(&target, &["migrate", "status", "--format", "json"]);
    assert!(!status.stdout.contains("pending"), "{status}");
    ends_with_0(&target, &["audit", "status"]);
    let anchor = "target/legacy.db.archive/seals.log";
    ends_with_0(&target, &["audit", "verify", "--anchor", anchor]);
    ends_with_0(&target, &["audit", "reconcile"]);
    let why = ["audit", "why", "approved_cards", "1", "content"];
    let why = ends_with_0(&target, &[&why[..], &ARCHIVE].concat());
    assert!(why.stdout.contains("the file has the same value"), "{why}");
    ends_with_0(&target, &[&["archive", "verify"][..], &ARCHIVE].concat());
    let corrected = run_because(&target, "card corrected, message withdrawn");
    let restore = ["archive", "restore", &corrected, "target/restored"];
    ends_with_0(&target, &[&restore[..], &ARCHIVE].concat());
    let restored = target
        .workspace
        .target()
        .join("restored/content_db/chat_history.json");
    let now = target
        .workspace
        .source_dir()
        .join("content_db/chat_history.json");
    assert_eq!(
        std::fs::read(restored).expect("restored"),
        std::fs::read(now).expect("read")
    );
    let messages = target.count("chat_messages");
    ends_with_0(&target, &[&["revert", &corrected][..], &ARCHIVE].concat());
    assert_eq!(target.count("chat_messages"), messages + 1);
    target.execute("UPDATE members SET voice = 'alto' WHERE id = 'm3'");
    ends_with_0(&target, &[&["audit", "seal"][..], &ARCHIVE].concat());
    ends_with_0(&target, &["audit", "verify", "--anchor", anchor]);
    ends_with_0(&target, &["audit", "reconcile"]);
}

/// Every version created a trigger for each action, so one that is missing was dropped.
fn a_dropped_trigger_of_0_1_0_is_not_taken_for_an_older_version(target: Target) {
    let target = of_0_1_0(target);
    target.execute(match target.backend {
        Backend::Sqlite => "DROP TRIGGER accession_profiles_update",
        Backend::Postgres => "DROP TRIGGER accession_update ON profiles",
        Backend::Mysql => "DROP TRIGGER accession_profiles_update",
    });
    target.execute("UPDATE profiles SET school = 'another'");
    for command in [
        &["audit", "verify"][..],
        &["audit", "seal", ARCHIVE[0], ARCHIVE[1]],
        &["audit", "verify"],
        &["audit", "status"],
    ] {
        let ended = target.run(command);
        let expected = if command[1] == "seal" { 0 } else { 4 };
        assert_eq!(ended.code, Some(expected), "{command:?}\n{ended}");
    }
}

on_every_database!(
    a_dropped_trigger_of_0_1_0_is_not_taken_for_an_older_version,
    a_reviewer_can_read_a_database_of_0_1_0,
    seals_reasons_reverts_and_restores_work_after_an_upgrade,
);
