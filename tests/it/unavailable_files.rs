//! Files that are missing but were not deleted: moved to another disk and linked, unmounted, unreadable.

use std::fs;
use std::os::unix::fs::symlink;

use crate::fixtures;
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

fn layout() -> String {
    let path = fixtures::path("layouts/anything");
    path.to_str().expect("UTF-8").to_owned()
}

pub(crate) fn import(workspace: &Workspace, more: &[&str]) -> CommandOutput {
    let layout = layout();
    workspace.import(&[&["--layout", &layout], more].concat())
}

/// Imports two rows from `records/a.json` and three from files in `lines/`.
fn imported() -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    for number in 1..=3 {
        workspace.write(&format!("lines/{number}.jsonl"), format!("{number}\n"));
    }
    let ended = import(&workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    workspace
}

pub(crate) fn items(workspace: &Workspace) -> i64 {
    rows::count(&workspace.connection(), "items")
}

fn removed(workspace: &Workspace) -> i64 {
    let sql = "SELECT count(*) FROM row_sources WHERE gone_run_id IS NOT NULL";
    rows::value(&workspace.connection(), sql)
}

/// Without `--prune`, the rows are left unchanged; with it, nothing is written until the user confirms that the files
/// were deleted.
#[track_caller]
pub(crate) fn kept_until_confirmed(workspace: &Workspace, place: &str, words: &str) {
    let total = items(workspace);
    // An additional change, so that a run is written.
    workspace.write("lines/3.jsonl", "33\n");
    let ended = import(workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.stderr.contains("[unavailable-files]"), "{ended}");
    assert!(ended.stderr.contains(words), "{ended}");
    assert_eq!(
        (items(workspace), removed(workspace)),
        (total, 0),
        "{ended}"
    );
    for more in [
        &["--prune"][..],
        &["--prune", "--skip-invalid"],
        &["--prune", "--dry-run"],
    ] {
        let before = workspace.tree();
        let ended = import(workspace, more);
        assert_eq!(ended.code, Some(3), "{ended}");
        assert!(ended.stderr.contains("error[unavailable-files]"), "{ended}");
        let hint = format!("--deleted '{place}'");
        assert!(ended.stderr.contains(&hint), "{ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
    let ended = import(workspace, &["--prune", "--deleted", &format!("./{place}/")]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(items(workspace), total - 2, "{ended}");
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_directory_that_was_moved_and_linked_keeps_its_rows() {
    let workspace = imported();
    let elsewhere = workspace.root().join("elsewhere");
    fs::rename(workspace.source_dir().join("records"), &elsewhere).expect("moved");
    symlink(&elsewhere, workspace.source_dir().join("records")).expect("linked");
    kept_until_confirmed(&workspace, "records", "symbolic link");
}

#[test]
fn a_directory_that_is_a_broken_link_keeps_its_rows() {
    let workspace = imported();
    fs::remove_dir_all(workspace.source_dir().join("records")).expect("removed");
    symlink("nowhere", workspace.source_dir().join("records")).expect("linked");
    kept_until_confirmed(&workspace, "records", "symbolic link");
}

#[test]
fn a_directory_that_is_missing_completely_keeps_its_rows() {
    let workspace = imported();
    fs::remove_dir_all(workspace.source_dir().join("records")).expect("removed");
    kept_until_confirmed(&workspace, "records", "no longer exists");
}

#[test]
fn a_directory_replaced_by_a_file_keeps_its_rows() {
    let workspace = imported();
    fs::remove_dir_all(workspace.source_dir().join("records")).expect("removed");
    fs::write(workspace.source_dir().join("records"), "").expect("written");
    kept_until_confirmed(
        &workspace,
        "records",
        "another kind of file is in its place",
    );
}

/// Unmounting leaves an empty directory that has not changed since its files were read. A run dated after the
/// directory's last change read the files elsewhere.
#[test]
fn an_empty_directory_from_which_nothing_was_deleted_keeps_its_rows() {
    let workspace = imported();
    workspace.remove("records/a.json");
    let connection = workspace.connection();
    let guards = rows::texts(
        &connection,
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'import_runs'",
    );
    for guard in guards {
        let sql = format!("DROP TRIGGER \"{guard}\"");
        connection.execute_batch(&sql).expect("dropped");
    }
    connection
        .execute_batch("UPDATE import_runs SET started_at = '2999-01-01T00:00:00.000000Z'")
        .expect("dated");
    drop(connection);
    kept_until_confirmed(&workspace, "records", "not mounted");
}

#[test]
fn deleted_files_are_detected_as_deleted() {
    let workspace = imported();
    workspace.remove("records/a.json");
    workspace.remove("lines/1.jsonl");
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!ended.stderr.contains("unavailable"), "{ended}");
    assert_eq!(items(&workspace), 2);
}

#[test]
fn a_directory_that_was_renamed_is_not_unavailable() {
    let workspace = imported();
    fs::rename(
        workspace.source_dir().join("records"),
        workspace.source_dir().join("Records"),
    )
    .expect("renamed");
    // No source matches the new name: these files are missing, not renamed.
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(3), "{ended}");
    fs::rename(
        workspace.source_dir().join("Records"),
        workspace.source_dir().join("documents"),
    )
    .expect("renamed");
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    // The same text is one document now.
    assert_eq!(items(&workspace), 4);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn rows_marked_as_removed_by_an_earlier_run_are_not_deleted_behind_a_link() {
    let workspace = imported();
    let elsewhere = workspace.root().join("elsewhere");
    fs::rename(workspace.source_dir().join("records"), &elsewhere).expect("moved");
    // Earlier versions treated a linked directory as an empty one.
    let ended = import(&workspace, &["--deleted", "records"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!((items(&workspace), removed(&workspace)), (5, 2));
    symlink(&elsewhere, workspace.source_dir().join("records")).expect("linked");
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(items(&workspace), 5);
    fs::remove_file(workspace.source_dir().join("records")).expect("removed");
    fs::rename(&elsewhere, workspace.source_dir().join("records")).expect("moved back");
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!((items(&workspace), removed(&workspace)), (5, 0));
}
