//! The tables of the ledger contain what runs wrote, and any other change to them is detected.

use serde_json::{Value, json};

use super::on_every_database;
use super::target::Target;
use crate::edits::edit;

on_every_database!(
    changes_of_runs_to_the_ledger_are_sealed,
    other_changes_to_the_ledger_are_detected_permanently,
    a_record_missing_from_the_ledger_is_not_imported_twice,
    a_run_without_a_seal_is_reported,
);

const CARDS: &str = "content_db/approved_cards.json";
const PROFILES: &str = "profiles/child_profiles.json";

/// Returns the result of `audit verify`, and its differences as kind and message.
#[track_caller]
fn verified(target: &Target) -> (Value, Vec<String>) {
    let ended = target.run(&["audit", "verify", "--format", "json"]);
    let outcome: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
    let text = |one: &Value, name: &str| one[name].as_str().expect("a text").to_owned();
    let differences = outcome["differences"].as_array().expect("an array").iter();
    let differences: Vec<String> = differences
        .map(|one| format!("{}: {}", text(one, "kind"), text(one, "message")))
        .collect();
    let code = if differences.is_empty() { 0 } else { 4 };
    assert_eq!(ended.code, Some(code), "{ended}");
    (outcome, differences)
}

#[track_caller]
fn assert_sealed(target: &Target) {
    let (outcome, differences) = verified(target);
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(outcome["ledger_covered"], true);
}

/// Imports with rejected, changed, missing, pruned and returning records.
fn with_history(target: Target) -> (Target, Vec<String>) {
    let target = target.with("srs4autism/valid/small");
    let workspace = &target.workspace;
    let mut runs = Vec::new();
    let mut import = |arguments: &[&str], code: i32| {
        let ended = target.import(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, Some(code), "{ended}");
        let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        runs.push(report["run"].as_str().expect("a run").to_owned());
        assert_sealed(&target);
    };
    edit(workspace, CARDS, |cards| {
        cards[1]["tags"] = json!({"bad": 1})
    });
    import(&["--skip-invalid"], 5);
    edit(workspace, CARDS, |cards| {
        cards[1]["tags"] = json!(["good"]);
        cards[2]["front"] = json!("changed");
    });
    import(&[], 0);
    let profiles = workspace.read(PROFILES);
    workspace.write(PROFILES, profiles.replace("banana", "cherry"));
    edit(workspace, CARDS, |cards| drop(cards.remove(0)));
    import(&[], 0);
    workspace.write(PROFILES, &profiles);
    import(&["--prune"], 0);
    (target, runs)
}

fn changes_of_runs_to_the_ledger_are_sealed(target: Target) {
    let (target, mut runs) = with_history(target);
    target.execute("UPDATE profiles SET gender = 'x'");
    let ended = target.run(&["audit", "seal", "--archive", "target/archive"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_sealed(&target);
    for _ in 0..3 {
        let run = runs.pop().expect("a run");
        let arguments = [
            "revert",
            &run,
            "--archive",
            "target/archive",
            "--on-conflict",
            "force",
        ];
        let ended = target.run(&arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_sealed(&target);
    }
    target.imports(&["--prune"]);
    assert_sealed(&target);
}

fn other_changes_to_the_ledger_are_detected_permanently(target: Target) {
    let (target, _) = with_history(target);
    let one = "source_file_id = 1 AND position = 1";
    let sources =
        target.rows("SELECT * FROM row_sources WHERE source_file_id = 1 AND position = 1");
    assert_eq!(sources.len(), 1, "{sources:?}");
    for (table, change, back) in [
        (
            "row_sources",
            format!("UPDATE row_sources SET identity_start = identity_start + 1 WHERE {one}"),
            format!("UPDATE row_sources SET identity_start = identity_start - 1 WHERE {one}"),
        ),
        (
            "row_sources",
            format!("UPDATE row_sources SET position = 1000 WHERE {one}"),
            "UPDATE row_sources SET position = 1 WHERE source_file_id = 1 AND position = 1000".to_owned(),
        ),
        (
            "conversions",
            "UPDATE conversions SET source_text = concat(source_text, '0')".to_owned(),
            String::new(),
        ),
        (
            "rejects",
            "UPDATE rejects SET message = 'nothing'".to_owned(),
            String::new(),
        ),
        (
            "row_sources_replaced",
            "DELETE FROM row_sources_replaced WHERE id = (SELECT id FROM (SELECT min(id) AS id FROM row_sources_replaced) AS first)"
                .to_owned(),
            String::new(),
        ),
    ] {
        // Older SQLite versions have no `concat`.
        let change = change.replace("concat(source_text, '0')", "'forged'");
        target.execute(&change);
        let (_, found) = verified(&target);
        let named = format!("ledger: `{table}` was changed");
        assert!(found.iter().any(|one| one.starts_with(&named)), "{table}: {found:?}");
        if !back.is_empty() {
            target.execute(&back);
            assert_sealed(&target);
        }
    }
    // Neither a seal nor another import hides the change.
    let (_, found) = verified(&target);
    assert_eq!(found.len(), 3, "{found:?}");
    target.execute("UPDATE profiles SET gender = 'x'");
    let ended = target.run(&["audit", "seal", "--archive", "target/archive"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(verified(&target).1, found);
    let workspace = &target.workspace;
    workspace.write(PROFILES, workspace.read(PROFILES).replace("banana", "plum"));
    target.imports(&[]);
    assert_eq!(verified(&target).1.len(), 3);
}

fn a_record_missing_from_the_ledger_is_not_imported_twice(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("DELETE FROM row_sources WHERE table_name = 'mastered_words'");
    let (_, found) = verified(&target);
    assert!(
        found[0].starts_with("ledger: `row_sources` was changed: it has"),
        "{found:?}"
    );
    let words = target.count("mastered_words");
    let workspace = &target.workspace;
    workspace.write(
        PROFILES,
        workspace.read(PROFILES).replace("banana", "banana, plum"),
    );
    let ended = target.import(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    for text in ["the ledger is damaged", "hint: ", "audit verify"] {
        assert!(ended.stderr.contains(text), "{ended}");
    }
    assert_eq!(target.count("mastered_words"), words);
}

fn a_run_without_a_seal_is_reported(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    for at in ["2020", "2999"] {
        target.execute(&format!(
            "INSERT INTO import_runs (id, kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, started_at)
             SELECT '{at}', kind, status, layout, layout_digest, source, actor, os_user, host, tool_version, '{at}'
             FROM import_runs WHERE id <> '2020'"
        ));
    }
    let (outcome, found) = verified(&target);
    let expected = ["2999", "2020"].map(|run| format!("chain: run `{run}` has no seal"));
    assert_eq!(found, expected);
    assert_eq!(outcome["unsealed"]["runs"], 2);
}
