//! `--skip-invalid`: the valid records are imported, the others remembered.

use rusqlite::types::Value as Stored;
use serde_json::json;

use crate::edits::edit;
use crate::rows::{self, of};
use crate::workspace::Workspace;

const CARDS: &str = "content_db/approved_cards.json";

fn with_bad_card() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    edit(&workspace, CARDS, |cards| {
        cards[1]["tags"] = json!({"SECRET": 1})
    });
    workspace
}

#[test]
fn rejected_records_are_in_the_ledger_with_their_place() {
    let workspace = with_bad_card();
    let ended = workspace.import(&["--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 4);
    let rejects = rows::query(
        &connection,
        "SELECT rejects.*, path FROM rejects JOIN source_files ON source_files.id = source_file_id",
    );
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    assert_eq!(rows::text(of(&rejects[0], "path")), CARDS);
    assert_eq!(rows::text(of(&rejects[0], "pointer")), "/1/tags");
    assert_eq!(rows::text(of(&rejects[0], "rule")), "schema");
    assert!(matches!(of(&rejects[0], "line"), Stored::Integer(line) if *line > 1));
    assert!(!rows::text(of(&rejects[0], "message")).contains("SECRET"));
    rows::assert_sound(&connection);
}

#[test]
fn rejected_records_are_told_again_and_nothing_is_written() {
    let workspace = with_bad_card();
    workspace.import(&["--skip-invalid"]);
    let before = workspace.tree();
    let again = workspace.import(&["--skip-invalid"]);
    assert_eq!(again.code, Some(5), "{again}");
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    before.assert_unchanged(&workspace.tree(), again);
}

#[test]
fn without_the_option_rejected_records_are_errors_again() {
    let workspace = with_bad_card();
    workspace.import(&["--skip-invalid"]);
    let before = workspace.tree();
    let strict = workspace.import::<&str>(&[]);
    assert_eq!(strict.code, Some(3), "{strict}");
    assert!(strict.stderr.contains("/1/tags"), "{strict}");
    before.assert_unchanged(&workspace.tree(), strict);
}

#[test]
fn rejected_records_are_retried_when_their_file_changes() {
    let workspace = with_bad_card();
    workspace.import(&["--skip-invalid"]);
    edit(&workspace, CARDS, |cards| {
        cards[1]["tags"] = json!(["mended"])
    });
    let report = workspace.report(&[]);
    assert_eq!(report["status"], "imported");
    assert_eq!(report["tables"]["approved_cards"]["inserted"], 1);
    assert_eq!(report["tables"]["approved_cards"]["unchanged"], 4);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 5);
    rows::assert_sound(&connection);
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn a_record_that_becomes_invalid_keeps_its_row() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    edit(&workspace, CARDS, |cards| cards[1]["tags"] = json!(7));
    let ended = workspace.import(&["--skip-invalid", "--prune"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(rows::count(&workspace.connection(), "approved_cards"), 5);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn records_of_a_rejected_parent_are_rejected_with_it() {
    let workspace = Workspace::of("srs4autism/valid/two_profiles");
    edit(&workspace, "profiles/child_profiles.json", |profiles| {
        profiles[1]["mental_age"] = json!("old");
    });
    let ended = workspace.import(&["--skip-invalid", "--set", "profile=child_0001"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "profiles"), 1);
    assert_eq!(
        rows::texts(
            &connection,
            "SELECT DISTINCT profile_id FROM mastered_words"
        ),
        ["child_0001"]
    );
    rows::assert_sound(&connection);
}

#[test]
fn cards_of_a_rejected_profile_cannot_be_skipped_into_nothing() {
    let workspace = Workspace::of("srs4autism/valid/two_profiles");
    edit(&workspace, "profiles/child_profiles.json", |profiles| {
        profiles[1]["mental_age"] = json!("old");
    });
    let ended = workspace.import(&["--skip-invalid", "--set", "profile=Leo 王子乐"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("missing-reference"), "{ended}");
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 0);
    assert_eq!(rows::count(&connection, "rejects"), 5);
    rows::assert_sound(&connection);
}
