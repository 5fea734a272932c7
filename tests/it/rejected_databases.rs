//! Databases and archives that cannot be written: they are reported and left unchanged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use crate::rows;
use crate::tree::Tree;
use crate::workspace::{CommandOutput, Workspace};

fn valid() -> Workspace {
    Workspace::of("srs4autism/valid/small")
}

/// Returns an imported workspace whose files changed, so that the next import has something to write.
fn with_work_to_do() -> Workspace {
    let workspace = valid();
    workspace.imports(&[]);
    let path = "content_db/chat_history.json";
    let chat = workspace.read(path);
    workspace.write(path, chat.replace("msg-0004", "msg-0005"));
    workspace
}

/// Imports and expects exit code 1, these words in the messages, and no changes on disk.
#[track_caller]
fn assert_rejected(workspace: &Workspace, arguments: &[&str], words: &[&str]) -> CommandOutput {
    let before = workspace.tree();
    let ended = workspace.import(arguments);
    assert_rejected_unchanged(workspace, &before, &ended, words);
    ended
}

#[track_caller]
fn assert_rejected_unchanged(
    workspace: &Workspace,
    before: &Tree,
    ended: &CommandOutput,
    words: &[&str],
) {
    assert_eq!(ended.code, Some(1), "{ended}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}\n{ended}");
    }
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn a_file_that_is_not_a_database_is_unchanged() {
    let workspace = valid();
    for content in ["notes, not a database\n", "SQLite format 2\0 ", "x"] {
        fs::write(workspace.database(), content).expect("written");
        assert_rejected(
            &workspace,
            &[],
            &["not a SQLite database", "target/legacy.db"],
        );
    }
}

#[test]
fn a_damaged_database_is_unchanged() {
    let workspace = with_work_to_do();
    let mut bytes = fs::read(workspace.database()).expect("read");
    bytes[100..4000].fill(0x5a);
    fs::write(workspace.database(), bytes).expect("written");
    assert_rejected(&workspace, &[], &["malformed"]);
}

#[test]
fn a_truncated_database_is_unchanged() {
    let workspace = with_work_to_do();
    let bytes = fs::read(workspace.database()).expect("read");
    fs::write(workspace.database(), &bytes[..bytes.len() / 2]).expect("written");
    assert_rejected(&workspace, &[], &["malformed"]);
}

#[test]
fn a_directory_is_rejected_as_a_database() {
    let workspace = valid();
    fs::create_dir(workspace.database()).expect("a directory");
    assert_rejected(&workspace, &[], &["not a regular file"]);
}

#[test]
fn a_database_in_a_missing_directory_is_not_created() {
    let workspace = valid();
    fs::remove_dir(workspace.target()).expect("removed");
    assert_rejected(&workspace, &[], &["target"]);
}

/// A future version of the file format makes SQLite treat a database as read-only, even for root.
#[test]
fn a_read_only_database_is_reported_as_such() {
    let workspace = with_work_to_do();
    let mut bytes = fs::read(workspace.database()).expect("read");
    bytes[18] = 3;
    fs::write(workspace.database(), bytes).expect("written");
    assert_rejected(
        &workspace,
        &[],
        &["the database is read-only", "permissions"],
    );
}

#[test]
fn a_database_without_write_permission_is_reported_as_read_only() {
    for journal in ["wal", "delete"] {
        let workspace = with_work_to_do();
        workspace
            .connection()
            .pragma_update(None, "journal_mode", journal)
            .expect("a pragma");
        let mut command = workspace.unprivileged_import(&[]);
        let mode = |path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
        };
        mode(workspace.database(), 0o444);
        mode(workspace.target(), 0o555);
        let before = workspace.tree();
        let ended = workspace.run(&mut command);
        assert_rejected_unchanged(&workspace, &before, &ended, &["the database is read-only"]);
        mode(workspace.target(), 0o755);
    }
}

/// A database in WAL mode needs a `-shm` file, which cannot be created without write permission.
#[test]
fn a_reviewer_can_read_a_database_without_write_permission() {
    let workspace = with_work_to_do();
    let mode = |path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    let looks: [(&[&str], i32); 5] = [
        (&["runs", "list"], 0),
        (&["audit", "log"], 0),
        (&["audit", "history", "profiles", "child_0001"], 0),
        (&["audit", "verify"], 0),
        (&["doctor"], 1),
    ];
    for (arguments, code) in looks {
        let mut command = workspace.command();
        command
            .args(arguments)
            .args(["--database", "target/legacy.db"]);
        let mut command = workspace.unprivileged(command);
        mode(workspace.database(), 0o444);
        mode(workspace.target(), 0o555);
        let before = workspace.tree();
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        before.assert_unchanged(&workspace.tree(), &ended);
        if code == 1 {
            for words in ["WRITE on the file", "WRITE on the directory"] {
                assert!(ended.stdout.contains(words), "{ended}");
            }
        }
        mode(workspace.target(), 0o755);
    }
}

#[test]
fn a_database_is_not_created_in_a_directory_without_write_permission() {
    let workspace = valid();
    let mut command = workspace.unprivileged_import(&[]);
    fs::set_permissions(workspace.target(), fs::Permissions::from_mode(0o555))
        .expect("permissions");
    let before = workspace.tree();
    let ended = workspace.run(&mut command);
    let words = [
        "target/legacy.db: cannot create database",
        "ermission denied",
        "its directory is writable",
    ];
    assert_rejected_unchanged(&workspace, &before, &ended, &words);
    assert!(!ended.stderr.contains("accession-new"), "{ended}");
    fs::set_permissions(workspace.target(), fs::Permissions::from_mode(0o755))
        .expect("permissions");
}

#[test]
fn a_ledger_of_a_newer_version_is_rejected() {
    let workspace = with_work_to_do();
    workspace
        .connection()
        .execute(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('accession9999')",
            [],
        )
        .expect("inserted");
    assert_rejected(&workspace, &[], &["newer", "accession9999"]);
    assert_rejected(&workspace, &["--dry-run"], &["newer", "accession9999"]);
}

/// Diesel's table of migrations may also be used by the application.
#[test]
fn migrations_of_the_application_are_ignored() {
    let workspace = with_work_to_do();
    workspace
        .connection()
        .execute(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('20240501000000')",
            [],
        )
        .expect("inserted");
    workspace.imports(&[]);
}

#[test]
fn a_context_left_by_another_program_is_reported() {
    let workspace = with_work_to_do();
    workspace
        .connection()
        .execute(
            "INSERT INTO audit_context (one, run_id, changed_by, changed_at) VALUES (1, 'x', 'mallory', 'now')",
            [],
        )
        .expect("inserted");
    assert_rejected(
        &workspace,
        &[],
        &["audit_context", "DELETE FROM audit_context"],
    );
}

#[test]
fn an_unknown_scheme_is_never_a_file() {
    let workspace = valid();
    let before = workspace.tree();
    for url in [
        "oracle://h/x",
        "http://h/x",
        "sqlite3:target/x.db",
        "sqlite:",
        ":memory:",
    ] {
        let mut command = workspace.command();
        command.args(["import", "legacy", "--database", url]);
        let ended = workspace.run(&mut command);
        assert_eq!(ended.code, Some(2), "{url}: {ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
}

#[test]
fn a_password_in_the_url_is_not_repeated() {
    let workspace = valid();
    let mut command = workspace.command();
    command.args([
        "import",
        "legacy",
        "--database",
        "oracle://me:hunter2@host/x",
    ]);
    let ended = workspace.run(&mut command);
    assert!(!ended.to_string().contains("hunter2"), "{ended}");
}

#[test]
fn the_database_must_be_specified() {
    let workspace = valid();
    let ended = workspace.run(workspace.command().args(["import", "legacy"]));
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(ended.stderr.contains("--database"), "{ended}");
}

#[test]
fn tables_that_cannot_hold_the_rows_are_listed() {
    let workspace = valid();
    workspace
        .connection()
        .execute_batch(
            "CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE chat_messages (
                 id INTEGER PRIMARY KEY AUTOINCREMENT, profile_id TEXT NOT NULL, role TEXT NOT NULL,
                 content TEXT NOT NULL, timestamp TEXT, room TEXT NOT NULL
             );",
        )
        .expect("made");
    for arguments in [&[][..], &["--dry-run"]] {
        let ended = assert_rejected(
            &workspace,
            arguments,
            &[
                "2 tables of the database do not match the layout (",
                "`profiles`: it lacks the column `dob`",
                "`profiles`: its column `id` is INTEGER",
                "`chat_messages`: its column `room` must have a value",
            ],
        );
        assert!(!ended.stderr.contains("`mastered_words`"), "{ended}");
    }
    let tables = rows::application_tables(&workspace.connection());
    assert_eq!(tables, ["chat_messages", "profiles"]);
}

#[test]
fn a_view_in_place_of_a_table_is_reported() {
    let workspace = valid();
    workspace
        .connection()
        .execute_batch(
            "CREATE TABLE people (id TEXT); CREATE VIEW profiles AS SELECT id FROM people;",
        )
        .expect("made");
    assert_rejected(&workspace, &[], &["`profiles`"]);
}

#[test]
fn another_file_in_place_of_the_archive_is_unchanged() {
    let workspace = valid();
    fs::write(workspace.archive(), "mine").expect("written");
    assert_rejected(&workspace, &[], &["legacy.db.archive"]);
    fs::remove_file(workspace.archive()).expect("removed");
    fs::create_dir(workspace.archive()).expect("a directory");
    fs::write(workspace.archive().join("photo.jpg"), "mine").expect("written");
    assert_rejected(&workspace, &[], &["legacy.db.archive", "not an archive"]);
}

#[test]
fn an_archive_that_cannot_be_written_prevents_the_import() {
    let workspace = valid();
    let elsewhere = workspace.root().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    let mut command = workspace.unprivileged_import(&["--archive", "elsewhere/archive"]);
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o555)).expect("permissions");
    let before = workspace.tree();
    let ended = workspace.run(&mut command);
    assert_rejected_unchanged(&workspace, &before, &ended, &["elsewhere/archive"]);
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn an_archive_without_read_permission_is_reported() {
    let workspace = with_work_to_do();
    let mut list = workspace.command();
    list.args(["archive", "list", "--archive", "target/legacy.db.archive"]);
    let mut list = workspace.unprivileged(list);
    fs::set_permissions(workspace.archive(), fs::Permissions::from_mode(0o000))
        .expect("permissions");
    let ended = workspace.run(&mut list);
    fs::set_permissions(workspace.archive(), fs::Permissions::from_mode(0o700))
        .expect("permissions");
    assert_eq!(ended.code, Some(1), "{ended}");
    for words in ["cannot open the archive", "ermission denied", "hint: "] {
        assert!(ended.stderr.contains(words), "{ended}");
    }
}

/// Triggers of the application that write additional rows are detected before the commit.
#[test]
fn unplanned_rows_abort_the_import() {
    let workspace = with_work_to_do();
    workspace
        .connection()
        .execute_batch(
            "CREATE TRIGGER helpful AFTER INSERT ON chat_messages BEGIN
                 UPDATE chat_messages SET content = upper(content) || '!' WHERE id = NEW.id;
             END;",
        )
        .expect("made");
    // The audit triggers are made again, since they are to fire before it.
    let mut enable = workspace.command();
    enable.args(["audit", "enable", "chat_messages"]);
    let enabled = workspace.run(enable.args(["--database", "target/legacy.db"]));
    assert_eq!(enabled.code, Some(0), "{enabled}");
    let before = workspace.tree();
    let ended = workspace.import::<&str>(&[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("`chat_messages`"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn a_held_lock_is_reported_after_waiting() {
    let workspace = with_work_to_do();
    let before = workspace.tree();
    let other: Connection = workspace.connection();
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let started = std::time::Instant::now();
    let ended = workspace.import(&["--wait", "1"]);
    let waited = started.elapsed();
    other.execute_batch("ROLLBACK").expect("released");
    drop(other);
    assert_rejected_unchanged(
        &workspace,
        &before,
        &ended,
        &["another program", "1 second", "--wait"],
    );
    assert!(waited.as_millis() >= 900, "{waited:?}");
    workspace.imports(&["--wait", "1"]);
}

#[test]
fn a_database_locked_against_readers_is_reported_after_waiting() {
    let workspace = with_work_to_do();
    let other: Connection = workspace.connection();
    other
        .execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
        .expect("the lock");
    let ended = workspace.import(&["--wait", "1"]);
    other.execute_batch("ROLLBACK").expect("released");
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("another program"), "{ended}");
    drop(other);
    workspace.imports(&[]);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn invalid_arguments_are_reported_with_the_valid_ones() {
    let workspace = valid();
    workspace.imports(&[]);
    for (arguments, code, words) in [
        (
            "import legacy --database nodir/x.db",
            1,
            ["nodir: no such directory", "mkdir -p"],
        ),
        (
            "audit show x --database target/legacy.db",
            2,
            ["the id of an entry", "`accession audit log --entries`"],
        ),
        (
            "rejects show x --database target/legacy.db",
            2,
            ["the number of a reject", "`accession rejects list`"],
        ),
        (
            "audit verify --anchor abc --database target/legacy.db",
            2,
            ["the hash of a seal", "`seals.log`"],
        ),
        (
            "audit enable --database target/legacy.db",
            2,
            ["TABLE", "--all"],
        ),
        (
            "layout check nosuch",
            2,
            ["`accession layout list`", "the path of its directory"],
        ),
        (
            "migrate down --database target/legacy.db",
            2,
            [
                "`accession-0005_staged_rows`",
                "the audit log and its seals stay",
            ],
        ),
    ] {
        let mut command = workspace.command();
        let ended = workspace.run(command.args(arguments.split(' ')));
        assert_eq!(ended.code, Some(code), "{arguments}\n{ended}");
        for words in words {
            assert!(ended.stderr.contains(words), "{words}\n{ended}");
        }
    }
    let mut command = workspace.command();
    let ended = workspace.run(command.args(["doctor", "--database", "nofile.db"]));
    assert!(ended.stdout.contains("check the path"), "{ended}");
    assert!(!ended.stdout.contains("TLS"), "{ended}");
}
