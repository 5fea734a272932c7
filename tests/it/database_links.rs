//! A symbolic link to a database is treated as the database itself, with the same archive and the same log of seals.

use std::fs;
use std::os::unix::fs::symlink;

use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

const CHAT: &str = "content_db/chat_history.json";

fn import(workspace: &Workspace, database: &str) -> CommandOutput {
    let mut command = workspace.command();
    command.args(["import", "legacy", "--database", database]);
    workspace.run(&mut command)
}

#[test]
fn a_link_and_its_database_share_archive_and_seals() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    symlink("target/legacy.db", workspace.root().join("link.db")).expect("linked");
    workspace.write(CHAT, "[]");
    let ended = import(&workspace, "link.db");
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!workspace.root().join("link.db.archive").exists());
    assert!(!workspace.root().join(".link.db.accession-new").exists());
    let log = fs::read_to_string(workspace.archive().join("seals.log")).expect("read");
    let databases: Vec<_> = log
        .lines()
        .map(|line| line.split(' ').next_back())
        .collect();
    assert_eq!(databases.len(), 2, "{log}");
    assert_eq!(databases[0], databases[1], "{log}");
    for database in ["link.db", "target/legacy.db"] {
        let mut command = workspace.command();
        command.args(["audit", "verify", "--database", database]);
        command.args(["--anchor", "target/legacy.db.archive/seals.log"]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let mut command = workspace.command();
    command.args(["archive", "verify", "--database", "link.db"]);
    let verified = workspace.run(&mut command);
    assert_eq!(verified.code, Some(0), "{verified}");
    let runs = fs::read_dir(workspace.archive().join("runs")).expect("read");
    assert_eq!(runs.count(), 2);
}

#[test]
fn an_archive_next_to_the_link_is_still_found() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    symlink("target/legacy.db", workspace.root().join("link.db")).expect("linked");
    let old = workspace.root().join("link.db.archive");
    fs::rename(workspace.archive(), &old).expect("moved");
    workspace.write(CHAT, "[]");
    let ended = import(&workspace, "link.db");
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!workspace.archive().exists());
    assert_eq!(fs::read_dir(old.join("runs")).expect("read").count(), 2);
}

#[test]
fn a_broken_link_is_reported() {
    let workspace = Workspace::of("srs4autism/valid/small");
    symlink("elsewhere/legacy.db", workspace.database()).expect("linked");
    for arguments in [
        &["import", "legacy"][..],
        &["import", "legacy", "--dry-run"],
        &["runs", "list"],
        &["doctor"],
        &["audit", "seal"],
    ] {
        let before = workspace.tree();
        let mut command = workspace.command();
        command
            .args(arguments)
            .args(["--database", "target/legacy.db"]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(1), "{ended}");
        // `doctor` reports it in its result.
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        assert!(
            printed.contains("a symbolic link to `elsewhere/legacy.db`"),
            "{ended}"
        );
        before.assert_unchanged(&workspace.tree(), ended);
    }
}

#[test]
fn a_log_of_seals_that_is_a_link_is_not_followed() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let log = workspace.archive().join("seals.log");
    let elsewhere = workspace.root().join("elsewhere.log");
    fs::rename(&log, &elsewhere).expect("moved");
    symlink(&elsewhere, &log).expect("linked");
    let before = fs::read(&elsewhere).expect("read");
    workspace
        .connection()
        .execute_batch("DELETE FROM chat_messages")
        .expect("changed");
    let mut command = workspace.command();
    command.args(["audit", "seal", "--database", "target/legacy.db"]);
    let sealed = workspace.run(&mut command);
    assert_eq!(sealed.code, Some(0), "{sealed}");
    assert!(sealed.stderr.contains("it is a symbolic link"), "{sealed}");
    assert!(
        sealed.stderr.contains("keep the line `accession-seal/1 2 "),
        "{sealed}"
    );
    workspace.write("content_db/approved_cards.json", "[]");
    let imported = import(&workspace, "target/legacy.db");
    assert_eq!(imported.code, Some(0), "{imported}");
    assert!(
        imported.stderr.contains("it is a symbolic link"),
        "{imported}"
    );
    assert_eq!(fs::read(&elsewhere).expect("read"), before);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn a_database_that_was_moved_with_its_archive_needs_no_warning() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    let root = workspace.root();
    for (from, to) in [
        ("target/legacy.db", "moved.db"),
        ("target/legacy.db.archive", "moved.db.archive"),
    ] {
        fs::rename(root.join(from), root.join(to)).expect("renamed");
    }
    let sealed = |number: usize| {
        let database = rusqlite::Connection::open(root.join("moved.db")).expect("opened");
        let update = format!("UPDATE profiles SET name = 'Ann {number}'");
        database.execute_batch(&update).expect("written");
        let mut command = workspace.command();
        workspace.run(command.args(["audit", "seal", "--database", "moved.db"]))
    };
    let ended = sealed(1);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended}"
    );
    let log = root.join("moved.db.archive/seals.log");
    assert_eq!(fs::read_to_string(&log).expect("read").lines().count(), 2);
    fs::remove_dir_all(root.join("moved.db.archive")).expect("removed");
    let ended = sealed(2);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(
        ended.stderr.contains("that archive is not there any more"),
        "{ended}"
    );
}
