//! Records and files that no longer exist.

use crate::edits::edit;
use crate::rows;
use crate::workspace::Workspace;

const CARDS: &str = "content_db/approved_cards.json";
const CHAT: &str = "content_db/chat_history.json";
const PROFILES: &str = "profiles/child_profiles.json";

fn imported() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace
}

#[test]
fn rows_of_a_deleted_file_are_kept_and_reported() {
    let workspace = imported();
    workspace.remove(CARDS);
    let ended = workspace.imports(&[]);
    assert!(ended.stderr.contains("[gone]"), "{ended}");
    assert_eq!(rows::count(&workspace.connection(), "approved_cards"), 5);
    rows::assert_sound(&workspace.connection());
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    assert!(again.stdout.contains("5 rows kept"), "{again}");
}

#[test]
fn rows_of_a_deleted_file_are_pruned_on_demand() {
    let workspace = imported();
    workspace.remove(CARDS);
    workspace.imports(&["--prune"]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 0);
    let deleted: i64 = rows::value(
        &connection,
        "SELECT count(*) FROM audit_log WHERE action = 'DELETE' AND table_name = 'approved_cards'",
    );
    assert_eq!(deleted, 5);
    rows::assert_sound(&connection);
    let again = workspace.imports(&["--prune"]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn a_file_that_comes_back_finds_its_rows() {
    let workspace = imported();
    let cards = workspace.read(CARDS);
    workspace.remove(CARDS);
    workspace.imports(&[]);
    let entries = rows::count(&workspace.connection(), "audit_log");
    workspace.write(CARDS, cards);
    workspace.imports(&[]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 5);
    assert_eq!(rows::count(&connection, "audit_log"), entries);
    rows::assert_sound(&connection);
    let pruned = workspace.imports(&["--prune"]);
    assert!(pruned.stdout.starts_with("nothing to do"), "{pruned}");
}

#[test]
fn pruned_records_that_come_back_are_inserted_with_new_keys() {
    let workspace = imported();
    let cards = workspace.read(CARDS);
    workspace.remove(CARDS);
    workspace.imports(&["--prune"]);
    workspace.write(CARDS, cards);
    workspace.imports(&[]);
    let connection = workspace.connection();
    let ids = rows::texts(
        &connection,
        "SELECT CAST(id AS TEXT) FROM approved_cards ORDER BY id",
    );
    // AUTOINCREMENT never reuses a key, so a record ID refers to the same row forever.
    assert_eq!(ids, ["6", "7", "8", "9", "10"]);
    rows::assert_sound(&connection);
}

#[test]
fn pruning_a_parent_also_deletes_its_children() {
    let workspace = imported();
    for path in [PROFILES, CARDS, CHAT] {
        workspace.write(path, "[]");
    }
    workspace.imports(&["--prune"]);
    let connection = workspace.connection();
    for table in rows::application_tables(&connection) {
        assert_eq!(rows::count(&connection, &table), 0, "{table}");
    }
    rows::assert_sound(&connection);
}

/// Children in other files that still exist must not be deleted by an unplanned cascade.
#[test]
fn a_parent_with_children_elsewhere_is_not_pruned_silently() {
    let workspace = imported();
    workspace.write(
        PROFILES,
        r#"[{"id": "child_0002", "name": "Somebody else"}]"#,
    );
    let before = workspace.tree();
    let ended = workspace.import(&["--prune"]);
    assert!(
        matches!(ended.code, Some(3 | 4)),
        "the cards and messages would lose their profile: {ended}"
    );
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn an_empty_directory_deletes_nothing() {
    let workspace = imported();
    for path in [CARDS, CHAT, PROFILES] {
        workspace.remove(path);
    }
    let before = workspace.tree();
    // No layout matches the directory.
    let ended = workspace.import(&["--prune"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn records_in_a_damaged_file_do_not_count_as_removed() {
    let workspace = imported();
    edit(&workspace, CHAT, |messages| drop(messages.remove(0)));
    let text = workspace.read(CHAT);
    workspace.write(CHAT, &text[..text.len() / 2]);
    let ended = workspace.import(&["--skip-invalid", "--prune"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "chat_messages"), 4, "{ended}");
    rows::assert_sound(&connection);
}
