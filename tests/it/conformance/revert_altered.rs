//! Reverts of runs whose tables were altered afterwards lose no value, and say what cannot be restored.

use serde_json::Value;

use super::on_every_database;
use super::target::{Backend, Target};
use crate::edits::edit;

on_every_database!(
    a_value_in_an_added_column_is_a_conflict,
    an_added_column_with_its_default_is_not,
    a_change_of_a_renamed_column_is_a_conflict,
    a_column_that_was_renamed_or_dropped_is_a_finding,
    a_renamed_key_is_a_finding,
);

const PROFILES: &str = "profiles/child_profiles.json";
const CARDS: &str = "content_db/approved_cards.json";
const ARCHIVE: [&str; 2] = ["--archive", "target/archive"];

fn imported(target: Target) -> (Target, String) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let run = last_run(&target);
    (target, run)
}

fn last_run(target: &Target) -> String {
    target.value("SELECT id FROM import_runs WHERE kind = 'import' ORDER BY id DESC LIMIT 1")
}

/// Alters the table, and records its changes as it is now.
fn alter(target: &Target, table: &str, how: &str) {
    let audit = |verb: &str| {
        let command = ["audit", verb, table];
        let ended = target.run(&[&command[..], &ARCHIVE[..]].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
    };
    // SQLite drops no column that a trigger names.
    if target.backend == Backend::Sqlite && how.starts_with("DROP") {
        audit("disable");
    }
    target.execute(&format!("ALTER TABLE {table} {how}"));
    audit("enable");
}

/// Reverts a run, and returns the report.
#[track_caller]
fn revert(target: &Target, run: &str, more: &[&str], code: i32) -> Value {
    let command = ["revert", run, "--format", "json"];
    let ended = target.run(&[&command[..], &ARCHIVE[..], more].concat());
    assert_eq!(ended.code, Some(code), "{ended}");
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[track_caller]
fn is_a_conflict(target: &Target, run: &str) {
    let cards = target.count("approved_cards");
    for more in [&["--dry-run"][..], &[]] {
        let reverted = revert(target, run, more, 4);
        assert_eq!(reverted["status"], "conflict", "{reverted:#}");
        let conflicts = reverted["conflicts"].as_array().expect("an array");
        assert_eq!(conflicts.len(), 1, "{reverted:#}");
    }
    assert_eq!(target.count("approved_cards"), cards);
}

fn first_card(target: &Target) -> String {
    target.value("SELECT id FROM approved_cards ORDER BY id LIMIT 1")
}

fn a_value_in_an_added_column_is_a_conflict(target: Target) {
    let (target, run) = imported(target);
    alter(&target, "approved_cards", "ADD COLUMN note TEXT");
    let card = first_card(&target);
    target.execute(&format!(
        "UPDATE approved_cards SET note = 'keep' WHERE id = '{card}'"
    ));
    is_a_conflict(&target, &run);
    // The later entry counts even if the value was removed.
    target.execute("UPDATE approved_cards SET note = NULL");
    let reverted = revert(&target, &run, &[], 0);
    assert_eq!(reverted["tables"]["approved_cards"]["deleted"], 5);
}

fn an_added_column_with_its_default_is_not(target: Target) {
    let (target, run) = imported(target);
    alter(
        &target,
        "approved_cards",
        "ADD COLUMN note VARCHAR(20) DEFAULT 'it''s new'",
    );
    alter(
        &target,
        "approved_cards",
        "ADD COLUMN level INTEGER NOT NULL DEFAULT 5",
    );
    let card = first_card(&target);
    let level = |level: u32| {
        let set = format!("UPDATE approved_cards SET level = {level} WHERE id = '{card}'");
        target.execute(&set);
    };
    level(6);
    is_a_conflict(&target, &run);
    level(5);
    let reverted = revert(&target, &run, &[], 0);
    assert_eq!(reverted["tables"]["approved_cards"]["deleted"], 5);
}

fn a_change_of_a_renamed_column_is_a_conflict(target: Target) {
    let (target, run) = imported(target);
    let before = target.value("SELECT school FROM profiles");
    alter(&target, "profiles", "RENAME COLUMN school TO institution");
    let set = |value: &str| {
        target.execute(&format!("UPDATE profiles SET institution = '{value}'"));
    };
    set("changed");
    is_a_conflict(&target, &run);
    set(&before);
    let reverted = revert(&target, &run, &[], 0);
    assert_eq!(reverted["tables"]["profiles"]["deleted"], 1);
}

/// A plan with this column is rejected, and nothing is written.
#[track_caller]
fn is_not_restorable(target: &Target, run: &str, column: &str) {
    for more in [&["--dry-run"][..], &[]] {
        let reverted = revert(target, run, more, 4);
        assert_eq!(reverted["status"], "rejected", "{reverted:#}");
        let findings = reverted["findings"].as_array().expect("an array");
        assert_eq!(findings.len(), 1, "{reverted:#}");
        assert_eq!(findings[0]["rule"], "not-restorable");
        let message = findings[0]["message"].as_str().expect("a text");
        assert!(
            message.contains(&format!("`{column}` was dropped")),
            "{message}"
        );
    }
}

fn a_column_that_was_renamed_or_dropped_is_a_finding(target: Target) {
    let (target, _) = imported(target);
    edit(&target.workspace, PROFILES, |profiles| {
        profiles[0]["school"] = "another".into();
    });
    target.imports(&[]);
    let run = last_run(&target);
    alter(&target, "profiles", "RENAME COLUMN school TO institution");
    is_not_restorable(&target, &run, "school");
    assert_eq!(target.value("SELECT institution FROM profiles"), "another");
    let forced = revert(&target, &run, &["--on-conflict", "force"], 0);
    assert_eq!(forced["tables"]["profiles"]["unchanged"], 1, "{forced:#}");
    alter(&target, "profiles", "RENAME COLUMN institution TO school");

    edit(&target.workspace, CARDS, |cards| {
        cards.remove(0);
    });
    target.imports(&["--prune"]);
    let run = last_run(&target);
    alter(&target, "approved_cards", "DROP COLUMN approved_at");
    is_not_restorable(&target, &run, "approved_at");
    assert_eq!(target.count("approved_cards"), 4);
    let forced = revert(&target, &run, &["--on-conflict", "force"], 0);
    assert_eq!(
        forced["tables"]["approved_cards"]["inserted"], 1,
        "{forced:#}"
    );
    assert_eq!(target.count("approved_cards"), 5);
    let reconciled = target.run(&["audit", "reconcile"]);
    assert_eq!(reconciled.code, Some(0), "{reconciled}");
}

fn a_renamed_key_is_a_finding(target: Target) {
    let (target, run) = imported(target);
    target.execute("ALTER TABLE approved_cards RENAME COLUMN id TO card");
    let reverted = revert(&target, &run, &["--dry-run"], 4);
    assert_eq!(reverted["status"], "rejected", "{reverted:#}");
    target.execute("ALTER TABLE approved_cards RENAME COLUMN card TO id");
    if target.backend == Backend::Sqlite {
        let reverted = revert(&target, &run, &[], 0);
        assert_eq!(reverted["tables"]["approved_cards"]["deleted"], 5);
    }
}
