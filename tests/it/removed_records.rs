//! Records and files that no longer exist.

use std::fs;

use crate::edits::edit;
use crate::workspace::Workspace;
use crate::{fixtures, rows};

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

/// The file is there and unchanged: it is not the record that was removed.
#[test]
fn rows_of_a_file_that_the_layout_no_longer_reads_are_reported_as_such() {
    let workspace = Workspace::empty();
    let layout = workspace.root().join("own");
    fixtures::copy(&fixtures::path("layouts/anything"), &layout);
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    workspace.write("lines/1.jsonl", "1\n");
    let import = |more: &[&str]| workspace.import(&[&["--layout", "./own"], more].concat());
    let verify = || {
        let mut command = workspace.command();
        command.args([
            "verify",
            "legacy",
            "--layout",
            "./own",
            "--database",
            "target/legacy.db",
        ]);
        workspace.run(&mut command)
    };
    let ended = import(&[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let text = fs::read_to_string(layout.join("layout.toml")).expect("read");
    let text = text.replace("records/{file}.json", "items/{file}.json");
    fs::write(layout.join("layout.toml"), text).expect("written");
    workspace.write("lines/1.jsonl", "1\n2\n");
    let ended = import(&[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(
        ended
            .stderr
            .contains("the layout no longer reads this file; kept"),
        "{ended}"
    );
    assert!(!ended.stderr.contains("no longer in the file"), "{ended}");
    let verified = verify();
    assert_eq!(verified.code, Some(4), "{verified}");
    let difference = "imported earlier, but the layout no longer reads this file";
    assert!(verified.stdout.contains(difference), "{verified}");
    // A changed row is a conflict with the same explanation.
    workspace
        .connection()
        .execute_batch("UPDATE items SET value = '\"x\"' WHERE file = 'a'")
        .expect("changed");
    let ended = import(&["--prune"]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(
        ended
            .stderr
            .contains("the layout no longer reads this file, and its row"),
        "{ended}"
    );
    // Once the file is deleted, its records are no longer there.
    workspace.remove("records/a.json");
    workspace.write("records/b.txt", "");
    let verified = verify();
    assert!(
        verified.stdout.contains("no longer in the files"),
        "{verified}"
    );
}
