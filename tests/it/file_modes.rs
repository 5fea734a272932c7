//! File modes: everything an import creates is accessible only to its owner, unless requested otherwise.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::workspace::Workspace;

fn mode(path: &Path) -> u32 {
    let found = fs::symlink_metadata(path).expect("there");
    found.permissions().mode() & 0o777
}

#[test]
fn all_created_files_are_accessible_only_to_their_owner() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace.write("content_db/chat_history.json", "[]");
    workspace.imports(&[]);
    let run: String =
        crate::rows::value(&workspace.connection(), "SELECT max(id) FROM import_runs");
    let mut command = workspace.command();
    command.args(["audit", "receipt", &run, "--database", "target/legacy.db"]);
    let ended = workspace.run(command.args(["--output", "target/receipt.json"]));
    assert_eq!(ended.code, Some(0), "{ended}");
    let mut files = 0;
    for entry in walkdir::WalkDir::new(workspace.target()).min_depth(1) {
        let entry = entry.expect("an entry");
        let expected = match entry.file_type().is_dir() {
            true => 0o700,
            false => 0o600,
        };
        assert_eq!(mode(entry.path()), expected, "{}", entry.path().display());
        files += 1;
    }
    assert!(files > 8, "database, archive, backup and receipt: {files}");
}

#[test]
fn files_that_sqlite_creates_next_to_the_database_have_its_mode() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&["--mode", "640"]);
    assert_eq!(mode(&workspace.database()), 0o640);
    let connection = workspace.connection();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE mine (id)")
        .expect("written");
    for ending in ["-wal", "-shm"] {
        let path = workspace.target().join(format!("legacy.db{ending}"));
        assert_eq!(mode(&path), 0o640);
    }
}

#[test]
fn the_mode_of_an_existing_database_is_kept() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    fs::set_permissions(workspace.database(), fs::Permissions::from_mode(0o664)).expect("set");
    workspace.write("content_db/chat_history.json", "[]");
    let ended = workspace.import(&["--mode", "600"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(mode(&workspace.database()), 0o664);
    let notice =
        "`--mode` has no effect: `target/legacy.db` exists and keeps its permissions, 664\n";
    assert!(ended.stderr.contains(notice), "{ended}");
    workspace.write("content_db/chat_history.json", "[ ]");
    let ended = workspace.import(&["--mode", "664"]);
    assert!(!ended.stderr.contains("--mode"), "{ended}");
}

#[test]
fn a_mode_that_excludes_the_owner_is_a_usage_error() {
    let workspace = Workspace::of("srs4autism/valid/small");
    for mode in ["rw", "", "400", "1777", "8", "-1"] {
        let ended = workspace.import(&[format!("--mode={mode}")]);
        assert_eq!(ended.code, Some(2), "{ended}");
    }
    assert!(!workspace.database().exists());
}

/// A run was killed while it built the database, and another program then created a database with that name.
#[test]
fn leftovers_of_a_killed_run_are_removed() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let left = workspace.target().join(".legacy.db.accession-new");
    fs::write(&left, "half").expect("written");
    let backups = workspace.archive().join("backups");
    fs::create_dir(&backups).expect("made");
    let backup = backups.join(".tmp-backup-left");
    fs::write(&backup, "half").expect("written");
    let run = workspace.archive().join("runs/.tmp-left");
    fs::write(&run, "half").expect("written");
    workspace.write("content_db/chat_history.json", "[]");
    workspace.imports(&["--no-backup"]);
    for path in [left, backup, run] {
        assert!(!path.exists(), "{}", path.display());
    }
}
