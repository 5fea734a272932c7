//! Conflicts: the value at the last import, the value in the file, and the value in the database.

use serde_json::json;

use crate::edits::edit;
use crate::rows;
use crate::workspace::Workspace;

const CARDS: &str = "content_db/approved_cards.json";
const CARD_TYPE: &str = "SELECT card_type FROM approved_cards WHERE id = 1";

/// Returns an imported workspace in which another program then ran `sql`.
fn changed_in_database(sql: &str) -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let changed = workspace.connection().execute(sql, []).expect(sql);
    assert!(changed > 0, "{sql}");
    workspace
}

fn both_changed() -> Workspace {
    let workspace =
        changed_in_database("UPDATE approved_cards SET card_type = 'by hand' WHERE id = 1");
    edit(&workspace, CARDS, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    workspace
}

#[test]
fn a_change_on_both_sides_is_listed_and_nothing_is_written() {
    let workspace = both_changed();
    // Other changes of the same run are not written either.
    edit(&workspace, CARDS, |cards| {
        cards[1]["card_type"] = json!("cloze")
    });
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("[conflict]"), "{ended}");
    assert!(
        ended.stderr.contains("content_db/approved_cards.json:"),
        "{ended}"
    );
    assert!(ended.stderr.contains("--on-conflict"), "{ended}");
    assert!(ended.stdout.starts_with("conflict"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn a_conflict_can_be_resolved_for_the_database() {
    let workspace = both_changed();
    workspace.imports(&["--on-conflict", "keep-database"]);
    assert_eq!(rows::texts(&workspace.connection(), CARD_TYPE), ["by hand"]);
    rows::assert_sound(&workspace.connection());
    // The conflict is resolved and is not reported again.
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    // The next change of the file is a conflict again, because the row differs from the previous version of the file.
    edit(&workspace, CARDS, |cards| {
        cards[0]["card_type"] = json!("basic_reverse")
    });
    assert_eq!(workspace.import::<&str>(&[]).code, Some(4));
}

#[test]
fn a_conflict_can_be_resolved_for_the_file() {
    let workspace = both_changed();
    workspace.imports(&["--on-conflict", "take-file"]);
    let connection = workspace.connection();
    assert_eq!(rows::texts(&connection, CARD_TYPE), ["cloze"]);
    rows::assert_sound(&connection);
    let last: String = rows::value(
        &connection,
        "SELECT old_value FROM audit_log ORDER BY id DESC LIMIT 1",
    );
    assert!(last.contains("by hand"), "{last}");
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn a_change_of_the_database_alone_is_kept() {
    let workspace =
        changed_in_database("UPDATE approved_cards SET card_type = 'by hand' WHERE id = 1");
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    // This also applies if its file is read because another record changed.
    edit(&workspace, CARDS, |cards| {
        cards[1]["status"] = json!("retired")
    });
    workspace.imports(&[]);
    assert_eq!(rows::texts(&workspace.connection(), CARD_TYPE), ["by hand"]);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn the_same_change_on_both_sides_is_not_a_conflict() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    edit(&workspace, CARDS, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    let cards = crate::json::array(&workspace.read(CARDS));
    workspace
        .connection()
        .execute(
            "UPDATE approved_cards SET card_type = 'cloze', content = ? WHERE id = 1",
            [cards[0].to_string()],
        )
        .expect("an update");
    let entries = rows::count(&workspace.connection(), "audit_log");
    workspace.imports(&[]);
    assert_eq!(rows::count(&workspace.connection(), "audit_log"), entries);
}

#[test]
fn a_row_deleted_in_the_database_stays_deleted_until_its_record_changes() {
    let workspace = changed_in_database("DELETE FROM approved_cards WHERE id = 1");
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    edit(&workspace, CARDS, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);

    workspace.imports(&["--on-conflict", "take-file"]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 5);
    rows::assert_sound(&connection);
}

#[test]
fn a_deleted_row_can_be_kept_deleted() {
    let workspace = changed_in_database("DELETE FROM approved_cards WHERE id = 1");
    edit(&workspace, CARDS, |cards| {
        cards[0]["card_type"] = json!("cloze")
    });
    workspace.imports(&["--on-conflict", "keep-database"]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "approved_cards"), 4);
    rows::assert_sound(&connection);
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn a_row_changed_in_the_database_is_not_pruned_silently() {
    let workspace =
        changed_in_database("UPDATE approved_cards SET card_type = 'by hand' WHERE id = 1");
    edit(&workspace, CARDS, |cards| drop(cards.remove(0)));
    let before = workspace.tree();
    let ended = workspace.import(&["--prune"]);
    assert_eq!(ended.code, Some(4), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
    workspace.imports(&["--prune", "--on-conflict", "keep-database"]);
    assert_eq!(rows::count(&workspace.connection(), "approved_cards"), 5);
    workspace.imports(&["--prune", "--on-conflict", "take-file"]);
    assert_eq!(rows::count(&workspace.connection(), "approved_cards"), 4);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn two_directories_that_claim_one_row_are_a_conflict() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let other = workspace.root().join("other");
    crate::fixtures::copy(&workspace.source_dir(), &other);
    let path = other.join("profiles/child_profiles.json");
    let profiles = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, profiles.replace("Lakeside", "Hillside")).expect("a file");
    let before = workspace.tree();
    let mut command = workspace.command();
    command.args(["import", "other", "--database", "target/legacy.db"]);
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(4), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}
