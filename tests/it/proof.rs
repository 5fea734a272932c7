//! Attacks on the audit log by a program with full access to the file: each is detected and located.

use rusqlite::Connection;
use serde_json::Value;

use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// A database with three seals: two imports and changes by another program.
pub(crate) struct Sealed {
    pub(crate) workspace: Workspace,
}

impl Sealed {
    pub(crate) fn new() -> Self {
        let workspace = Workspace::of("srs4autism/valid/small");
        workspace.imports(&[]);
        let sealed = Self { workspace };
        sealed
            .execute("UPDATE profiles SET gender = 'x'; DELETE FROM approved_cards WHERE id = 2;");
        let ended = sealed.command(&["audit", "seal"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        let path = "profiles/child_profiles.json";
        let more = sealed
            .workspace
            .read(path)
            .replace("banana", "banana, cherry, plum");
        sealed.workspace.write(path, more);
        sealed.workspace.imports(&[]);
        sealed
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> CommandOutput {
        let mut command = self.workspace.command();
        command
            .args(arguments)
            .args(["--database", "target/legacy.db"]);
        self.workspace.run(&mut command)
    }

    pub(crate) fn connection(&self) -> Connection {
        self.workspace.connection()
    }

    fn execute(&self, sql: &str) {
        self.connection().execute_batch(sql).expect(sql);
    }

    /// Runs SQL as an attacker who first drops the triggers that would prevent it.
    fn attack(&self, sql: &str) {
        let connection = self.connection();
        let triggers = rows::texts(
            &connection,
            "SELECT sql FROM sqlite_master WHERE type = 'trigger'",
        );
        let names = rows::texts(
            &connection,
            "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        );
        for name in names {
            connection
                .execute_batch(&format!("DROP TRIGGER \"{name}\""))
                .expect("dropped");
        }
        connection
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; BEGIN; {sql}; COMMIT;"))
            .expect(sql);
        // The attack must leave no trace in the schema.
        for trigger in triggers {
            connection.execute_batch(&trigger).expect("made again");
        }
    }

    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ended = self.command(&[arguments, &["--format", "json"]].concat());
        let json =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"));
        (ended.code, json)
    }

    /// Returns the differences as kind and entry number.
    #[track_caller]
    fn differences(&self, arguments: &[&str]) -> Vec<(String, Value)> {
        let (code, outcome) = self.json(&[&["audit", "verify"], arguments].concat());
        let differences = outcome["differences"].as_array().expect("an array").clone();
        assert_eq!(
            code,
            Some(if differences.is_empty() { 0 } else { 4 }),
            "{outcome:#}"
        );
        let status = outcome["status"].as_str().expect("a text");
        assert_eq!(
            status == "different",
            !differences.is_empty(),
            "{outcome:#}"
        );
        let named = differences.iter();
        named
            .map(|one| {
                (
                    one["kind"].as_str().expect("a text").to_owned(),
                    one["entry"].clone(),
                )
            })
            .collect()
    }

    /// Returns the findings of `reconcile` as kind, table and record.
    #[track_caller]
    fn unrecorded(&self) -> Vec<String> {
        let (code, outcome) = self.json(&["audit", "reconcile"]);
        let differences = outcome["differences"].as_array().expect("an array").clone();
        assert_eq!(
            code,
            Some(if differences.is_empty() { 0 } else { 4 }),
            "{outcome:#}"
        );
        let named = differences.iter();
        named
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                format!("{} {} {}", text("kind"), text("table"), text("record_id"))
            })
            .collect()
    }

    fn number(&self, sql: &str) -> i64 {
        rows::value(&self.connection(), sql)
    }
}

fn named(kind: &str, entry: i64) -> Vec<(String, Value)> {
    vec![(kind.to_owned(), Value::from(entry))]
}

#[test]
fn an_unmodified_audit_log_matches_its_seals_and_the_rows() {
    let sealed = Sealed::new();
    assert_eq!(sealed.differences(&[]), []);
    assert_eq!(sealed.unrecorded(), Vec::<String>::new());
    let (_, outcome) = sealed.json(&["audit", "verify"]);
    assert_eq!(outcome["seals"], 3);
    assert_eq!(outcome["status"], "self_consistent");
    assert_eq!(outcome["unsealed"]["entries"], 0);
    let entries = sealed.number("SELECT count(*) FROM audit_log");
    assert_eq!(outcome["sealed_entries"], entries);

    let log = sealed.workspace.archive().join("seals.log");
    let lines = std::fs::read_to_string(&log).expect("read");
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let anchor = log.display().to_string();
    let (_, outcome) = sealed.json(&["audit", "verify", "--anchor", &anchor]);
    assert_eq!(outcome["status"], "anchored");
    assert_eq!(outcome["anchored"], 3);
    let hash = lines
        .lines()
        .nth(1)
        .and_then(|line| line.split(' ').nth(2))
        .expect("a hash");
    let (_, outcome) = sealed.json(&["audit", "verify", "--anchor", hash]);
    assert_eq!(outcome["anchored"], 2);
}

/// The disk was full, or the machine stopped, while a line was written.
#[test]
fn a_torn_line_of_the_log_hides_no_other_seal() {
    let sealed = Sealed::new();
    let log = sealed.workspace.archive().join("seals.log");
    let lines = std::fs::read_to_string(&log).expect("read");
    let anchor = log.display().to_string();
    let anchored = |expected: u64| {
        let ended = sealed.command(&["audit", "verify", "--anchor", &anchor, "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("a line is incomplete"), "{ended}");
        let outcome: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        assert_eq!(outcome["anchored"], expected, "{ended}");
    };
    let last = lines.trim_end().rfind('\n').expect("lines") + 1;
    for length in [last + 5, last + 60, lines.len() - 1] {
        // An earlier version appended the next line to it.
        let earlier = format!("{}{}", &lines[..length], &lines[last..]);
        std::fs::write(&log, earlier).expect("written");
        anchored(3);
    }
    std::fs::write(&log, &lines[..last + 60]).expect("written");
    anchored(2);
    sealed.execute("UPDATE profiles SET name = 'Ann'");
    assert_eq!(sealed.command(&["audit", "seal"]).code, Some(0));
    anchored(4);
}

#[test]
fn changes_by_other_programs_are_unsealed_until_they_are_sealed() {
    let sealed = Sealed::new();
    sealed.execute("UPDATE profiles SET gender = 'y'");
    let (code, outcome) = sealed.json(&["audit", "verify"]);
    assert_eq!(code, Some(0));
    assert_eq!(outcome["unsealed"]["entries"], 1);
    let (_, outcome) = sealed.json(&["audit", "seal"]);
    assert_eq!(outcome["seal"]["number"], 4);
    assert_eq!(outcome["seal"]["entries"], 1);
    let (_, outcome) = sealed.json(&["audit", "seal"]);
    assert_eq!(outcome["seal"], Value::Null);
    assert_eq!(sealed.differences(&[]), []);
}

#[test]
fn an_edited_entry_is_reported() {
    let sealed = Sealed::new();
    for (entry, column) in [
        (1, "changed_by"),
        (7, "new_value"),
        (9, "db_user"),
        (12, "run_id"),
    ] {
        let before: Option<String> = rows::value(
            &sealed.connection(),
            &format!("SELECT {column} FROM audit_log WHERE id = {entry}"),
        );
        sealed.attack(&format!(
            "UPDATE audit_log SET {column} = 'forged' WHERE id = {entry}"
        ));
        assert_eq!(sealed.differences(&[]), named("edited", entry), "{column}");
        let before = before.map_or("NULL".to_owned(), |text| {
            format!("'{}'", text.replace('\'', "''"))
        });
        sealed.attack(&format!(
            "UPDATE audit_log SET {column} = {before} WHERE id = {entry}"
        ));
        assert_eq!(sealed.differences(&[]), []);
    }
}

#[test]
fn a_deleted_entry_is_reported_whether_or_not_the_others_are_renumbered() {
    let sealed = Sealed::new();
    sealed.attack("DELETE FROM audit_log WHERE id = 5");
    assert_eq!(sealed.differences(&[]), named("deleted", 5));
    let sealed = Sealed::new();
    sealed.attack(
        "DELETE FROM audit_log WHERE id = 5; UPDATE audit_log SET id = id - 1 WHERE id > 5",
    );
    let found = sealed.differences(&[]);
    assert_eq!(found[0], named("deleted", 5)[0], "{found:?}");
}

#[test]
fn an_inserted_entry_is_reported() {
    let sealed = Sealed::new();
    let forged = "INSERT INTO audit_log (id, table_name, record_id, action, new_value, changed_at, changed_by, run_id) SELECT 5, table_name, '99', action, new_value, changed_at, changed_by, run_id FROM audit_log WHERE id = 1";
    // There is no number between two consecutive numbers, so all later entries must be renumbered.
    sealed.attack(&format!(
        "UPDATE audit_log SET id = -id - 1 WHERE id >= 5; UPDATE audit_log SET id = -id WHERE id < 0; {forged}"
    ));
    let found = sealed.differences(&[]);
    assert_eq!(found[0], named("inserted", 5)[0], "{found:?}");

    // Appended, and attributed to a run.
    let sealed = Sealed::new();
    let forged = forged.replace("SELECT 5,", "SELECT 900,");
    sealed.attack(&forged);
    let found = sealed.differences(&[]);
    assert_eq!(found[0].0, "inserted", "{found:?}");
    // If only the run is missing, the actor shows the forgery; if both are missing, the entry claims to be a change by
    // another program.
    let sealed = Sealed::new();
    sealed.attack(&forged.replace("run_id FROM", "NULL FROM"));
    let found = sealed.differences(&[]);
    assert_eq!(found, named("attribution", 900));
    assert_eq!(sealed.unrecorded(), ["gone profiles 99"]);
}

#[test]
fn swapped_entries_are_reported() {
    let sealed = Sealed::new();
    sealed.attack(
        "UPDATE audit_log SET id = -1 WHERE id = 3; UPDATE audit_log SET id = 3 WHERE id = 8; UPDATE audit_log SET id = 8 WHERE id = -1",
    );
    assert_eq!(sealed.differences(&[]), named("reordered", 3));
}

/// If the seals are removed too, only an anchor reveals it; that is the purpose of anchors.
#[test]
fn a_run_removed_with_its_seal_is_detected_by_its_anchor() {
    let sealed = Sealed::new();
    let log = sealed
        .workspace
        .archive()
        .join("seals.log")
        .display()
        .to_string();
    let last = "(SELECT max(id) FROM import_runs)";
    let columns = "source_file_id, position, table_name, identity, identity_start, record_id, pointer, part, digest, gone_run_id";
    sealed.attack(&format!(
        "DELETE FROM audit_log WHERE run_id = {last};
         DELETE FROM audit_seal_blocks WHERE seal = 3; DELETE FROM audit_seals WHERE number = 3;
         DELETE FROM row_sources WHERE source_file_id IN (SELECT id FROM source_files WHERE run_id = {last});
         INSERT INTO row_sources ({columns}) SELECT {columns} FROM row_sources_replaced WHERE run_id = {last};
         DELETE FROM row_sources_replaced WHERE run_id = {last}; DELETE FROM conversions WHERE run_id = {last};
         DELETE FROM source_files WHERE run_id = {last}; DELETE FROM import_runs WHERE id = {last};
         UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM audit_log) WHERE name = 'audit_log'"
    ));
    assert_eq!(sealed.differences(&[]), []);
    assert_eq!(
        sealed.differences(&["--anchor", &log]),
        [("anchor".to_owned(), Value::Null)]
    );
    // A file that lost its lines proves nothing, and must not look as if nothing had been asked.
    let empty = sealed.workspace.archive().join("empty.log");
    std::fs::write(&empty, "\n").expect("written");
    let empty = empty.display().to_string();
    let ended = sealed.command(&["audit", "verify", "--anchor", &empty]);
    assert_eq!(ended.code, Some(2), "{ended}");
    let of_none = "0".repeat(64);
    let ended = sealed.command(&["audit", "verify", "--anchor", &of_none]);
    let words = "was replaced or cut off, or it belongs to another database";
    assert!(ended.stdout.contains(words), "{ended}");
}

/// Seals not made by an import are recorded with those of the imports, in the archive of the newest run.
#[test]
fn a_seal_is_recorded_in_the_archive_of_the_newest_run() {
    let workspace = Workspace::of("srs4autism/valid/small");
    workspace.imports(&["--archive", "target/originals"]);
    let sealed = Sealed { workspace };
    let disabled = sealed.command(&["audit", "disable", "profiles"]);
    assert_eq!(disabled.code, Some(0), "{disabled}");
    sealed.execute("DELETE FROM approved_cards WHERE id = 2");
    let ended = sealed.command(&["audit", "seal"]);
    let log = sealed.workspace.target().join("originals/seals.log");
    assert!(ended.stdout.contains(&log.display().to_string()), "{ended}");
    let lines = std::fs::read_to_string(&log).expect("read");
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(!sealed.workspace.archive().exists());
    let ended = sealed.command(&["audit", "verify"]);
    let hint = format!("`--anchor {}`", log.display());
    assert!(ended.stdout.contains(&hint), "{ended}");
}

#[test]
fn incomplete_removals_are_detected_without_an_anchor() {
    for (cut, kind) in [
        (
            "DELETE FROM audit_log WHERE run_id = (SELECT max(id) FROM import_runs)",
            "deleted",
        ),
        ("DELETE FROM audit_log", "deleted"),
        (
            "DELETE FROM audit_seal_blocks WHERE seal = 3; DELETE FROM audit_seals WHERE number = 3",
            "chain",
        ),
        ("DELETE FROM audit_seals WHERE number = 2", "chain"),
        (
            "UPDATE audit_seals SET header = replace(header, '\"count\"', '\"count\" ') WHERE number = 2",
            "seal",
        ),
        (
            "UPDATE audit_seal_blocks SET tags = X'0000' WHERE seal = 3",
            "seal",
        ),
        ("UPDATE import_runs SET actor = 'somebody else'", "run"),
        (
            "UPDATE source_files SET path = 'other.json' WHERE id = 1",
            "files",
        ),
    ] {
        let sealed = Sealed::new();
        sealed.attack(cut);
        let found = sealed.differences(&[]);
        assert!(
            found.iter().any(|(found, _)| found == kind),
            "{cut}: {found:?}"
        );
    }
}

#[test]
fn a_row_changed_without_triggers_is_detected() {
    let sealed = Sealed::new();
    sealed.attack("UPDATE approved_cards SET card_type = 'forged' WHERE id = 3");
    assert_eq!(sealed.unrecorded(), ["changed approved_cards 3"]);
    let sealed = Sealed::new();
    sealed.attack("DELETE FROM approved_cards WHERE id = 3; INSERT INTO mastered_words (id, profile_id, word, language) VALUES (400, 'child_0001', 'new', 'en')");
    assert_eq!(
        sealed.unrecorded(),
        ["gone approved_cards 3", "unrecorded mastered_words 400"]
    );
    // The seals cover only the audit log, which was not changed.
    assert_eq!(sealed.differences(&[]), []);
}

#[test]
fn deleting_all_rows_without_triggers_is_detected() {
    let sealed = Sealed::new();
    let rows = sealed.number("SELECT count(*) FROM mastered_words");
    sealed.attack("DELETE FROM mastered_words");
    let removed = sealed.unrecorded();
    assert_eq!(i64::try_from(removed.len()), Ok(rows));
    assert!(
        removed
            .iter()
            .all(|one| one.starts_with("gone mastered_words")),
        "{removed:?}"
    );
    let sealed = Sealed::new();
    sealed.execute("ALTER TABLE mastered_words RENAME TO elsewhere");
    let found = sealed.unrecorded();
    assert_eq!(
        found.last().map(String::as_str),
        Some("table_gone mastered_words "),
        "{found:?}"
    );
}

#[test]
fn changed_bytes_in_the_database_file_are_detected() {
    let sealed = Sealed::new();
    let text = "words that occur nowhere else";
    sealed.execute(&format!(
        "UPDATE chat_messages SET content = '{text}' WHERE id = 3"
    ));
    sealed.command(&["audit", "seal"]);
    sealed.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;");
    let path = sealed.workspace.database();
    let bytes = std::fs::read(&path).expect("read");
    let places: Vec<usize> = bytes
        .windows(text.len())
        .enumerate()
        .filter(|(_, window)| *window == text.as_bytes())
        .map(|(at, _)| at)
        .collect();
    // The text occurs in the row and in its entry.
    assert_eq!(places.len(), 2);
    let mut found = 0;
    for place in places {
        let mut edited = bytes.clone();
        edited[place] ^= 1;
        std::fs::write(&path, &edited).expect("written");
        let sound = rows::texts(&sealed.connection(), "PRAGMA integrity_check");
        assert_eq!(sound, ["ok"], "SQLite notices nothing");
        let (entries, rows) = (sealed.differences(&[]), sealed.unrecorded());
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(rows[0].ends_with("chat_messages 3"), "{rows:?}");
        found += entries.len();
    }
    assert_eq!(found, 1, "only the edited entry differs from the audit log");
}

/// The verifier was written from the documentation alone.
#[test]
fn a_verifier_written_in_another_language_agrees() {
    let sealed = Sealed::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_seals.py");
    let verify = || {
        std::process::Command::new("python3")
            .args([script.as_ref(), sealed.workspace.database().as_os_str()])
            .output()
    };
    let Ok(output) = verify() else {
        panic!("python3 is needed for this test");
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("3 seals"), "{text}");
    sealed.attack("UPDATE audit_log SET changed_by = 'forged' WHERE id = 4");
    assert!(!verify().expect("runs").status.success());
}
