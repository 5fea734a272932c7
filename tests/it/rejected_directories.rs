//! Directories that cannot be imported, and invalid arguments: they are reported, and nothing is written.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

const CARDS: &str = "content_db/approved_cards.json";
const CHAT: &str = "content_db/chat_history.json";

fn valid() -> Workspace {
    Workspace::of("srs4autism/valid/small")
}

/// Imports and expects this exit code, these words in the messages, and no changes on disk.
#[track_caller]
fn assert_rejected(
    workspace: &Workspace,
    arguments: &[&str],
    code: i32,
    words: &[&str],
) -> CommandOutput {
    let before = workspace.tree();
    let ended = workspace.import(arguments);
    assert_eq!(ended.code, Some(code), "{ended}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}\n{ended}");
    }
    before.assert_unchanged(&workspace.tree(), &ended);
    ended
}

#[test]
fn an_empty_directory_has_no_layout() {
    assert_rejected(&Workspace::empty(), &[], 2, &["--layout"]);
}

#[test]
fn a_directory_without_a_file_of_the_layout_is_rejected() {
    let workspace = Workspace::empty();
    let words = ["error[no-files]", "`srs4autism`", "its disk is mounted"];
    for mode in [&["--dry-run"][..], &[]] {
        let arguments = [&["--layout", "srs4autism"], mode].concat();
        assert_rejected(&workspace, &arguments, 3, &words);
    }
}

#[test]
fn the_hint_has_the_path_of_the_layout() {
    let layout = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/layouts/tutorial");
    let words = [
        "error[no-files]",
        &format!("accession layout show {layout}`"),
    ];
    assert_rejected(&Workspace::empty(), &["--layout", layout], 3, &words);
}

/// Simulates an unmounted disk: with `--prune`, all rows would be deleted.
#[test]
fn rows_are_kept_if_all_files_are_missing() {
    let workspace = valid();
    workspace.imports(&[]);
    for entry in fs::read_dir(workspace.source_dir()).expect("read") {
        fs::remove_dir_all(entry.expect("an entry").path()).expect("removed");
    }
    for more in [&["--prune"][..], &["--prune", "--skip-invalid"], &[]] {
        let arguments = [&["--layout", "srs4autism"], more].concat();
        assert_rejected(&workspace, &arguments, 3, &["error[no-files]"]);
    }
}

#[test]
fn a_missing_directory_is_reported() {
    let workspace = valid();
    fs::remove_dir_all(workspace.source_dir()).expect("removed");
    assert_rejected(&workspace, &[], 1, &["no such directory", "`legacy`"]);
}

#[test]
fn a_file_in_place_of_the_directory_is_rejected() {
    let workspace = valid();
    fs::remove_dir_all(workspace.source_dir()).expect("removed");
    fs::write(workspace.source_dir(), "[]").expect("written");
    assert_rejected(&workspace, &[], 1, &["not a directory", "`legacy`"]);
}

#[test]
fn a_file_without_read_permission_is_reported() {
    let workspace = valid();
    let cards = workspace.source_dir().join(CARDS);
    fs::set_permissions(&cards, fs::Permissions::from_mode(0o000)).expect("permissions");
    let ended = workspace.run(&mut workspace.unprivileged_import(&[]));
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(ended.stderr.contains("[unreadable]"), "{ended}");
    assert!(ended.stderr.contains(CARDS), "{ended}");
    assert_eq!(fs::read_dir(workspace.target()).expect("read").count(), 0);
    // No record can be skipped here: the whole file is unreadable.
    let ended = workspace.run(&mut workspace.unprivileged_import(&["--skip-invalid"]));
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(fs::read_dir(workspace.target()).expect("read").count(), 0);
}

#[test]
fn a_directory_without_read_permission_is_reported() {
    let workspace = valid();
    let directory = workspace.source_dir().join("content_db");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).expect("permissions");
    let ended = workspace.run(&mut workspace.unprivileged_import(&[]));
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("permissions");
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(ended.stderr.contains("content_db"), "{ended}");
    assert_eq!(fs::read_dir(workspace.target()).expect("read").count(), 0);
}

#[test]
fn a_link_that_points_outside_the_directory_is_not_followed() {
    let workspace = valid();
    let outside = workspace.root().join("outside.json");
    fs::rename(workspace.source_dir().join(CARDS), &outside).expect("moved");
    symlink(&outside, workspace.source_dir().join(CARDS)).expect("a link");
    assert_rejected(&workspace, &[], 3, &["[outside-link]", CARDS]);
    assert_rejected(
        &workspace,
        &["--skip-invalid"],
        3,
        &["[outside-link]", CARDS],
    );
}

#[test]
fn a_broken_link_is_reported() {
    let workspace = valid();
    workspace.remove(CARDS);
    symlink("nowhere.json", workspace.source_dir().join(CARDS)).expect("a link");
    assert_rejected(&workspace, &[], 3, &[CARDS]);
}

#[test]
fn a_link_that_stays_inside_is_followed() {
    let workspace = valid();
    let real = workspace.source_dir().join("content_db/cards-2024.data");
    fs::rename(workspace.source_dir().join(CARDS), real).expect("moved");
    symlink("cards-2024.data", workspace.source_dir().join(CARDS)).expect("a link");
    workspace.imports(&[]);
    assert_eq!(rows::count(&workspace.connection(), "approved_cards"), 5);
}

#[test]
fn a_link_loop_is_not_followed() {
    let workspace = valid();
    symlink("..", workspace.source_dir().join("content_db/again")).expect("a link");
    let ended = workspace.imports(&[]);
    assert!(ended.stderr.contains("content_db/again"), "{ended}");
}

#[test]
fn a_directory_with_the_name_of_a_file_is_reported() {
    let workspace = valid();
    workspace.remove(CARDS);
    fs::create_dir(workspace.source_dir().join(CARDS)).expect("a directory");
    assert_rejected(&workspace, &[], 3, &["[not-a-file]", CARDS]);
}

#[test]
fn a_pipe_does_not_block() {
    let workspace = valid();
    workspace.remove(CHAT);
    let made = std::process::Command::new("mkfifo")
        .arg(workspace.source_dir().join(CHAT))
        .status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    assert_rejected(&workspace, &[], 3, &["[not-a-file]", CHAT]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_is_reported() {
    use std::os::unix::ffi::OsStrExt as _;
    let workspace = valid();
    let name = std::ffi::OsStr::from_bytes(b"content_db/\xba\xc3.json");
    fs::write(workspace.source_dir().join(name), "[]").expect("written");
    assert_rejected(&workspace, &[], 3, &["not valid UTF-8"]);
}

#[test]
fn cards_without_a_profile_are_rejected() {
    let workspace = valid();
    workspace.write("profiles/child_profiles.json", "[]");
    assert_rejected(&workspace, &[], 3, &["`profile` is not set"]);
    workspace.remove("profiles/child_profiles.json");
    assert_rejected(&workspace, &[], 3, &["`profile` is not set"]);
    assert_rejected(
        &workspace,
        &["--set", "profile=nobody"],
        3,
        &["missing-reference"],
    );
}

#[test]
fn unknown_names_are_usage_errors() {
    let workspace = valid();
    assert_rejected(&workspace, &["--set", "colour=red"], 2, &["`colour`"]);
    assert_rejected(&workspace, &["--set", "profile="], 2, &["NAME=VALUE"]);
    assert_rejected(&workspace, &["--set", "profile"], 2, &["NAME=VALUE"]);
    assert_rejected(&workspace, &["--layout", "nothing"], 2, &["`nothing`"]);
    assert_rejected(&workspace, &["--on-conflict", "guess"], 2, &["guess"]);
    assert_rejected(&workspace, &["--colour"], 2, &["--colour"]);
}

#[test]
fn an_actor_must_have_a_name() {
    let workspace = valid();
    let before = workspace.tree();
    let mut command = workspace.command();
    command.args([
        "import",
        "legacy",
        "--database",
        "target/legacy.db",
        "--actor",
        " ",
    ]);
    let ended = workspace.run(&mut command);
    assert_eq!(ended.code, Some(2), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn layout_errors_are_reported_with_their_lines() {
    let workspace = valid();
    let layout = workspace.root().join("layout");
    fs::create_dir(&layout).expect("a directory");
    fs::write(layout.join("layout.toml"), "name = \"x\"\nsurprise = 1\n").expect("written");
    fs::write(
        layout.join("tables.sql"),
        "CREATE TABLE t (id TEXT PRIMARY KEY);",
    )
    .expect("written");
    assert_rejected(
        &workspace,
        &["--layout", "layout"],
        3,
        &["layout.toml:2", "`surprise`"],
    );
    assert_rejected(
        &workspace,
        &["--layout", "no/such/layout"],
        2,
        &["no/such/layout"],
    );
}

/// The survey has finished when the database is opened; the lock of another program stops the import there.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_changes_while_it_is_read_aborts_the_import() {
    for change in ["longer", "other", "gone"] {
        let workspace = valid();
        workspace.imports(&[]);
        let chat = workspace.read(CHAT);
        workspace.write(CHAT, chat.replace("msg-0004", "msg-0005"));
        let before = fs::read(workspace.database()).expect("a database");
        let other = workspace.connection();
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let child = workspace.begin_import(&[]);
        workspace.wait_until_open(&child);
        match change {
            "longer" => workspace.write(CHAT, format!("{chat}\n")),
            "other" => workspace.write(CHAT, chat.replace("msg-0004", "msg-0006")),
            _ => workspace.remove(CHAT),
        }
        other
            .execute_batch("ROLLBACK")
            .expect("the lock is released");
        let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
        drop(other);
        assert_eq!(ended.code, Some(3), "{change}: {ended}");
        assert!(ended.stderr.contains(CHAT), "{ended}");
        assert_eq!(fs::read(workspace.database()).expect("a database"), before);
        assert_eq!(rows::count(&workspace.connection(), "import_runs"), 1);
    }
}

/// The source directory is never written to, so neither the database nor the archive may be in it.
#[test]
fn a_database_or_archive_in_the_source_directory_is_rejected() {
    let workspace = Workspace::of("srs4autism/valid/small");
    let before = workspace.tree();
    for arguments in [
        ["--database", "legacy/new.db"],
        ["--database", "sqlite:legacy/profiles/new.db"],
        ["--archive", "legacy/archive"],
    ] {
        let mut command = workspace.command();
        command.args(["import", "legacy"]).args(arguments);
        if arguments[0] == "--archive" {
            command.args(["--database", "target/legacy.db"]);
        }
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.stderr.contains("never written to"), "{ended}");
    }
    before.assert_unchanged(&workspace.tree(), "rejected");
}

#[test]
fn a_directory_without_a_file_of_the_layout_is_not_verified() {
    let workspace = valid();
    workspace.imports(&[]);
    std::fs::create_dir(workspace.root().join("empty")).expect("made");
    let mut command = workspace.command();
    command.args(["verify", "empty", "--layout", "srs4autism"]);
    let ended = workspace.run(command.args(["--database", "target/legacy.db"]));
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stdout.starts_with("nothing compared"), "{ended}");
}
