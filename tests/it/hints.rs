//! Messages that name the table, the column, the archive or the entry that a command is about.

use crate::audit_look::{audit, look};
use crate::workspace::{CommandOutput, Workspace};

fn imported() -> Workspace {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&[]);
    workspace
}

fn execute(workspace: &Workspace, sql: &str) {
    let done = workspace.connection().execute_batch(sql);
    done.expect("statements without an error");
}

#[track_caller]
fn fails_with(ended: &CommandOutput, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended}");
    for part in parts {
        let is_there = ended.stdout.contains(part) || ended.stderr.contains(part);
        assert!(is_there, "{part}\n{ended}");
    }
}

#[test]
fn a_column_that_was_renamed_is_explained() {
    let workspace = imported();
    execute(
        &workspace,
        "ALTER TABLE mastered_words RENAME COLUMN word TO term",
    );
    let why = |column| audit(&workspace, &["why", "mastered_words", "1", column]);
    fails_with(
        &why("term"),
        1,
        &[
            "it was renamed or added after the row's last entry, which has `word`",
            "`accession audit blame mastered_words 1` shows the columns",
        ],
    );
    execute(
        &workspace,
        "ALTER TABLE mastered_words ADD COLUMN extra TEXT",
    );
    let added = Workspace::of("srs4autism/valid/small");
    added.imports(&[]);
    execute(&added, "ALTER TABLE mastered_words ADD COLUMN extra TEXT");
    fails_with(
        &audit(&added, &["why", "mastered_words", "1", "extra"]),
        1,
        &["it was added after the row's last entry"],
    );
}

#[test]
fn an_archive_that_was_moved_with_its_database_is_found() {
    let workspace = imported();
    let moved = workspace.root().join("moved");
    std::fs::rename(workspace.target(), &moved).expect("moved");
    let run = |arguments: &[&str]| {
        let mut command = workspace.command();
        let database = ["--database", "moved/legacy.db"];
        workspace.run(command.args(arguments).args(database))
    };
    fails_with(
        &run(&["audit", "why", "mastered_words", "1"]),
        0,
        &[
            "moved/legacy.db.archive",
            "the archived original has the right digest",
        ],
    );
    fails_with(
        &run(&["audit", "verify"]),
        0,
        &["`--anchor moved/legacy.db.archive/seals.log`"],
    );
    std::fs::rename(
        moved.join("legacy.db.archive"),
        workspace.root().join("other"),
    )
    .expect("moved");
    let hint = "name it with `--archive DIR`";
    fails_with(&run(&["audit", "why", "mastered_words", "1"]), 4, &[hint]);
    let hint = "name its directory with `--archive DIR`";
    fails_with(&run(&["archive", "verify"]), 1, &[hint]);
}

#[test]
fn entries_with_impossible_numbers_are_never_sealed() {
    let workspace = imported();
    for number in [0, -3] {
        execute(
            &workspace,
            &format!(
                "INSERT INTO audit_log (id, table_name, record_id, action, changed_at, changed_by, old_value) VALUES \
                 ({number}, 'mastered_words', '99', 'DELETE', '2026-11-01T00:00:00.000000Z', 'external', '{{\"id\":99}}')"
            ),
        );
    }
    let verified = audit(&workspace, &["verify"]);
    fails_with(
        &verified,
        4,
        &["entry -3 has a number", "entry 0 has a number"],
    );
    assert!(!verified.stdout.contains("unsealed"), "{verified}");
    let sealed = audit(&workspace, &["seal"]);
    fails_with(
        &sealed,
        0,
        &[
            "2 entries of the audit log with a number below 1",
            "has no entry to seal",
        ],
    );
    assert!(look(&workspace, &["show", "-3"]).contains("entry   -3"));
}

#[test]
fn rows_with_the_same_record_id_are_explained() {
    let workspace = imported();
    execute(
        &workspace,
        "CREATE TABLE t (id PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), ('1', 'b'), (2, 'c')",
    );
    look(&workspace, &["enable", "t"]);
    let both = look(&workspace, &["as-of", "t", "1"]);
    assert!(
        both.contains("2 rows\nthese rows have the same record id"),
        "{both}"
    );
    for arguments in [&["as-of", "t", "2"][..], &["as-of", "t"]] {
        let shown = look(&workspace, arguments);
        assert!(!shown.contains("the same record id"), "{shown}");
    }
}

#[test]
fn each_trigger_has_a_line() {
    let workspace = imported();
    execute(&workspace, "ALTER TABLE mastered_words RENAME TO words");
    let status = audit(&workspace, &["status"]);
    let lines = status.stdout.lines();
    let lines = lines.filter(|line| line.contains("accession_mastered_words"));
    let lines: Vec<_> = lines.collect();
    assert!(lines.len() > 3, "{status}");
    assert!(lines.iter().all(|line| line.len() < 100), "{status}");
}

#[test]
fn the_state_of_migrations_names_a_missing_table() {
    let workspace = imported();
    execute(&workspace, "PRAGMA foreign_keys = OFF; DROP TABLE rejects");
    let mut command = workspace.command();
    let ended =
        workspace.run(command.args(["migrate", "status", "--database", "target/legacy.db"]));
    fails_with(&ended, 4, &["the ledger has no table `rejects`"]);
}

#[test]
fn a_table_without_a_key_is_named_with_what_to_do() {
    let workspace = imported();
    execute(&workspace, "CREATE TABLE plain (v)");
    let hint = "which the audit log needs to identify rows: give it one";
    fails_with(&audit(&workspace, &["enable", "plain"]), 1, &[hint]);
    fails_with(&audit(&workspace, &["enable", "--all"]), 0, &[hint]);
}
