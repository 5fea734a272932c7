//! Imports of edited files: only the changes are written.

use rusqlite::types::Value as Stored;
use serde_json::{Value, json};

use crate::json;
use crate::rows::{self, Row, of};
use crate::workspace::Workspace;

const CARDS: &str = "content_db/approved_cards.json";
const CHAT: &str = "content_db/chat_history.json";
const PROFILES: &str = "profiles/child_profiles.json";

/// Edits the records of a file.
pub(crate) fn edit(workspace: &Workspace, path: &str, change: impl FnOnce(&mut Vec<Value>)) {
    let mut records = json::array(&workspace.read(path));
    change(&mut records);
    workspace.write(path, serde_json::to_string_pretty(&records).expect("JSON"));
}

/// Returns a workspace after one import, and the number of its audit entries.
fn imported() -> (Workspace, i64) {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let entries = rows::count(&workspace.connection(), "audit_log");
    (workspace, entries)
}

fn entries_after(workspace: &Workspace, entries: i64) -> Vec<Row> {
    let query = format!("SELECT * FROM audit_log WHERE id > {entries} ORDER BY id");
    rows::query(&workspace.connection(), &query)
}

fn action(entry: &Row) -> String {
    format!(
        "{} {} {}",
        rows::text(of(entry, "action")),
        rows::text(of(entry, "table_name")),
        rows::text(of(entry, "record_id"))
    )
}

#[test]
fn an_edit_an_addition_and_a_removal_are_recorded() {
    let (workspace, entries) = imported();
    edit(&workspace, CARDS, |cards| {
        cards[1]["card_type"] = json!("basic")
    });
    edit(&workspace, CHAT, |messages| {
        messages.push(json!({
            "id": "msg-0005", "role": "user", "content": "再来一次", "timestamp": "2024-06-01T00:00:00Z"
        }));
    });
    let profiles = workspace.read(PROFILES).replace(" banana,", " ");
    workspace.write(PROFILES, profiles);

    let report = workspace.report(&[]);
    let counts = |table: &str, count: &str| report["tables"][table][count].as_i64();
    assert_eq!(counts("approved_cards", "updated"), Some(1));
    assert_eq!(counts("approved_cards", "unchanged"), Some(4));
    assert_eq!(counts("chat_messages", "inserted"), Some(1));
    assert_eq!(counts("chat_messages", "unchanged"), Some(4));
    assert_eq!(counts("mastered_words", "gone"), Some(1));
    assert_eq!(counts("mastered_words", "deleted"), Some(0));

    let written = entries_after(&workspace, entries);
    let mut actions: Vec<String> = written.iter().map(action).collect();
    actions.sort();
    assert_eq!(
        actions,
        ["INSERT chat_messages 5", "UPDATE approved_cards 2"]
    );
    let update = written
        .iter()
        .find(|entry| action(entry).starts_with("UPDATE"))
        .expect("an update");
    let old = json::object(&rows::text(of(update, "old_value")));
    let new = json::object(&rows::text(of(update, "new_value")));
    // Key and changed columns; `content` changed because it contains the whole card.
    assert!(old.keys().eq(["id", "card_type", "content"]), "{old:?}");
    assert!(new.keys().eq(["id", "card_type", "content"]), "{new:?}");
    assert_eq!((&old["id"], &new["id"]), (&json!(2), &json!(2)));
    assert_eq!(old["card_type"], "basic_reverse");
    assert_eq!(new["card_type"], "basic");
    rows::assert_sound(&workspace.connection());

    // The word is kept, and reported as kept, until it is pruned.
    let output = workspace.imports(&[]);
    assert!(output.stdout.starts_with("nothing to do"), "{output}");
    assert!(output.stdout.contains("1 row kept"), "{output}");
    let entries = rows::count(&workspace.connection(), "audit_log");
    let pruned = workspace.imports(&["--prune"]);
    assert!(pruned.stdout.contains("deleted"), "{pruned}");
    let written = entries_after(&workspace, entries);
    let actions: Vec<String> = written.iter().map(action).collect();
    assert_eq!(actions, ["DELETE mastered_words 7"]);
    let image = json::object(&rows::text(of(&written[0], "old_value")));
    assert_eq!(image["word"], "banana");
    assert_eq!(of(&written[0], "new_value"), &Stored::Null);
    rows::assert_sound(&workspace.connection());
    let last = workspace.imports(&["--prune"]);
    assert!(last.stdout.starts_with("nothing to do"), "{last}");
}

#[test]
fn only_files_that_changed_are_read() {
    let (workspace, _) = imported();
    edit(&workspace, CARDS, |cards| {
        cards[1]["status"] = json!("retired")
    });
    let report = workspace.report(&[]);
    let read = report["files"]["read"].as_array().expect("an array");
    assert_eq!(read.len(), 1);
    assert_eq!(read[0]["path"], CARDS);
    assert_eq!(report["files"]["unchanged"], 2);
}

#[test]
fn a_member_that_becomes_null_becomes_null() {
    let (workspace, entries) = imported();
    edit(&workspace, PROFILES, |profiles| {
        profiles[0]["mental_age"] = Value::Null;
        profiles[0]
            .as_object_mut()
            .expect("an object")
            .remove("dob");
    });
    workspace.imports(&[]);
    let written = entries_after(&workspace, entries);
    let actions: Vec<String> = written.iter().map(action).collect();
    assert_eq!(actions, ["UPDATE profiles child_0001"]);
    let new = json::object(&rows::text(of(&written[0], "new_value")));
    assert_eq!(
        Value::Object(new),
        json!({"id": "child_0001", "dob": null, "mental_age": null})
    );
    rows::assert_sound(&workspace.connection());
}

/// A timestamp that no file specifies is that of the row's first import, not of the latest.
#[test]
fn defaults_are_applied_only_once() {
    let (workspace, _) = imported();
    let times = "SELECT created_at || updated_at FROM profiles";
    let before = rows::texts(&workspace.connection(), times);
    edit(&workspace, PROFILES, |profiles| {
        profiles[0]["school"] = json!("Hillside")
    });
    workspace.imports(&[]);
    assert_eq!(rows::texts(&workspace.connection(), times), before);
}

/// Updates do not consume generated keys.
#[test]
fn an_update_uses_no_new_key() {
    let (workspace, _) = imported();
    edit(&workspace, CARDS, |cards| {
        cards[0]["status"] = json!("retired");
        cards.push(json!({"id": "card-0006", "card_type": "cloze"}));
    });
    workspace.imports(&[]);
    let query = "SELECT CAST(id AS TEXT) FROM approved_cards ORDER BY id";
    let ids = rows::texts(&workspace.connection(), query);
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_changed_identity_is_a_new_record_and_a_removed_one() {
    let (workspace, entries) = imported();
    edit(&workspace, CARDS, |cards| {
        cards[0]["id"] = json!("card-9999")
    });
    let report = workspace.report(&["--prune"]);
    assert_eq!(report["tables"]["approved_cards"]["inserted"], 1);
    assert_eq!(report["tables"]["approved_cards"]["deleted"], 1);
    let written = entries_after(&workspace, entries);
    let mut actions: Vec<String> = written.iter().map(action).collect();
    actions.sort();
    assert_eq!(
        actions,
        ["DELETE approved_cards 1", "INSERT approved_cards 6"]
    );
    rows::assert_sound(&workspace.connection());
}

#[test]
fn an_existing_database_is_backed_up_before_it_is_changed() {
    let (workspace, _) = imported();
    let before = std::fs::read(workspace.database()).expect("a database");
    edit(&workspace, CARDS, |cards| {
        cards[1]["status"] = json!("retired")
    });
    let report = workspace.report(&[]);
    let backup = workspace
        .root()
        .join(report["backup"].as_str().expect("a path"));
    let copy = rusqlite::Connection::open(&backup).expect("the copy opens");
    assert_eq!(rows::count(&copy, "import_runs"), 1);
    rows::assert_sound(&copy);
    drop(copy);
    assert_eq!(
        std::fs::metadata(&backup).expect("metadata").len(),
        before.len() as u64
    );

    edit(&workspace, CARDS, |cards| {
        cards[1]["status"] = json!("approved")
    });
    let report = workspace.report(&["--no-backup"]);
    assert_eq!(report["backup"], Value::Null);
}
