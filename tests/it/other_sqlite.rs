//! Other programs write with their own version of the SQLite library, which then runs the triggers.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{CommandOutput, Workspace};

/// Returns the directories of older libraries, and `None` for the library of the system.
fn libraries() -> Vec<Option<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/sqlite-library");
    let built = CommandOutput::of(Command::new(script).output().expect("bash is there"));
    assert_eq!(built.code, Some(0), "{built}");
    let directories = built
        .stdout
        .trim()
        .split(':')
        .map(|one| Some(one.to_owned()));
    directories.chain([None]).collect()
}

fn python(library: Option<&str>, arguments: &[&str]) -> CommandOutput {
    let mut command = Command::new("python3");
    command.args(arguments);
    if let Some(directory) = library {
        command.env("LD_LIBRARY_PATH", directory);
    }
    CommandOutput::of(command.output().expect("python3 is there"))
}

/// Creates a layout with one table of this many columns, and three records for it.
fn wide(columns: usize) -> Workspace {
    let workspace = Workspace::empty();
    let names = wide_layout(&workspace, columns);
    let record = |number: usize| {
        let members = names
            .iter()
            .map(|name| format!("\"{name}\": \"{number} of {name}\""));
        format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
    };
    let records: Vec<_> = (0..3).map(record).collect();
    fs::write(
        workspace.source_dir().join("rows.json"),
        format!("[{}]", records.join(",\n")),
    )
    .expect("written");
    workspace
}

/// The layout `wide` of one table with so many columns: `id`, which is the key, `c0001` and so on. Gives their names.
pub(crate) fn wide_layout(workspace: &Workspace, columns: usize) -> Vec<String> {
    let name = |column: usize| match column {
        0 => "id".to_owned(),
        column => format!("c{column:04}"),
    };
    let names: Vec<_> = (0..columns).map(name).collect();
    let list =
        |write: &dyn Fn(&String) -> String| names.iter().map(write).collect::<Vec<_>>().join(", ");
    let layout = workspace.root().join("wide");
    fs::create_dir(&layout).expect("a directory");
    let write = |path: &str, text: String| fs::write(layout.join(path), text).expect("written");
    let tables = list(&|name| match name.as_str() {
        "id" => "id TEXT PRIMARY KEY".to_owned(),
        name => format!("{name} TEXT"),
    });
    write("tables.sql", format!("CREATE TABLE wide ({tables});"));
    write(
        "rows.schema.json",
        r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "items": { "type": "object" } }"#.to_owned(),
    );
    let mapped = list(&|name| format!("{name} = \"/{name}\""));
    write(
        "layout.toml",
        format!(
            "name = \"wide\"\ntitle = \"Many columns\"\n[[source]]\nfiles = \"rows.json\"\nschema = \"rows.schema.json\"\n\
             [[source.records]]\ntable = \"wide\"\neach = \"/*\"\ncolumns = {{ {mapped} }}\n"
        ),
    );
    names
}

#[track_caller]
fn succeeds(workspace: &Workspace, arguments: &[&str]) -> CommandOutput {
    let mut command = workspace.command();
    command
        .args(arguments)
        .args(["--database", "target/legacy.db", "--quiet"]);
    let ended = workspace.run(command.env("ACCESSION_ACTOR", crate::workspace::ACTOR));
    assert_eq!(ended.code, Some(0), "{arguments:?}\n{ended}");
    ended
}

/// Executes every kind of statement that fires a trigger, with the library of this Python.
const USE: &str = r#"
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
execute = lambda sql: connection.execute(sql).fetchall()
(before,), = execute("SELECT max(id) FROM audit_log")
assert execute("SELECT count(*) FROM wide") == [(3,)]
execute("UPDATE wide SET c0070 = 'changed' WHERE id = '1 of id'")
execute("REPLACE INTO wide (id, c0001) VALUES ('2 of id', 'another')")
execute("INSERT OR IGNORE INTO wide (id) VALUES ('0 of id')")
execute("DELETE FROM wide WHERE id = '0 of id'")
found = [row[0] for row in execute(f"SELECT action FROM audit_log WHERE id > {before} ORDER BY id")]
assert found == ["UPDATE", "DELETE", "INSERT", "DELETE"], found
"#;

#[test]
fn statements_of_an_ordinary_program_are_recorded() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sqlite_writers.py");
    let script = script.display().to_string();
    for (seed, library) in (1..).zip(libraries()) {
        let workspace = Workspace::empty();
        let directory = workspace.target().display().to_string();
        let seed = format!("{seed}");
        let arguments = [
            script.as_str(),
            "--accession",
            env!("CARGO_BIN_EXE_accession"),
            "--directory",
            &directory,
            "--seed",
            &seed,
            "--steps",
            "800",
        ];
        let ended = python(library.as_deref(), &arguments);
        assert_eq!(ended.code, Some(0), "{library:?}\n{ended}");
    }
}

#[test]
fn every_sqlite_since_3_38_reads_and_writes_wide_tables() {
    for columns in [71, 300] {
        let workspace = wide(columns);
        succeeds(&workspace, &["import", "legacy", "--layout", "wide"]);
        let imported = workspace.root().join("imported.db");
        fs::copy(workspace.database(), &imported).expect("copied");
        for library in libraries() {
            let _ = fs::remove_file(workspace.target().join("legacy.db-wal"));
            let _ = fs::remove_file(workspace.target().join("legacy.db-shm"));
            fs::copy(&imported, workspace.database()).expect("copied");
            let database = workspace.database().display().to_string();
            let used = python(library.as_deref(), &["-c", USE, &database]);
            assert_eq!(used.code, Some(0), "{columns} columns, {library:?}\n{used}");
            succeeds(&workspace, &["audit", "reconcile"]);
        }
    }
}

#[test]
fn a_table_of_a_thousand_columns_is_recorded() {
    assert_columns(1000, "c0999");
}

/// Omitted by `scripts/test`.
mod on_request {
    use super::*;

    #[test]
    #[ignore = "takes minutes without optimisation: `scripts/test-long wide`"]
    fn a_table_with_as_many_columns_as_sqlite_allows_is_recorded() {
        assert_columns(2000, "c1999");
    }
}

fn assert_columns(columns: usize, last: &str) {
    let workspace = wide(columns);
    succeeds(&workspace, &["import", "legacy", "--layout", "wide"]);
    let shell = Command::new("sqlite3")
        .arg(workspace.database())
        .arg(format!(
            "UPDATE wide SET {last} = 'last'; SELECT count(*) FROM wide"
        ))
        .output();
    let shell = CommandOutput::of(shell.expect("the sqlite3 shell"));
    assert_eq!((shell.code, shell.stdout.trim()), (Some(0), "3"), "{shell}");
    succeeds(&workspace, &["audit", "reconcile"]);
}

/// Version 0.1.0 created triggers that only a new library can parse; the next write recreates them.
#[test]
fn triggers_of_a_wide_table_of_0_1_0_are_recreated() {
    let workspace = Workspace::empty();
    let fixture = crate::fixtures::path("upgrade/0.1.0/wide");
    crate::fixtures::copy(&fixture.join("legacy"), &workspace.source_dir());
    crate::fixtures::copy(&fixture.join("target"), &workspace.target());
    crate::fixtures::copy(&fixture.join("layout"), &workspace.root().join("wide"));
    let packed = workspace.target().join("legacy.db.gz");
    let unpacked = Command::new("gzip").args(["-dk"]).arg(packed).status();
    assert!(unpacked.expect("gzip is there").success());
    let count = || {
        let shell = Command::new("sqlite3")
            .arg(workspace.database())
            .arg("SELECT count(*) FROM wide")
            .output();
        CommandOutput::of(shell.expect("the sqlite3 shell"))
    };
    let broken = count();
    assert_ne!(
        broken.code,
        Some(0),
        "this sqlite3 is too new to be of use: {broken}"
    );
    succeeds(
        &workspace,
        &["import", "legacy", "--source", "legacy", "--layout", "wide"],
    );
    assert_eq!(count().stdout.trim(), "3");
    succeeds(&workspace, &["audit", "verify"]);
    succeeds(&workspace, &["audit", "reconcile"]);
}

/// The text of a real depends on the version of the library; its value does not.
#[test]
fn reals_written_by_another_library_have_the_same_value() {
    const PROGRAM: &str = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); \
         c.execute('INSERT INTO measures VALUES (1, 0.1)'); c.execute('INSERT INTO measures VALUES (2, 1e-7)'); \
         c.execute('UPDATE measures SET x = 0.7 WHERE id = 2')";
    for library in libraries() {
        let workspace = Workspace::empty();
        let connection = workspace.connection();
        connection
            .execute_batch("CREATE TABLE measures (id INTEGER PRIMARY KEY, x REAL)")
            .expect("a table");
        drop(connection);
        succeeds(&workspace, &["audit", "enable", "measures"]);
        let database = workspace.database().display().to_string();
        let wrote = python(library.as_deref(), &["-c", PROGRAM, &database]);
        assert_eq!(wrote.code, Some(0), "{wrote}");
        workspace
            .connection()
            .execute_batch("UPDATE measures SET x = x + 1; DELETE FROM measures WHERE id = 2")
            .expect("another library writes");
        succeeds(&workspace, &["audit", "reconcile"]);
        let history = succeeds(&workspace, &["audit", "history", "measures", "2"]);
        assert!(!history.stdout.contains("does not follow"), "{history}");
    }
}

/// SQLite allows NULL in a key that is not the rowid; `OR IGNORE` must not suppress the entry.
#[test]
fn rows_without_a_key_are_recorded() {
    let workspace = Workspace::empty();
    let connection = workspace.connection();
    connection
        .execute_batch("CREATE TABLE loose (id TEXT PRIMARY KEY, v TEXT)")
        .expect("a table");
    succeeds(&workspace, &["audit", "enable", "loose"]);
    connection
        .execute_batch(
            "INSERT OR IGNORE INTO loose VALUES (NULL, 'a'); INSERT INTO loose VALUES (NULL, 'b')",
        )
        .expect("written");
    drop(connection);
    succeeds(&workspace, &["audit", "reconcile"]);
    let log = succeeds(
        &workspace,
        &["audit", "log", "--entries", "--format", "json"],
    );
    assert_eq!(log.stdout.matches("\"INSERT\"").count(), 2, "{log}");
}

/// What a statement staged means nothing to a later one, and rows that another program staged mean nothing at all.
#[test]
fn staged_rows_of_other_statements_are_never_recorded() {
    let workspace = Workspace::empty();
    let connection = workspace.connection();
    let execute = |sql: &str| connection.execute_batch(sql).expect(sql);
    let wait = || std::thread::sleep(std::time::Duration::from_millis(5));
    execute("CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT)");
    succeeds(&workspace, &["audit", "enable", "t"]);
    execute("INSERT INTO t VALUES (1, 'a', 'x')");
    execute("INSERT OR IGNORE INTO t VALUES (2, 'a', 'y')");
    wait();
    succeeds(&workspace, &["audit", "verify"]);
    // The row is another by its image and by its number, without an entry of it.
    execute("ALTER TABLE t ADD COLUMN w TEXT DEFAULT 'w'");
    execute("INSERT INTO t (id, k) VALUES (3, 'c')");
    succeeds(&workspace, &["audit", "enable", "t"]);
    execute("INSERT OR IGNORE INTO t (id, k) VALUES (4, 'a')");
    wait();
    succeeds(&workspace, &["audit", "disable", "t"]);
    execute("UPDATE t SET id = 10 WHERE id = 1");
    succeeds(&workspace, &["audit", "enable", "t"]);
    execute("UPDATE t SET v = 'z' WHERE id = 10; INSERT INTO t (id, k) VALUES (5, 'e')");
    succeeds(&workspace, &["audit", "reconcile"]);
    // A row that was never there.
    execute(
        "INSERT INTO audit_replaced (table_name, record_id, row_number, old_value, moment, state)
         VALUES ('t', 'ghost', 999, '{\"id\":999}', julianday('now'), 0)",
    );
    wait();
    let arguments = ["--database", "target/legacy.db", "--quiet"];
    for (command, code) in [(&["audit", "verify"][..], 4), (&["doctor"], 1)] {
        let mut checked = workspace.command();
        let checked = workspace.run(checked.args(command).args(arguments));
        assert_eq!(checked.code, Some(code), "{checked}");
        assert!(format!("{checked}").contains("ghost"), "{checked}");
    }
    execute(
        "INSERT INTO t (id, k) VALUES (6, 'f'); UPDATE t SET v = 'v' WHERE id = 6; DELETE FROM t WHERE id = 6",
    );
    succeeds(&workspace, &["audit", "reconcile"]);
    succeeds(&workspace, &["audit", "verify"]);
    // Of a table that is renamed later, the rows mean nothing.
    execute("INSERT OR IGNORE INTO t (id, k) VALUES (7, 'a'); ALTER TABLE t RENAME TO t2");
    wait();
    for command in [&["audit", "verify"][..], &["doctor"]] {
        let mut checked = workspace.command();
        let checked = workspace.run(checked.args(command).args(arguments));
        assert!(!format!("{checked}").contains("staged"), "{checked}");
    }
    drop(connection);
}

/// Values that are not UTF-8, and keys that are bytes, are values like others.
#[test]
fn every_command_reads_texts_that_are_not_utf_8() {
    let workspace = Workspace::empty();
    let connection = workspace.connection();
    let execute = |sql: &str| connection.execute_batch(sql).expect(sql);
    execute(
        "CREATE TABLE t (id BLOB PRIMARY KEY, v TEXT);
         INSERT INTO t VALUES (x'00ff10', 'before');
         CREATE TABLE named (id TEXT PRIMARY KEY, part TEXT);",
    );
    succeeds(&workspace, &["audit", "enable", "t", "named"]);
    execute(
        "INSERT INTO t VALUES (x'aabb', cast(x'61ff62' AS TEXT)), (x'6162', 'x');
         UPDATE t SET v = cast(x'61fe62' AS TEXT) WHERE id = x'aabb';
         INSERT INTO named VALUES (cast(x'ff22' AS TEXT), 'y');
         REPLACE INTO named VALUES (cast(x'ff22' AS TEXT), 'z');
         DELETE FROM t WHERE id = x'6162'",
    );
    succeeds(&workspace, &["audit", "reconcile"]);
    succeeds(&workspace, &["audit", "verify"]);
    let log = succeeds(
        &workspace,
        &["audit", "log", "--entries", "--format", "json"],
    );
    for text in ["61FF62", "AABB", "6162", "00FF10"] {
        assert!(log.stdout.contains(text), "{text}: {log}");
    }
    for arguments in [
        &["audit", "history", "t", "AABB"][..],
        &["audit", "blame", "t", "AABB"],
        &["audit", "as-of", "t", "--at", "now"],
        &["audit", "as-of", "named", "--at", "now"],
        &["audit", "export"],
        &["audit", "export", "--format", "csv"],
        &["audit", "report"],
        &["audit", "log"],
        &["audit", "seal"],
        &["audit", "verify"],
        &["audit", "enable", "t", "named"],
        &["audit", "reconcile"],
    ] {
        succeeds(&workspace, arguments);
    }
    // A record id that is not UTF-8 is found as the log prints it.
    let named = ["audit", "history", "named", r#"{"$text":"FF22"}"#];
    let history = succeeds(&workspace, &named);
    assert!(history.stdout.contains("FF22"), "{history}");
    // A difference of one byte is a difference.
    execute(
        "DROP TRIGGER \"accession_t update\"; UPDATE t SET v = cast(x'61fd62' AS TEXT) WHERE id = x'aabb'",
    );
    let mut reconciled = workspace.command();
    let reconciled =
        workspace.run(reconciled.args(["audit", "reconcile", "--database", "target/legacy.db"]));
    assert_eq!(reconciled.code, Some(4), "{reconciled}");
    drop(connection);
}

/// A trigger of the application that was made after ours fires before them.
#[test]
fn triggers_of_the_application_fire_after_ours() {
    let workspace = Workspace::empty();
    let connection = workspace.connection();
    let execute = |sql: &str| connection.execute_batch(sql).expect(sql);
    execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, seen TEXT)");
    succeeds(&workspace, &["audit", "enable", "t"]);
    execute(
        "CREATE TRIGGER touch AFTER INSERT ON t BEGIN UPDATE t SET seen = 'now' WHERE id = NEW.id; END",
    );
    let mut doctor = workspace.command();
    let doctor = workspace.run(doctor.args(["doctor", "--database", "target/legacy.db"]));
    assert_eq!(doctor.code, Some(1), "{doctor}");
    assert!(doctor.stdout.contains("`touch` of `t`"), "{doctor}");
    succeeds(&workspace, &["audit", "enable", "t"]);
    execute("INSERT INTO t (id, v) VALUES (1, 'x')");
    let log = succeeds(
        &workspace,
        &["audit", "history", "t", "1", "--format", "json"],
    );
    let place = |action: &str| log.stdout.find(action).expect(action);
    assert!(place("INSERT") < place("UPDATE"), "{log}");
    let as_of = succeeds(&workspace, &["audit", "as-of", "t", "1", "--at", "now"]);
    assert!(as_of.stdout.contains("now"), "{as_of}");
    succeeds(&workspace, &["doctor"]);
    drop(connection);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_the_journal_is_an_error() {
    let workspace = Workspace::empty();
    let connection = workspace.connection();
    connection
        .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .expect("a table");
    drop(connection);
    for ending in ["-journal", "-wal"] {
        let pipe = workspace.target().join(format!("legacy.db{ending}"));
        let _ = fs::remove_file(&pipe);
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
        let mut status = workspace.command();
        let status =
            workspace.run(status.args(["audit", "status", "--database", "target/legacy.db"]));
        assert_eq!(status.code, Some(1), "{status}");
        assert!(status.stderr.contains("not a regular file"), "{status}");
        fs::remove_file(&pipe).expect("removed");
    }
}
