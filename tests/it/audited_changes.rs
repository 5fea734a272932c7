//! Changes by other programs are recorded: plain SQL on a plain connection, as the application itself would write.

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::json;

use crate::json;
use crate::rows::{self, Row, of};
use crate::workspace::Workspace;

/// An imported database, and the number of the last entry, so that only later entries are examined.
pub(crate) struct ImportedDatabase {
    workspace: Workspace,
    pub(crate) connection: Connection,
    before: i64,
}

impl ImportedDatabase {
    pub(crate) fn begin() -> Self {
        let workspace = Workspace::of("srs4autism/valid/small");
        workspace.imports(&[]);
        let connection = workspace.connection();
        let before = rows::value(&connection, "SELECT max(id) FROM audit_log");
        Self {
            workspace,
            connection,
            before,
        }
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.connection.execute_batch(sql).expect(sql);
    }

    #[track_caller]
    fn rejects(&self, sql: &str, why: &str) {
        let rejected = self.connection.execute_batch(sql);
        let error = rejected.expect_err(sql).to_string();
        assert!(error.contains(why), "{sql}: {error}");
    }

    fn entries(&self) -> Vec<Row> {
        let query = format!(
            "SELECT * FROM audit_log WHERE id > {} ORDER BY id",
            self.before
        );
        rows::query(&self.connection, &query)
    }

    fn actions(&self) -> Vec<String> {
        let action = |entry: &Row| {
            ["action", "table_name", "record_id"]
                .map(|name| rows::text(of(entry, name)))
                .join(" ")
        };
        self.entries().iter().map(action).collect()
    }

    /// Returns the only new entry.
    #[track_caller]
    fn entry(&self) -> Row {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.into_iter().next().expect("one")
    }

    #[track_caller]
    fn image(&self, side: &str) -> serde_json::Value {
        json::parse(&rows::text(of(&self.entry(), side)))
    }
}

#[test]
fn changes_by_other_programs_are_external_and_exact() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE profiles SET mental_age = 0.1 + 0.2");
    let entry = database.entry();
    assert_eq!(rows::text(of(&entry, "changed_by")), "external");
    assert_eq!(of(&entry, "run_id"), &Stored::Null);
    assert_eq!(of(&entry, "source_file_id"), &Stored::Null);
    let changed_at = rows::text(of(&entry, "changed_at"));
    assert!(
        chrono::DateTime::parse_from_rfc3339(&changed_at).is_ok(),
        "{changed_at}"
    );
    assert_eq!(changed_at.len(), "2024-05-01T10:00:00.000000Z".len());
    assert_eq!(
        rows::text(of(&entry, "new_value")),
        r#"{"id":"child_0001","mental_age":0.30000000000000004}"#
    );
    assert_eq!(
        rows::text(of(&entry, "old_value")),
        r#"{"id":"child_0001","mental_age":4.75}"#
    );
    rows::assert_sound(&database.connection);
}

#[test]
fn reals_are_recorded_bit_for_bit() {
    for number in [
        0.1 + 0.2,
        1.0 / 3.0,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -1e-300,
        1e15,
        123_456_789_012_345_680.0,
        2.0,
    ] {
        let database = ImportedDatabase::begin();
        database
            .connection
            .execute("UPDATE profiles SET mental_age = ?", [number])
            .expect("updated");
        let text = database.image("new_value")["mental_age"].to_string();
        let read: f64 = text.parse().expect("a number");
        assert_eq!(read.to_bits(), number.to_bits(), "{number:e}: {text}");
        // A real is still a real when SQLite parses the image.
        let kind: String = rows::value(
            &database.connection,
            "SELECT typeof(new_value ->> 'mental_age') FROM audit_log ORDER BY id DESC LIMIT 1",
        );
        assert_eq!(kind, "real", "{text}");
        rows::assert_sound(&database.connection);
    }
}

#[test]
fn infinities_do_not_make_the_write_fail() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE profiles SET mental_age = 9e999");
    assert_eq!(
        database.image("new_value")["mental_age"],
        json!({"$real": "Infinity"})
    );
    database.execute("UPDATE profiles SET mental_age = -9e999");
    assert_eq!(
        rows::texts(&database.connection, "PRAGMA integrity_check"),
        ["ok"]
    );
}

#[test]
fn blobs_are_written_as_hexadecimal() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE profiles SET raw_input = X'00FF10'");
    assert_eq!(
        database.image("new_value")["raw_input"],
        json!({"$blob": "00FF10"})
    );
    database.execute("UPDATE profiles SET raw_input = X''");
    rows::assert_sound(&database.connection);
    database.execute("INSERT INTO profiles (id, name, dob) VALUES ('b', X'80', X'FE')");
    database.execute("DELETE FROM profiles WHERE id = 'b'");
    rows::assert_sound(&database.connection);
}

#[test]
fn every_string_is_recorded_exactly() {
    let database = ImportedDatabase::begin();
    for text in [
        "",
        "'",
        "\"",
        "\\",
        "{\"a\":1}",
        "null",
        "\u{1}\t\n\r",
        "\u{2028}",
        "苹果 🍎",
        "\u{fffd}",
        "a\u{301}",
        "%s",
        "$blob",
    ] {
        database
            .connection
            .execute("UPDATE profiles SET raw_input = ?", [text])
            .expect("updated");
        let last: String = rows::value(
            &database.connection,
            "SELECT new_value FROM audit_log ORDER BY id DESC LIMIT 1",
        );
        assert_eq!(json::parse(&last)["raw_input"], *text);
    }
    rows::assert_sound(&database.connection);
}

#[test]
fn big_integers_keep_every_digit() {
    let database = ImportedDatabase::begin();
    database.execute(
        "INSERT INTO mastered_words (id, profile_id, word, language)
         VALUES (9223372036854775807, 'child_0001', 'last', 'en')",
    );
    let entry = database.entry();
    assert_eq!(rows::text(of(&entry, "record_id")), "9223372036854775807");
    assert!(rows::text(of(&entry, "new_value")).contains("9223372036854775807"));
    rows::assert_sound(&database.connection);
}

#[test]
fn an_update_without_changes_has_no_entry() {
    let database = ImportedDatabase::begin();
    database.execute(
        "UPDATE profiles SET name = name, passive_language_level = NULL, mental_age = 4.75",
    );
    database.execute("UPDATE profiles SET name = 'x' WHERE id = 'nobody'");
    assert!(database.entries().is_empty());
}

#[test]
fn changes_from_and_to_null_are_recorded() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE profiles SET passive_language_level = ''");
    assert_eq!(
        database.image("old_value")["passive_language_level"],
        json!(null)
    );
    assert_eq!(
        database.image("new_value")["passive_language_level"],
        json!("")
    );
    database.execute("UPDATE profiles SET passive_language_level = NULL");
    assert_eq!(database.entries().len(), 2);
    rows::assert_sound(&database.connection);
}

#[test]
fn a_change_of_case_or_type_is_recorded() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE profiles SET name = upper(name), dob = 2017, gender = '2017'");
    database.execute("UPDATE profiles SET dob = CAST(dob AS BLOB)");
    assert_eq!(database.entries().len(), 2);
    rows::assert_sound(&database.connection);
}

#[test]
fn an_upsert_is_recorded_as_an_insert_or_update() {
    let database = ImportedDatabase::begin();
    let upsert = |word: &str| {
        database.execute(&format!(
            "INSERT INTO mastered_words (profile_id, word, language) VALUES ('child_0001', '{word}', 'zh')
             ON CONFLICT (profile_id, word, language) DO UPDATE SET added_at = '2024-01-01T00:00:00.000000Z'"
        ));
    };
    upsert("新");
    upsert("苹果");
    assert_eq!(
        database.actions(),
        ["INSERT mastered_words 10", "UPDATE mastered_words 1"]
    );
    database.execute(
        "INSERT OR IGNORE INTO mastered_words (profile_id, word, language) VALUES ('child_0001', '苹果', 'zh')",
    );
    assert_eq!(database.entries().len(), 2);
    rows::assert_sound(&database.connection);
}

#[test]
fn cascades_are_recorded_row_by_row() {
    let database = ImportedDatabase::begin();
    database.execute("DELETE FROM profiles");
    let mut counts = std::collections::BTreeMap::new();
    for entry in database.entries() {
        assert_eq!(rows::text(of(&entry, "action")), "DELETE");
        *counts
            .entry(rows::text(of(&entry, "table_name")))
            .or_insert(0) += 1;
    }
    let counts: Vec<(&str, i32)> = counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        counts,
        [
            ("approved_cards", 5),
            ("chat_messages", 4),
            ("mastered_grammar", 2),
            ("mastered_words", 9),
            ("profiles", 1),
        ]
    );
    rows::assert_sound(&database.connection);
}

#[test]
fn a_changed_key_is_one_entry_with_both_keys() {
    let database = ImportedDatabase::begin();
    database.execute("UPDATE approved_cards SET id = 500 WHERE id = 5");
    let entry = database.entry();
    assert_eq!(rows::text(of(&entry, "action")), "UPDATE");
    assert_eq!(rows::text(of(&entry, "record_id")), "5");
    assert_eq!(rows::text(of(&entry, "old_value")), r#"{"id":5}"#);
    assert_eq!(rows::text(of(&entry, "new_value")), r#"{"id":500}"#);
    rows::assert_sound(&database.connection);
}

#[test]
fn a_rolled_back_change_leaves_no_entry() {
    let database = ImportedDatabase::begin();
    database.execute("BEGIN; DELETE FROM approved_cards; ROLLBACK;");
    database.execute("BEGIN; SAVEPOINT a; DELETE FROM approved_cards; ROLLBACK TO a; COMMIT;");
    assert!(database.entries().is_empty());
    rows::assert_sound(&database.connection);
}

#[test]
fn entries_cannot_be_changed_deleted_or_replaced() {
    let database = ImportedDatabase::begin();
    let why = "append-only";
    database.rejects("UPDATE audit_log SET changed_by = 'somebody else'", why);
    database.rejects(
        "UPDATE audit_log SET changed_by = 'somebody else' WHERE id = 1",
        why,
    );
    database.rejects("UPDATE OR IGNORE audit_log SET id = id + 1000", why);
    database.rejects("DELETE FROM audit_log WHERE id = 1", why);
    database.rejects("DELETE FROM audit_log", why);
    let replace = "INTO audit_log (id, table_name, record_id, action, changed_at, changed_by)
                   VALUES (1, 't', '1', 'INSERT', 'now', 'mallory')";
    database.rejects(&format!("REPLACE {replace}"), why);
    database.rejects(&format!("INSERT OR REPLACE {replace}"), why);
    database.rejects("INSERT INTO audit_log SELECT * FROM audit_log WHERE id = 1 ON CONFLICT DO UPDATE SET changed_by = 'm'", why);
    assert!(database.entries().is_empty());
    database.rejects(
        "INSERT INTO audit_log (table_name, record_id, action, changed_at, changed_by) VALUES ('t', '1', 'TRUNCATE', 'now', 'm')",
        "CHECK",
    );
}

#[test]
fn complete_runs_cannot_be_changed_deleted_or_replaced() {
    let database = ImportedDatabase::begin();
    database.rejects(
        "UPDATE import_runs SET actor = 'somebody else'",
        "never edited",
    );
    database.rejects("DELETE FROM import_runs", "never deleted");
    database.rejects(
        "REPLACE INTO import_runs SELECT * FROM import_runs",
        "never replaced",
    );
}

/// Changes made while an import is running must not be attributed to it.
#[test]
fn the_context_of_a_run_ends_with_the_run() {
    let database = ImportedDatabase::begin();
    assert_eq!(rows::count(&database.connection, "audit_context"), 0);
    database.execute("UPDATE approved_cards SET card_type = 'mine' WHERE id = 1");
    assert_eq!(rows::text(of(&database.entry(), "changed_by")), "external");
    drop(database.workspace);
}
