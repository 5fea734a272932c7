//! `--skip-invalid`: valid records are imported, the others are recorded as rejects.

use rusqlite::types::Value as Stored;
use serde_json::json;

use crate::edits::edit;
use crate::fixtures;
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
fn rejected_records_are_reported_again_and_nothing_is_written() {
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
        cards[1]["tags"] = json!(["fixed"])
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
fn rejecting_the_only_profile_of_all_cards_is_an_error() {
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

#[test]
fn records_with_a_missing_reference_are_tried_again_when_the_file_is_added() {
    let workspace = Workspace::of("donna/valid/small");
    let session = r#"{"id": "s9", "user_id": "nobody", "created_at": "2024-01-04T10:00:00Z"}"#;
    workspace.write("chat_sessions/chat_n_session.json", session);
    let message = r#"[{"id": "m9", "sequence_number": 0, "role": "user", "content": "x", "created_at": "2024-01-04T10:00:00Z"}]"#;
    workspace.write("chat_sessions/chat_n.json", message);
    let rejected = |workspace: &Workspace, arguments: &[&str]| {
        let report = workspace.report(&[&["--skip-invalid"], arguments].concat());
        (report["rejected"].clone(), report["still_rejected"].clone())
    };
    assert_eq!(rejected(&workspace, &[]), (json!(2), json!(0)));
    // Nothing changed, so they are not tried again.
    assert_eq!(rejected(&workspace, &[]), (json!(0), json!(2)));
    let user = r#"{"id": "nobody", "email": null, "created_at": "2024-03-01T08:00:00Z"}"#;
    workspace.write("users/nobody.json", user);
    assert_eq!(rejected(&workspace, &["--dry-run"]), (json!(0), json!(0)));
    assert_eq!(rejected(&workspace, &[]), (json!(0), json!(0)));
    let again = workspace.imports(&["--skip-invalid"]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    rows::assert_sound(&workspace.connection());
}

/// Creates a thousand fees, with `broken` in the middle.
fn fees(broken: &str) -> Workspace {
    let workspace = Workspace::of("tutorial");
    fixtures::copy(
        &fixtures::path("layouts/tutorial"),
        &workspace.root().join("choir"),
    );
    let fee = |cents: usize| {
        format!(r#"{{"member":"Ada Example","cents":{cents},"paid":"2024-05-02T19:00:00Z"}}"#)
    };
    let mut lines: Vec<String> = (1..=1000).map(fee).collect();
    lines[500] = broken.to_owned();
    workspace.write("fees.jsonl", lines.join("\n") + "\n");
    workspace
}

#[test]
fn reading_continues_after_a_truncated_line() {
    let workspace = fees(r#"{"member":"Ada Ex"#);
    let ended = workspace.import(&["--layout", "choir", "--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(
        ended
            .stdout
            .contains("  1 record rejected because of errors\n"),
        "{ended}"
    );
    assert!(!ended.stdout.contains("rest of"), "{ended}");
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "fees"), 999);
    assert_eq!(
        rows::texts(&connection, "SELECT record FROM rejects"),
        ["/500"]
    );
    rows::assert_sound(&connection);
}

/// Replaces `from` with `to` in the text of the cards and imports with `--skip-invalid`; returns the number of cards
/// and the records of the rejects.
fn cards_with(from: &str, to: &str) -> (i64, Vec<Stored>, String) {
    let workspace = Workspace::of("srs4autism/valid/small");
    let cards = workspace.read(CARDS);
    assert!(cards.contains(from));
    workspace.write(CARDS, cards.replacen(from, to, 1));
    let ended = workspace.import(&["--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    let connection = workspace.connection();
    let rejects = rows::query(&connection, "SELECT record FROM rejects ORDER BY id");
    let records = rejects.iter().map(|row| of(row, "record").clone());
    rows::assert_sound(&connection);
    let text = format!("{}{}", ended.stdout, ended.stderr);
    (
        rows::count(&connection, "approved_cards"),
        records.collect(),
        text,
    )
}

#[test]
fn reading_continues_after_an_element_with_a_certain_end() {
    // A superfluous comma in the second of five.
    let (cards, records, text) = cards_with("\"back\": \"water\",", "\"back\": \"water\",,");
    assert_eq!(
        (cards, records),
        (4, vec![Stored::Text("/1".to_owned())]),
        "{text}"
    );
    assert!(!text.contains("from here on"), "{text}");
}

#[test]
fn the_start_of_the_next_element_is_not_guessed() {
    for (from, to) in [
        ("\"back\": \"water\",", "\"back\": \"water,"),
        ("\"back\": \"water\",", "\"back\": [\"water\","),
        ("\"back\": \"water\",", "\"back\": \"water\"}},"),
    ] {
        let (cards, records, text) = cards_with(from, to);
        assert_eq!(cards, 1, "{to}: {text}");
        assert_eq!(records.last(), Some(&Stored::Null), "{to}: {text}");
        assert!(
            text.contains("; everything from here on is skipped"),
            "{text}"
        );
        assert!(text.contains("the rest of 1 file rejected"), "{text}");
    }
}
