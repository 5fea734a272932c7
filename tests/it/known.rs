//! What is known to be wrong: each test fails, and says why it is not run.

use serde_json::json;

use crate::edits::edit;
use crate::references::{chain, with};
use crate::workspace::Workspace;

/// `ON DELETE SET NULL` would quietly change a row that the file still describes otherwise.
#[test]
#[ignore = "what ON DELETE SET NULL does to rows that were not written is not compared with the plan"]
fn a_record_that_others_still_refer_to_is_not_pruned_silently() {
    let workspace = chain();
    workspace.write("shops.json", "[]");
    workspace.imports(&with(&[]));
    workspace.write(
        "pages/a.json",
        r#"[{"id": "bob", "boss": "cleo"}, {"id": "cleo", "boss": "ada"}]"#,
    );
    workspace.write(
        "pages/b.json",
        r#"[{"id": "dan", "boss": "bob", "note": "new"}]"#,
    );
    let before = workspace.tree();
    let ended = workspace.import(&with(&["--prune"]));
    assert!(matches!(ended.code, Some(3 | 4)), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
#[ignore = "an unchanged record counts as a row that is there; the database then refuses, without a place"]
fn a_new_record_whose_parent_was_deleted_in_the_database_is_named() {
    let workspace = chain();
    workspace.imports(&with(&[]));
    workspace
        .connection()
        .execute_batch("DELETE FROM shops; DELETE FROM regions WHERE id = 'north';")
        .expect("deleted");
    // Both files are read again: the region is known and unchanged, and its row is gone.
    workspace.write("regions.json", workspace.read("regions.json") + "\n");
    edit(&workspace, "cities.json", |cities| {
        cities.push(json!({"id": "n2", "region": "north"}));
    });
    let before = workspace.tree();
    let ended = workspace.import(&with(&[]));
    assert!(matches!(ended.code, Some(3 | 4)), "{ended}");
    assert!(ended.stderr.contains("cities.json"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

/// The same with a record inside another, whose foreign key is not looked up.
#[test]
#[ignore = "an unchanged record counts as a row that is there; the database then refuses, without a place"]
fn a_new_word_of_a_profile_that_was_deleted_in_the_database_is_named() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace
        .connection()
        .execute_batch("DELETE FROM profiles;")
        .expect("deleted");
    let path = "profiles/child_profiles.json";
    workspace.write(
        path,
        workspace.read(path).replace("banana", "banana, cherry"),
    );
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert!(matches!(ended.code, Some(3 | 4)), "{ended}");
    assert!(ended.stderr.contains(path), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}
