//! Importing an unchanged directory again writes nothing.

use crate::rows;
use crate::workspace::Workspace;

#[test]
fn a_second_import_changes_no_byte() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let before = workspace.tree();
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    assert_eq!(again.stderr, "");
    before.assert_unchanged(&workspace.tree(), again);
}

#[test]
fn other_policies_change_no_byte_either() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let before = workspace.tree();
    for options in [
        &["--prune"][..],
        &["--skip-invalid"],
        &["--dry-run"],
        &["--on-conflict", "take-file"],
        &["--no-backup"],
        &["--reason", "again"],
    ] {
        let again = workspace.imports(options);
        assert!(again.stdout.starts_with("nothing to do"), "{again}");
        before.assert_unchanged(&workspace.tree(), again);
    }
}

#[test]
fn rewritten_files_with_the_same_contents_change_no_byte() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let before = workspace.tree();
    let path = "content_db/approved_cards.json";
    workspace.write(path, workspace.read(path));
    let again = workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    before.assert_unchanged(&workspace.tree(), again);
}

#[test]
fn other_white_space_changes_no_row() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let entries = rows::count(&workspace.connection(), "audit_log");
    for path in [
        "profiles/child_profiles.json",
        "content_db/approved_cards.json",
        "content_db/chat_history.json",
    ] {
        let compact = crate::json::parse(&workspace.read(path)).to_string();
        workspace.write(path, compact);
    }
    let again = workspace.imports(&[]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "audit_log"), entries, "{again}");
    rows::assert_sound(&connection);
    let third = workspace.imports(&[]);
    assert!(third.stdout.starts_with("nothing to do"), "{third}");
}

/// The same records in another order are the same records.
#[test]
fn the_order_of_records_does_not_matter() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let entries = rows::count(&workspace.connection(), "audit_log");
    for path in [
        "content_db/approved_cards.json",
        "content_db/chat_history.json",
    ] {
        let mut records = crate::json::array(&workspace.read(path));
        records.reverse();
        workspace.write(path, serde_json::Value::from(records).to_string());
    }
    workspace.imports(&[]);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "audit_log"), entries);
    rows::assert_sound(&connection);
}

#[test]
fn the_same_directory_under_another_path_is_reported() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let moved = workspace.root().join("moved");
    std::fs::rename(workspace.source_dir(), &moved).expect("a directory is moved");
    let before = workspace.tree();
    let old = workspace.source_dir().display().to_string();
    for more in [&["--dry-run"][..], &[], &["--skip-invalid"]] {
        let mut command = workspace.command();
        command.args(["import", "moved", "--database", "target/legacy.db"]);
        let ended = workspace.run(command.args(more));
        assert_eq!(ended.code, Some(3), "{ended}");
        for words in ["error[moved-source]", &format!("--source '{old}'")] {
            assert!(ended.stderr.contains(words), "{ended}");
        }
        before.assert_unchanged(&workspace.tree(), ended);
    }

    let mut command = workspace.command();
    command.args([
        "import",
        "moved",
        "--database",
        "target/legacy.db",
        "--source",
        &old,
    ]);
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.stdout.starts_with("nothing to do"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}
