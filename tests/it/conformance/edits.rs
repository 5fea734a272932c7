//! Imports of edited files: changes are written, changes on both sides are conflicts, and the audit log is the same on
//! every database.

use accession::model::canonical_json;
use serde_json::{Value, json};

use super::on_every_database;
use super::target::{Backend, Target};
use crate::edits::edit;
use crate::json;

on_every_database!(
    an_edit_has_the_same_entries_on_every_database,
    rows_of_removed_records_are_kept_until_pruned,
    changes_on_both_sides_are_a_conflict,
    verify_detects_a_row_that_another_program_changed,
    parents_are_deleted_with_their_children,
    a_row_that_another_program_references_is_not_pruned,
    a_new_record_whose_parent_row_was_deleted_is_reported,
);

const CARDS: &str = "content_db/approved_cards.json";
const CHAT: &str = "content_db/chat_history.json";
const PROFILES: &str = "profiles/child_profiles.json";

/// Returns the entries of the audit log in a comparable form: JSON is parsed, including that in JSON columns, and
/// timestamps of the database or the run are removed.
fn entries(target: &Target) -> Vec<Value> {
    let query = "SELECT table_name, record_id, action, changed_by, old_value, new_value FROM audit_log ORDER BY id";
    let image = |text: &String| match text.as_str() {
        "NULL" => Value::Null,
        text => Value::Object(
            json::object(text)
                .into_iter()
                .filter(|(name, _)| {
                    !matches!(name.as_str(), "created_at" | "updated_at" | "added_at")
                })
                .map(|(name, value)| {
                    let inner = value.as_str().filter(|text| text.starts_with(['{', '[']));
                    // JSONB has its own notation for numbers.
                    let same = inner.map(|text| canonical_json(text).into());
                    (name, same.unwrap_or(value))
                })
                .collect(),
        ),
    };
    let entry = |row: &Vec<String>| json!([row[..4], image(&row[4]), image(&row[5])]);
    target.rows(query).iter().map(entry).collect()
}

fn scenario(target: &Target) {
    target.imports(&[]);
    let workspace = &target.workspace;
    edit(workspace, CARDS, |cards| {
        cards[1]["card_type"] = json!("basic");
        cards[2]["front"] = json!("\u{1f600} <b>\"quoted\" \\ 'text'</b>");
    });
    edit(workspace, CHAT, |messages| {
        messages.push(json!({
            "id": "msg-0005", "role": "user", "content": "再来一次", "timestamp": "2024-06-01T00:00:00Z"
        }));
    });
    edit(workspace, PROFILES, |profiles| {
        profiles[0]["mental_age"] = json!(0.1 + 0.2);
        profiles[0]["dob"] = Value::Null;
    });
    let profiles = workspace.read(PROFILES).replace(" banana,", " ");
    workspace.write(PROFILES, profiles);
    target.imports(&[]);
    target.imports(&["--prune"]);
}

fn an_edit_has_the_same_entries_on_every_database(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let like = target.like();
    scenario(&target);
    scenario(&like);
    let (here, there) = (entries(&target), entries(&like));
    assert!(here.len() > 20);
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there);
    }
    assert_eq!(here.len(), there.len());
    target.verifies("equal");
}

fn rows_of_removed_records_are_kept_until_pruned(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let before = target.count("chat_messages");
    edit(&target.workspace, CHAT, |messages| {
        messages.remove(0);
    });
    let report = target.report(&[]);
    assert_eq!(report["tables"]["chat_messages"]["gone"], 1);
    assert_eq!(target.count("chat_messages"), before);
    target.imports(&["--prune"]);
    assert_eq!(target.count("chat_messages"), before - 1);
    target.verifies("equal");
}

fn a_row_that_another_program_references_is_not_pruned(target: Target) {
    let target = target.with("srs4autism/valid/small");
    edit(&target.workspace, PROFILES, |profiles| {
        profiles.push(json!({"id": "child_0002", "name": "Ola"}));
    });
    let profile = ["--set", "profile=child_0001"];
    target.imports(&profile);
    let word = "INSERT INTO mastered_words (id, profile_id, word, language) VALUES (900, 'child_0002', 'sun', 'en')";
    target.execute(word);
    edit(&target.workspace, PROFILES, |profiles| drop(profiles.pop()));
    let (before, entries) = (target.count("mastered_words"), target.count("audit_log"));
    let rejected = target.import(&["--prune"]);
    assert_eq!(rejected.code, Some(4), "{rejected}");
    let expected = "`profiles` child_0002: the record was removed from the file, and `mastered_words` 900 still refers to its row";
    assert!(rejected.stderr.contains(expected), "{rejected}");
    assert_eq!(target.count("mastered_words"), before);
    assert_eq!(target.count("audit_log"), entries);
    target.execute("DELETE FROM mastered_words WHERE id = 900");
    target.imports(&["--prune"]);
    assert_eq!(target.count("profiles"), 1);
    target.verifies("equal");
}

fn a_new_record_whose_parent_row_was_deleted_is_reported(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("DELETE FROM profiles WHERE id = 'child_0001'");
    let profiles = target.workspace.read(PROFILES);
    let profiles = profiles.replace(" banana,", " banana, cherry,");
    target.workspace.write(PROFILES, profiles);
    let entries = target.count("audit_log");
    let rejected = target.import(&["--set", "profile=child_0001"]);
    assert_eq!(rejected.code, Some(3), "{rejected}");
    let expected = "`profile_id` of `mastered_words` refers to a row of `profiles` that is in the files, but was deleted";
    assert!(rejected.stderr.contains(expected), "{rejected}");
    assert_eq!(target.count("audit_log"), entries);
}

fn changes_on_both_sides_are_a_conflict(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let change = |school: &str| {
        edit(&target.workspace, PROFILES, |profiles| {
            profiles[0]["school"] = json!(school);
        });
    };
    let school = || target.value("SELECT school FROM profiles WHERE id = 'child_0001'");
    target.execute("UPDATE profiles SET school = 'Seaside' WHERE id = 'child_0001'");
    change("Hillside");
    let rejected = target.import(&[]);
    assert_eq!(rejected.code, Some(4), "{rejected}");
    assert_eq!(school(), "Seaside");
    target.imports(&["--on-conflict", "take-file"]);
    assert_eq!(school(), "Hillside");
    target.verifies("equal");
    target.execute("UPDATE profiles SET school = 'Seaside' WHERE id = 'child_0001'");
    change("Lakeside");
    target.imports(&["--on-conflict", "keep-database"]);
    assert_eq!(school(), "Seaside");
}

fn verify_detects_a_row_that_another_program_changed(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("UPDATE chat_messages SET content = 'x' WHERE id = 1");
    target.execute("DELETE FROM mastered_words WHERE id = 2");
    let report = target.verifies("different");
    assert_eq!(report["tables"]["chat_messages"]["different"], 1);
    assert_eq!(report["tables"]["mastered_words"]["missing"], 1);
}

/// Another program deletes a row that others refer to. Each deletion has an entry, even where the database's own
/// cascades would fire no trigger.
fn parents_are_deleted_with_their_children(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let words = target.count("mastered_words");
    let profiles = target.count("profiles");
    if target.backend == Backend::Sqlite {
        target.execute("PRAGMA foreign_keys = ON; DELETE FROM profiles");
    } else {
        target.execute("DELETE FROM profiles");
    }
    assert_eq!(target.count("mastered_words"), 0);
    let deleted = |table: &str| {
        let query = format!(
            "SELECT count(*) FROM audit_log WHERE action = 'DELETE' AND table_name = '{table}'"
        );
        target.value(&query)
    };
    assert_eq!(deleted("profiles"), profiles.to_string());
    assert_eq!(deleted("mastered_words"), words.to_string());
}
