//! Tables created by the application: they are checked and written to, but not altered.

use super::on_every_database;
use super::target::{Backend, Target};

on_every_database!(
    rows_are_imported_into_tables_of_the_application,
    a_column_that_would_change_values_is_rejected,
    numbering_continues_after_an_import,
    writes_to_partitions_are_recorded,
);

fn rows_are_imported_into_tables_of_the_application(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let (text, json, timestamp, collation) = match target.backend {
        Backend::Sqlite => ("TEXT", "TEXT", "TEXT", ""),
        Backend::Postgres => ("VARCHAR(255)", "JSON", "TIMESTAMP", ""),
        // A foreign key needs the collation of the column it refers to.
        Backend::Mysql => (
            "VARCHAR(255)",
            "JSON",
            "DATETIME(6)",
            " CHARACTER SET utf8mb4 /*M!100300 COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */",
        ),
    };
    target.execute(&format!(
        "CREATE TABLE profiles (id {text} NOT NULL PRIMARY KEY, name {text} NOT NULL, dob {text}, gender {text}, \
         address {text}, school {text}, neighborhood {text}, interests {json}, character_roster {json}, \
         verbal_fluency {text}, passive_language_level {text}, mental_age DOUBLE PRECISION, raw_input {text}, \
         extracted_data {json}, created_at {timestamp}, updated_at {timestamp}, favourite {text}){collation}"
    ));
    target.imports(&[]);
    target.verifies("equal");
    target.execute("UPDATE profiles SET favourite = 'blue' WHERE id = 'child_0001'");
    let entry = "SELECT new_value FROM audit_log WHERE changed_by LIKE 'external%'";
    assert!(target.value(entry).contains("blue"));
}

fn a_column_that_would_change_values_is_rejected(target: Target) {
    let target = target.with("srs4autism/valid/small");
    let text = match target.backend {
        Backend::Sqlite | Backend::Postgres => "TEXT",
        Backend::Mysql => "VARCHAR(100)",
    };
    target.execute(&format!(
        "CREATE TABLE mastered_grammar (id {text} NOT NULL PRIMARY KEY, profile_id INTEGER, needed INTEGER NOT NULL)"
    ));
    let rejected = target.import(&[]);
    assert_eq!(rejected.code, Some(1), "{rejected}");
    for expected in [
        "its column `profile_id` is",
        "it lacks the column `grammar_uri`",
        "its column `needed` must have a value",
    ] {
        assert!(rejected.stderr.contains(expected), "{expected}\n{rejected}");
    }
    assert_eq!(target.count("mastered_grammar"), 0);
}

/// The application continues numbering its rows where the import ended, and the next import where the application
/// ended.
fn numbering_continues_after_an_import(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let insert = "INSERT INTO mastered_words (profile_id, word, language) VALUES ('child_0001', ";
    let last = |word: &str| {
        let query = format!("SELECT id FROM mastered_words WHERE word = '{word}'");
        target.value(&query).parse::<u64>().expect("a number")
    };
    let before: u64 = target
        .value("SELECT max(id) FROM mastered_words")
        .parse()
        .expect("a number");
    target.execute(&format!("{insert} 'quince', 'en')"));
    assert_eq!(last("quince"), before + 1);
    let path = "profiles/child_profiles.json";
    let grown = target
        .workspace
        .read(path)
        .replace(" banana,", " banana, medlar,");
    target.workspace.write(path, grown);
    target.imports(&[]);
    assert_eq!(last("medlar"), before + 2);
    target.execute(&format!("{insert} 'sloe', 'en')"));
    assert_eq!(last("sloe"), before + 3);
}

/// A partition in PostgreSQL can be written to directly, bypassing its parent table.
fn writes_to_partitions_are_recorded(target: Target) {
    match target.backend {
        Backend::Postgres => {}
        Backend::Sqlite | Backend::Mysql => return,
    }
    let target = target.with("srs4autism/valid/small");
    target.execute(
        "CREATE TABLE mastered_grammar (id BIGINT NOT NULL PRIMARY KEY, profile_id TEXT NOT NULL, \
         grammar_uri TEXT NOT NULL, added_at TIMESTAMPTZ) PARTITION BY RANGE (id)",
    );
    target.execute("CREATE TABLE part PARTITION OF mastered_grammar FOR VALUES FROM (0) TO (1000)");
    target.imports(&[]);
    target.verifies("equal");
    let entries = "SELECT count(*) FROM audit_log WHERE table_name = 'mastered_grammar'";
    let before = target.value(entries).parse::<u64>().expect("a count");
    assert_eq!(before, target.count("mastered_grammar"));
    target.execute("INSERT INTO part VALUES (999, 'child_0001', 'past', NULL)");
    target.execute("DELETE FROM part WHERE id = 999");
    assert_eq!(target.value(entries), (before + 2).to_string());
}
