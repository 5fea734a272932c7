//! SQLite allows NULL in primary keys, and then several rows can have the same key: they are compared by all values.

use serde_json::Value;

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, ends, is_well};

/// A generator of numbers, the same in every run of the tests.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        // Numerical Recipes, of which the upper bits are used.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let count = u64::try_from(texts.len()).expect("a few");
        texts[usize::try_from(self.below(count)).expect("a few")]
    }

    /// A statement that changes a few rows.
    fn statement(&mut self, table: &str) -> String {
        const TEXTS: [&str; 6] = ["NULL", "NULL", "NULL", "''", "'x'", "'y'"];
        const NUMBERS: [&str; 4] = ["NULL", "1", "2", "0.5"];
        let or = self.one_of(&["", "OR REPLACE ", "OR IGNORE "]);
        let (k, m) = (self.one_of(&TEXTS), self.one_of(&NUMBERS));
        let (a, b) = (self.one_of(&NUMBERS), self.one_of(&["1", "x'31'", "'1'"]));
        let which = match self.below(4) {
            0 => "k IS NULL".to_owned(),
            1 => format!("a IS {}", self.one_of(&NUMBERS)),
            _ => format!("rowid % 7 = {}", self.below(7)),
        };
        match self.below(8) {
            0..3 => format!("INSERT {or}INTO {table} (k, m, a, b) VALUES ({k}, {m}, {a}, {b})"),
            3 => format!("UPDATE {or}{table} SET a = {a}, b = {b} WHERE {which}"),
            4 => format!("UPDATE {or}{table} SET k = {k} WHERE {which}"),
            5 => format!("UPDATE {or}{table} SET k = {k}, m = {m}, a = {a} WHERE {which}"),
            6 => format!(
                "UPDATE {or}{table} SET rowid = rowid + 3 WHERE rowid % 5 = {}",
                self.below(5)
            ),
            _ => format!("DELETE FROM {table} WHERE {which}"),
        }
    }

    /// Executes statements, of which constraints may reject some.
    fn change(&mut self, target: &Target, statements: usize) {
        let connection = target.workspace.connection();
        let one = |statement: &str| drop(connection.execute_batch(statement));
        one("BEGIN");
        for _ in 0..statements {
            for table in TABLES {
                one(&self.statement(table));
            }
        }
        one("COMMIT");
    }
}

const TABLES: [&str; 3] = ["one", "two", "three"];

fn tables(target: &Target) {
    target.execute(
        "CREATE TABLE one (k TEXT PRIMARY KEY, m, a, b);
         CREATE TABLE two (a, b, k TEXT COLLATE NOCASE, m REAL, PRIMARY KEY (m, k));
         CREATE TABLE three (k, m INTEGER NOT NULL DEFAULT 5, a UNIQUE, b, PRIMARY KEY (k, m))",
    );
}

#[track_caller]
fn enables_all(target: &Target) -> String {
    ends(
        target,
        &[&["audit", "enable"], &TABLES[..], &ARCHIVE].concat(),
        0,
    )
}

/// The log accounts for all rows, so that nothing is added to it.
#[track_caller]
fn is_accounted_for(target: &Target, seed: u64) {
    let (code, result) = audit(target, &["reconcile"]);
    assert_eq!(code, Some(0), "seed {seed}: {result:#}");
    let entries = target.count("audit_log");
    enables_all(target);
    assert_eq!(target.count("audit_log"), entries, "seed {seed}");
    for table in TABLES {
        let shown = audit(target, &["as-of", table, "--at", "now"]).1;
        let rows = shown["rows"].as_array().expect("rows").iter();
        let columns = ["k", "m", "a", "b"];
        let mut rows: Vec<String> = rows
            .map(|row| {
                Value::from(columns.map(|one| row["values"][one].clone()).to_vec()).to_string()
            })
            .collect();
        rows.sort();
        let there = target.rows(&format!(
            "SELECT json_array(k, m, a, CASE typeof(b) WHEN 'blob' THEN json_object('$blob', hex(b)) ELSE b END) FROM {table}"
        ));
        let mut there: Vec<String> = there.concat().iter().map(|row| canonical(row)).collect();
        there.sort();
        assert_eq!(
            rows, there,
            "seed {seed}, table {table}: {}",
            shown["problems"]
        );
    }
}

fn canonical(json: &str) -> String {
    let json: Value = serde_json::from_str(json).expect("JSON");
    json.to_string()
}

#[test]
fn any_changes_of_rows_with_null_in_the_key_are_replayed() {
    for seed in 0..3 {
        run(Backend::Sqlite, |target| {
            let mut numbers = Numbers(seed);
            tables(&target);
            numbers.change(&target, 20);
            enables_all(&target);
            for _ in 0..2 {
                numbers.change(&target, 40);
                is_accounted_for(&target, seed);
            }
            target.execute("ALTER TABLE one ADD COLUMN c DEFAULT 7; ALTER TABLE two ADD COLUMN c");
            enables_all(&target);
            numbers.change(&target, 40);
            target.execute("UPDATE one SET c = rowid WHERE rowid % 2; UPDATE two SET c = a");
            numbers.change(&target, 40);
            is_accounted_for(&target, seed);
            is_well(&target);
        });
    }
}

#[test]
fn changes_of_such_rows_without_an_entry_are_recorded_once() {
    for seed in 0..2 {
        run(Backend::Sqlite, |target| {
            let mut numbers = Numbers(seed);
            tables(&target);
            enables_all(&target);
            for _ in 0..2 {
                numbers.change(&target, 30);
                let triggers = target.rows(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid",
                );
                let of_tables = triggers.iter().filter(|one| one[0].contains(' '));
                for trigger in of_tables.clone() {
                    target.execute(&format!("DROP TRIGGER \"{}\"", trigger[0]));
                }
                numbers.change(&target, 10);
                for trigger in of_tables {
                    target.execute(&trigger[1]);
                }
                ends(&target, &["audit", "reconcile"], 4);
                enables_all(&target);
                is_accounted_for(&target, seed);
                numbers.change(&target, 30);
                is_accounted_for(&target, seed);
            }
            is_well(&target);
        });
    }
}

/// Their hashes must differ from those of NULL, and the two zeros are one value.
#[test]
fn zeros_in_rows_with_null_in_the_key_are_replayed() {
    for zero in ["-0.0", "0.0"] {
        run(Backend::Sqlite, |target| {
            tables(&target);
            enables_all(&target);
            target.execute(&format!(
                "INSERT INTO one (k, a) VALUES (NULL, 1), (NULL, NULL), ('', NULL); UPDATE one SET a = {zero}; \
                 UPDATE one SET k = NULL"
            ));
            is_accounted_for(&target, 0);
        });
    }
}

/// Each value is in one of the two rows before and after, so that only whole rows differ.
#[test]
fn values_that_such_rows_exchange_without_an_entry_are_found() {
    run(Backend::Sqlite, |target| {
        tables(&target);
        enables_all(&target);
        target.execute("INSERT INTO one VALUES (NULL, NULL, 1, 1), (NULL, NULL, 2, 2)");
        let trigger =
            target.value("SELECT sql FROM sqlite_master WHERE name = 'accession_one update'");
        target.execute("DROP TRIGGER \"accession_one update\"; UPDATE one SET b = 3 - b");
        target.execute(&trigger);
        let (code, result) = audit(&target, &["reconcile"]);
        assert_eq!(code, Some(4), "{result:#}");
        assert_eq!(
            result["differences"].as_array().map(Vec::len),
            Some(2),
            "{result:#}"
        );
        enables_all(&target);
        is_well(&target);
    });
}

/// A run touches such rows through triggers of the application.
#[test]
fn a_revert_that_would_restore_such_rows_names_them_and_changes_nothing() {
    const PROFILES: &str = "profiles/child_profiles.json";
    for change in [
        "UPDATE one SET k = 'x', a = 9 WHERE a = 1",
        "UPDATE one SET k = NULL WHERE k = 'y'",
        "UPDATE one SET b = 9 WHERE a = 1",
        "INSERT INTO one (a) VALUES (2)",
        "DELETE FROM one WHERE a = 1",
    ] {
        run(Backend::Sqlite, |target| {
            let target = target.with("srs4autism/valid/small");
            target.imports(&[]);
            tables(&target);
            target
                .execute("INSERT INTO one VALUES (NULL, 1, 1, 1), (NULL, 2, 2, 2), ('y', 3, 3, 3)");
            enables_all(&target);
            let rows = target.rows("SELECT * FROM one ORDER BY m");
            target.execute(&format!(
                "CREATE TRIGGER follow AFTER INSERT ON mastered_words BEGIN {change}; END"
            ));
            let before = target.workspace.read(PROFILES);
            target
                .workspace
                .write(PROFILES, before.replace("banana", "cherry"));
            target.imports(&[]);
            let changed = target.rows("SELECT * FROM one ORDER BY m");
            assert_ne!(rows, changed, "{change}");
            let run = target.value("SELECT max(id) FROM import_runs");
            let ended = target.run(&["revert", &run, "--archive", "target/archive"]);
            let now = target.rows("SELECT * FROM one ORDER BY m");
            assert_eq!(ended.code, Some(4), "{change}: {ended}");
            let named = "`one` ``: the row has NULL in `k`";
            let named = named.replace("``", if change.contains("'x'") { "`x`" } else { "``" });
            assert!(ended.stderr.contains(&named), "{change}: {ended}");
            assert_eq!(now, changed, "{change}");
            is_accounted_for(&target, 0);
        });
    }
}
