//! `rejects`: rejected records can be listed, shown with their original text, exported, and are resolved when fixed.

use serde_json::{Value, json};

use crate::edits::edit;
use crate::fixtures;
use crate::json::parse;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

const CARDS: &str = "content_db/approved_cards.json";
const MESSAGES: &str = "content_db/chat_history.json";

fn rejects(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    command.arg("rejects").args(arguments);
    command.args(["--database", "target/legacy.db"]);
    workspace.run(&mut command)
}

fn listed(workspace: &Workspace, arguments: &[&str]) -> Vec<Value> {
    let ended = rejects(
        workspace,
        &[&["list", "--format", "json"], arguments].concat(),
    );
    assert_eq!(ended.code, Some(0), "{ended}");
    parse(&ended.stdout)["rejects"]
        .as_array()
        .expect("an array")
        .clone()
}

fn skip_invalid(workspace: &Workspace) {
    let ended = workspace.import(&["--skip-invalid"]);
    assert_eq!(ended.code, Some(5), "{ended}");
}

/// A card with unusual formatting, which only the original can reproduce.
const ODD: &str = "{ \"id\":\"odd\" ,\n\t\"front\": 1.50, \"back\":\"\\u732b\" , \"card_type\" : \"basic\", \"tags\":[ ] }";

fn with_odd_card() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    let cards = workspace.read(CARDS);
    let end = cards.rfind(']').expect("an array");
    workspace.write(CARDS, format!("{},\n{ODD}\n]\n", cards[..end].trim_end()));
    skip_invalid(&workspace);
    workspace
}

#[test]
fn the_original_text_is_shown_exactly_even_after_the_file_changed() {
    let workspace = with_odd_card();
    workspace.remove(CARDS);
    let exported = rejects(&workspace, &["export"]);
    let line = parse(exported.stdout.trim_end());
    assert_eq!(line["original"], ODD, "{exported}");
    assert_eq!(
        (&line["status"], &line["path"]),
        (&json!("open"), &json!(CARDS))
    );
    assert!(
        line["line"].as_u64() > Some(1) && line["rule"] == "schema",
        "{line}"
    );
    let id = line["id"].to_string();
    let shown = rejects(&workspace, &["show", &id]);
    assert!(shown.stdout.contains("\"front\": 1.50"), "{shown}");
    let csv = rejects(&workspace, &["export", "--format", "csv"]);
    assert!(csv.stdout.starts_with("\"id\",\"status\""), "{csv}");
    assert!(csv.stdout.contains(&ODD.replace('"', "\"\"")), "{csv}");
    let array = rejects(&workspace, &["export", "--format", "json"]);
    assert_eq!(parse(&array.stdout), json!([line]), "{array}");
}

#[test]
fn a_reject_is_open_until_its_record_is_accepted() {
    let workspace = with_odd_card();
    let first = listed(&workspace, &[]);
    assert_eq!(first.len(), 1, "{first:?}");
    // The file changes elsewhere: the record is tried again and rejected again.
    edit(&workspace, CARDS, |cards| {
        cards[0]["front"] = json!("changed")
    });
    skip_invalid(&workspace);
    let second = listed(&workspace, &[]);
    assert_eq!(second.len(), 1, "{second:?}");
    assert!(second[0]["id"].as_i64() > first[0]["id"].as_i64());
    assert_eq!(listed(&workspace, &["--all"])[0]["status"], "repeated");
    edit(&workspace, CARDS, |cards| {
        let odd = cards.iter_mut().find(|card| card["id"] == "odd");
        odd.expect("the card")["front"] = json!("fixed");
    });
    workspace.imports(&[]);
    assert_eq!(listed(&workspace, &[]), [] as [Value; 0]);
    let all = listed(&workspace, &["--all"]);
    let statuses: Vec<_> = all.iter().map(|one| one["status"].as_str()).collect();
    assert_eq!(statuses, [Some("repeated"), Some("mended")]);
    assert_ne!(all[1]["settled_by"], all[1]["run"]);
    let run = all[0]["run"].as_str().expect("a run");
    assert_eq!(listed(&workspace, &["--all", "--run", run]).len(), 1);
    let text = rejects(&workspace, &["list"]);
    assert_eq!(
        text.stdout,
        "no open rejects; `--all` lists 2 rejects that are resolved\n"
    );
}

#[test]
fn a_row_rejected_by_the_plan_has_its_record_too() {
    let workspace = Workspace::of("srs4autism/valid/small");
    edit(&workspace, MESSAGES, |messages| {
        let mut twin = messages[0].clone();
        twin["content"] = json!("SECRET");
        messages.push(twin);
    });
    skip_invalid(&workspace);
    let exported = rejects(&workspace, &["export"]);
    let line = parse(exported.stdout.trim_end());
    assert_eq!(line["rule"], "duplicate-record", "{line}");
    let original = parse(line["original"].as_str().expect("a text"));
    assert_eq!(original["content"], "SECRET");
    let list = rejects(&workspace, &["list"]);
    assert!(!list.stdout.contains("SECRET"), "{list}");
}

#[test]
fn records_after_a_fault_in_the_file_are_reported_as_such() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let messages = workspace.read(MESSAGES);
    workspace.write(MESSAGES, &messages[..messages.len() - 20]);
    skip_invalid(&workspace);
    let one = &listed(&workspace, &[])[0];
    assert_eq!(
        (&one["record"], &one["rule"]),
        (&Value::Null, &json!("invalid-json"))
    );
    let shown = rejects(&workspace, &["show", &one["id"].to_string()]);
    assert!(
        shown.stdout.contains("the rest of it was rejected"),
        "{shown}"
    );
}

#[test]
fn thousands_of_rejects_are_all_recorded() {
    let workspace = Workspace::of("srs4autism/valid/small");
    edit(&workspace, MESSAGES, |messages| {
        let twin = messages[0].clone();
        for n in 0..2_500 {
            let mut other = twin.clone();
            other["content"] = json!(format!("other {n}"));
            messages.push(other);
        }
    });
    skip_invalid(&workspace);
    assert_eq!(rows::count(&workspace.connection(), "rejects"), 2_500);
    let list = rejects(&workspace, &["list", "--limit", "2"]);
    assert!(
        list.stdout.ends_with(
            "and 2498 more; use `--limit N` to list N\n2 500 findings of 2 500 records\n"
        ),
        "{list}"
    );
    let exported = rejects(&workspace, &["export"]);
    assert_eq!(exported.stdout.lines().count(), 2_500);
    assert!(
        exported
            .stdout
            .lines()
            .all(|line| parse(line)["original"].is_string())
    );
}

#[test]
fn a_missing_archive_is_reported_and_the_rest_is_shown() {
    let workspace = with_odd_card();
    std::fs::remove_dir_all(workspace.archive()).expect("removed");
    let exported = rejects(&workspace, &["export"]);
    let line = parse(exported.stdout.trim_end());
    assert_eq!(line["original"], Value::Null);
    assert!(line["original_missing"].is_string(), "{line}");
    let unknown = rejects(&workspace, &["show", "99"]);
    assert_eq!(unknown.code, Some(1), "{unknown}");
}

/// A truncated file, and a record with two faults.
#[test]
fn all_commands_count_the_same_records() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let faults = fixtures::path("srs4autism/invalid/several_faults");
    fixtures::copy(&faults, &workspace.source_dir());
    let mut validate = workspace.command();
    let validated = workspace.run(validate.args(["validate", "legacy", "--format", "json"]));
    assert_eq!(parse(&validated.stdout)["rejected"], 4, "{validated}");
    let rejected = workspace.import::<&str>(&[]);
    let words = "4 records cannot be imported";
    assert!(rejected.stdout.contains(words), "{rejected}");
    let skipped = workspace.import(&["--skip-invalid"]);
    let words = "4 records rejected because of errors";
    assert!(skipped.stdout.contains(words), "{skipped}");
    assert!(!skipped.stderr.contains("--skip-invalid"), "{skipped}");
    let list = rejects(&workspace, &["list"]);
    assert!(list.stdout.ends_with("5 findings of 4 records\n"), "{list}");
}

#[test]
fn an_export_that_fails_prints_no_header() {
    let workspace = Workspace::empty();
    let failed = rejects(&workspace, &["export", "--format", "csv"]);
    assert_eq!(
        (failed.code, failed.stdout.as_str()),
        (Some(1), ""),
        "{failed}"
    );
}
