//! Reverting runs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rows::{self, Row};
use crate::workspace::{ACTOR, CommandOutput, Workspace};

const PROFILES: &str = "profiles/child_profiles.json";

/// A workspace whose runs can be reverted.
struct Runs {
    workspace: Workspace,
}

/// All rows of all tables of the application.
type Tables = BTreeMap<String, Vec<Row>>;

impl Runs {
    fn new() -> Self {
        let workspace = Workspace::of("srs4autism/valid/small");
        workspace.imports(&[]);
        Self { workspace }
    }

    fn execute(&self, sql: &str) {
        self.workspace.connection().execute_batch(sql).expect(sql);
    }

    fn revert(&self, run: &str, arguments: &[&str]) -> CommandOutput {
        let mut command = self.workspace.command();
        command
            .args([
                "revert",
                run,
                "--database",
                "target/legacy.db",
                "--actor",
                ACTOR,
            ])
            .args(arguments);
        self.workspace.run(&mut command)
    }

    #[track_caller]
    fn reverts(&self, run: &str, arguments: &[&str]) -> Value {
        let ended = self.revert(run, &[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
        serde_json::from_str(&ended.stdout).expect("JSON")
    }

    /// Returns the IDs of the runs, oldest first.
    fn runs(&self) -> Vec<String> {
        rows::texts(
            &self.workspace.connection(),
            "SELECT id FROM import_runs ORDER BY started_at, id",
        )
    }

    fn last(&self) -> String {
        self.runs().pop().expect("a run")
    }

    fn tables(&self) -> Tables {
        let connection = self.workspace.connection();
        let tables = rows::application_tables(&connection).into_iter();
        tables
            .map(|table| {
                let query = format!("SELECT * FROM \"{table}\" ORDER BY 1");
                let rows = rows::query(&connection, &query);
                (table, rows)
            })
            .collect()
    }

    /// Returns the origins of rows in the ledger.
    fn sources(&self) -> Vec<Row> {
        let query = "SELECT * FROM row_sources ORDER BY source_file_id, position";
        rows::query(&self.workspace.connection(), query)
    }

    /// Adds words, and changes and removes records in the files, then imports them.
    fn import_changes(&self) -> String {
        let profiles = self.workspace.read(PROFILES);
        self.workspace
            .write(PROFILES, profiles.replace("banana", "banana, cherry, plum"));
        let cards = "content_db/approved_cards.json";
        let text = self.workspace.read(cards);
        self.workspace
            .write(cards, text.replacen("\"basic\"", "\"cloze\"", 1));
        self.workspace.imports(&["--prune"]);
        self.last()
    }

    /// Checks the invariants that must hold after every operation.
    #[track_caller]
    fn assert_proved(&self) {
        rows::assert_sound(&self.workspace.connection());
        for command in ["verify", "reconcile"] {
            let mut proof = self.workspace.command();
            proof.args(["audit", command, "--database", "target/legacy.db"]);
            let ended = self.workspace.run(&mut proof);
            assert_eq!(ended.code, Some(0), "{ended}");
        }
    }
}

#[test]
fn rows_and_ledger_are_restored_to_the_state_before_the_run() {
    let runs = Runs::new();
    runs.execute("UPDATE profiles SET gender = 'x'");
    let (tables, sources) = (runs.tables(), runs.sources());
    let second = runs.import_changes();
    assert_ne!(runs.tables(), tables);
    let outcome = runs.reverts(&second, &[]);
    assert_eq!(outcome["status"], "reverted");
    assert_eq!(outcome["parent_run"], *second);
    assert_eq!(runs.tables(), tables);
    assert_eq!(runs.sources(), sources);
    runs.assert_proved();

    let connection = runs.workspace.connection();
    let kinds = rows::texts(
        &connection,
        "SELECT kind || ' ' || coalesce(parent_run_id, '') FROM import_runs ORDER BY started_at, id",
    );
    assert_eq!(kinds, ["import ", "import ", &format!("revert {second}")]);
    let entries: i64 = rows::value(
        &connection,
        &format!(
            "SELECT count(*) FROM audit_log WHERE run_id = '{}'",
            runs.last()
        ),
    );
    assert!(entries > 0);
}

#[test]
fn reverts_can_be_reverted_repeatedly() {
    let runs = Runs::new();
    let (before, sources_before) = (runs.tables(), runs.sources());
    let mut last = runs.import_changes();
    let (after, sources_after) = (runs.tables(), runs.sources());
    for round in 0..4 {
        runs.reverts(&last, &[]);
        let (tables, sources) = if round % 2 == 0 {
            (&before, &sources_before)
        } else {
            (&after, &sources_after)
        };
        assert_eq!(runs.tables(), *tables, "round {round}");
        assert_eq!(runs.sources(), *sources, "round {round}");
        last = runs.last();
    }
    runs.assert_proved();
    let again = runs.workspace.imports(&[]);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
}

#[test]
fn the_same_files_are_imported_again_after_a_revert() {
    let runs = Runs::new();
    let second = runs.import_changes();
    // New rows get new numbers and timestamps.
    let words = || {
        rows::texts(
            &runs.workspace.connection(),
            "SELECT language || word FROM mastered_words UNION ALL SELECT card_type || content FROM approved_cards",
        )
    };
    let (imported, before) = (words(), runs.sources().len());
    runs.reverts(&second, &[]);
    assert_ne!(words(), imported);
    let again = runs.workspace.imports(&[]);
    assert!(again.stdout.starts_with("imported"), "{again}");
    assert_eq!(words(), imported);
    assert_eq!(runs.sources().len(), before);
    runs.assert_proved();
}

#[test]
fn the_first_import_can_be_reverted_completely() {
    let runs = Runs::new();
    let tables = runs.tables();
    let first = runs.last();
    runs.reverts(&first, &[]);
    assert!(
        runs.tables().values().all(Vec::is_empty),
        "{:?}",
        runs.tables()
    );
    assert!(runs.sources().is_empty());
    runs.assert_proved();
    runs.workspace.imports(&[]);
    let counts = |tables: &Tables| tables.values().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(counts(&runs.tables()), counts(&tables));
    runs.assert_proved();
}

#[test]
fn pruned_rows_are_restored_exactly() {
    let runs = Runs::new();
    runs.execute(
        "UPDATE approved_cards SET card_type = X'00FF', approved_at = 0.1 + 0.2 WHERE id = 2;
         UPDATE approved_cards SET card_type = 9007199254740993, approved_at = 9e999 WHERE id = 3;",
    );
    let (tables, sources) = (runs.tables(), runs.sources());
    runs.workspace.write("content_db/approved_cards.json", "[]");
    runs.workspace
        .imports(&["--prune", "--on-conflict", "take-file"]);
    assert!(runs.tables()["approved_cards"].is_empty());
    runs.reverts(&runs.last(), &[]);
    assert_eq!(runs.tables(), tables);
    assert_eq!(runs.sources(), sources);
    runs.assert_proved();
}

#[test]
fn kept_rows_of_removed_records_are_recorded_as_before() {
    let runs = Runs::new();
    let sources = runs.sources();
    runs.workspace.write("content_db/approved_cards.json", "[]");
    runs.workspace.imports(&[]);
    let before = runs.sources();
    assert_ne!(before, sources);
    let marking = runs.last();
    // No row changed, but the ledger did.
    let outcome = runs.reverts(&marking, &[]);
    assert_eq!(outcome["status"], "reverted");
    assert_eq!(runs.sources(), sources);
    runs.reverts(&runs.last(), &[]);
    assert_eq!(runs.sources(), before);
    runs.assert_proved();
}

#[test]
fn rows_changed_since_are_listed_and_nothing_is_written() {
    let runs = Runs::new();
    let second = runs.import_changes();
    runs.execute("UPDATE mastered_words SET word = 'sweet cherry' WHERE word = 'cherry'");
    let before = runs.workspace.tree();
    let ended = runs.revert(&second, &[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(
        ended
            .stdout
            .contains("was changed; last entry by external at"),
        "{ended}"
    );
    before.assert_unchanged(&runs.workspace.tree(), ended);

    let outcome = runs.reverts(&second, &["--on-conflict", "skip"]);
    assert_eq!(outcome["tables"]["mastered_words"]["skipped"], 1);
    let words = rows::texts(
        &runs.workspace.connection(),
        "SELECT word FROM mastered_words",
    );
    assert!(words.iter().any(|word| word == "sweet cherry"));
    assert!(words.iter().all(|word| word != "plum"));
    runs.assert_proved();
    // The row that was kept is still recorded as coming from the imported file.
    let again = runs.workspace.imports(&[]);
    assert!(again.stdout.starts_with("imported"), "{again}");
    runs.assert_proved();
}

#[test]
fn rows_changed_since_are_reverted_with_force() {
    let runs = Runs::new();
    let (tables, sources) = (runs.tables(), runs.sources());
    let second = runs.import_changes();
    runs.execute("UPDATE mastered_words SET word = 'sweet cherry' WHERE word = 'cherry'");
    runs.reverts(&second, &["--on-conflict", "force"]);
    assert_eq!(runs.tables(), tables);
    assert_eq!(runs.sources(), sources);
    runs.assert_proved();
}

#[test]
fn rows_that_refer_to_rows_to_be_deleted_prevent_the_revert() {
    let runs = Runs::new();
    let first = runs.last();
    runs.execute("INSERT INTO mastered_words (profile_id, word, language) VALUES ('child_0001', 'own', 'en')");
    let before = runs.workspace.tree();
    let ended = runs.revert(&first, &[]);
    assert_eq!(ended.code, Some(4), "{ended}");
    assert!(ended.stderr.contains("mastered_words"), "{ended}");
    before.assert_unchanged(&runs.workspace.tree(), ended);
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let runs = Runs::new();
    let second = runs.import_changes();
    let before = runs.workspace.tree();
    let outcome = runs.reverts(&second[..], &["--dry-run"]);
    assert_eq!(outcome["status"], "planned");
    assert_eq!(outcome["tables"]["mastered_words"]["deleted"], 2);
    let ended = runs.revert("ffffffff", &[]);
    assert_eq!(ended.code, Some(1), "{ended}");
    before.assert_unchanged(&runs.workspace.tree(), ended);
}

#[test]
fn the_database_is_backed_up_first() {
    let runs = Runs::new();
    let second = runs.import_changes();
    let outcome = runs.reverts(&second, &[]);
    let backup = outcome["backup"].as_str().expect("a path");
    let copy = rusqlite::Connection::open(backup).expect("opens");
    let words: i64 = rows::value(
        &copy,
        "SELECT count(*) FROM mastered_words WHERE word = 'plum'",
    );
    assert_eq!(words, 1);
    let third = runs.last();
    let outcome = runs.reverts(&third, &["--no-backup"]);
    assert_eq!(outcome["backup"], Value::Null);
}
