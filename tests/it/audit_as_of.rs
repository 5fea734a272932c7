//! Property test of `audit as-of`: the audit log reproduces the snapshots that were taken at the time.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::audit_look::{audit, look_json, runs};
use crate::fixtures;
use crate::json;
use crate::rows;
use crate::workspace::Workspace;

const TABLES: [&str; 3] = ["branches", "books", "stocktakes"];

/// A change to the database.
#[derive(Debug, Clone)]
enum Change {
    /// The application writes its file, which is then imported.
    Import { day: u8, books: u8 },
    /// The latest run is reverted.
    Revert,
    /// Another program inserts a row with a composite key.
    Insert { day: u8, books: u8 },
    /// Another program updates some rows.
    Update { day: u8, books: u8 },
    /// Another program changes keys.
    Move { from: u8, to: u8 },
    /// Another program deletes some rows.
    Delete { day: u8 },
    /// Another program writes reals, NULLs, strings and big integers.
    Book {
        pages: Option<i64>,
        price: f64,
        title: String,
    },
    /// Another program deletes a row and inserts another with the same key.
    Again { day: u8 },
}

fn change() -> impl Strategy<Value = Change> {
    let day = || 1..6_u8;
    prop_oneof![
        3 => (day(), any::<u8>()).prop_map(|(day, books)| Change::Import { day, books }),
        1 => Just(Change::Revert),
        2 => (day(), any::<u8>()).prop_map(|(day, books)| Change::Insert { day, books }),
        2 => (day(), any::<u8>()).prop_map(|(day, books)| Change::Update { day, books }),
        3 => (day(), day()).prop_map(|(from, to)| Change::Move { from, to }),
        2 => day().prop_map(|day| Change::Delete { day }),
        1 => day().prop_map(|day| Change::Again { day }),
        2 => (any::<Option<i64>>(), -1e9..1e9, "[ -~汉\\n]{0,8}")
            .prop_map(|(pages, price, title)| Change::Book { pages, price, title }),
    ]
}

impl Change {
    /// Performs the change. Changes that the database rejects and imports with conflicts have no effect.
    fn perform(&self, workspace: &Workspace) {
        let connection = workspace.connection();
        let date = |day: &u8| format!("2024-03-0{day}");
        match self {
            Self::Import { day, books } => {
                let mut file = json::parse(&workspace.read("stocktakes.json"));
                file["harbour"][date(day)] = json!(books);
                workspace.write("stocktakes.json", file.to_string());
                workspace.import(&["--layout", "library", "--on-conflict", "take-file"]);
            }
            Self::Revert => {
                let last = runs(workspace).pop().expect("a run");
                let mut command = workspace.command();
                command.args(["revert", &last, "--database", "target/legacy.db"]);
                workspace.run(&mut command);
            }
            Self::Insert { day, books } => {
                let insert = "INSERT INTO stocktakes VALUES ('harbour', ?1, ?2)";
                let _ = connection.execute(insert, (date(day), books));
            }
            Self::Update { day, books } => {
                let update = "UPDATE stocktakes SET books = ?2 WHERE day >= ?1";
                let _ = connection.execute(update, (date(day), books));
            }
            Self::Move { from, to } => {
                let update = "UPDATE stocktakes SET day = ?2, books = books + 1 WHERE day = ?1";
                let _ = connection.execute(update, (date(from), date(to)));
            }
            Self::Delete { day } => {
                let _ = connection.execute("DELETE FROM stocktakes WHERE day = ?1", [date(day)]);
            }
            Self::Again { day } => {
                let both = format!(
                    "BEGIN; DELETE FROM stocktakes WHERE day = '{0}'; INSERT INTO stocktakes VALUES ('hill', '{0}', 0); COMMIT",
                    date(day)
                );
                let _ = connection.execute_batch(&both);
            }
            Self::Book {
                pages,
                price,
                title,
            } => {
                let update = "UPDATE books SET pages = ?1, price = ?2, title = ?3
                    WHERE id = (SELECT min(id) FROM books)";
                connection
                    .execute(update, (pages, price, title))
                    .expect("updated");
            }
        }
    }
}

/// Returns all rows of the tables in the notation of the audit log, in any order.
fn live(workspace: &Workspace) -> Vec<Vec<Map<String, Value>>> {
    let connection = workspace.connection();
    let table = |table: &str| {
        let rows = rows::query(&connection, &format!("SELECT * FROM {table}"));
        sorted(rows.iter().map(json::image).collect())
    };
    TABLES.map(table).to_vec()
}

fn sorted(mut rows: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}

/// The audit log writes booleans as JSON; SQLite stores numbers.
fn stored(mut row: Map<String, Value>) -> Map<String, Value> {
    for value in row.values_mut() {
        if let Value::Bool(truth) = value {
            *value = Value::from(i64::from(*truth));
        }
    }
    row
}

fn as_of(workspace: &Workspace, at: &str) -> Vec<Vec<Map<String, Value>>> {
    let table = |table: &str| {
        let then = look_json(workspace, &["as-of", table, "--at", at]);
        assert_eq!(then["problems"], json!([]), "{table} {at}");
        assert_eq!(then["incomplete"], 0, "{table} {at}");
        let rows = then["rows"].as_array().into_iter().flatten();
        let values = rows.filter_map(|row| row["values"].as_object().cloned());
        sorted(values.map(stored).collect())
    };
    TABLES.map(table).to_vec()
}

/// Returns a timestamp after all earlier changes and before all later ones.
fn timestamp() -> String {
    // Changes by other programs have timestamps in milliseconds.
    std::thread::sleep(Duration::from_millis(3));
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    std::thread::sleep(Duration::from_millis(3));
    now
}

#[test]
fn rows_older_than_the_audit_log_are_included() {
    let workspace = Workspace::of("library/valid/town");
    fixtures::copy(
        &fixtures::path("layouts/library"),
        &workspace.root().join("library"),
    );
    workspace.imports(&["--layout", "library"]);
    // Simulates an import into existing tables by version 0.1.0, which did not record their rows, and had no seals.
    let forget = "DROP TRIGGER accession_audit_log_no_delete; DELETE FROM audit_log; \
                  DROP TRIGGER accession_audit_seal_blocks_no_delete; DELETE FROM audit_seal_blocks; \
                  DROP TRIGGER accession_audit_seals_no_delete; DELETE FROM audit_seals;";
    workspace
        .connection()
        .execute_batch(forget)
        .expect("forgotten");
    let mut snapshots = vec![(timestamp(), live(&workspace))];
    for edit in [
        "UPDATE stocktakes SET books = books + 1 WHERE day = (SELECT min(day) FROM stocktakes)",
        "UPDATE books SET title = 'Another' WHERE id = (SELECT min(id) FROM books)",
        "UPDATE branches SET phone = NULL, name = name || '!' WHERE id = 1",
        "DELETE FROM stocktakes WHERE day = (SELECT min(day) FROM stocktakes)",
        "INSERT INTO stocktakes VALUES ('harbour', '2031-01-01', 4)",
        "UPDATE branches SET name = name || '?' WHERE id = 1",
        "UPDATE books SET title = 'A third', pages = 3 WHERE id = (SELECT min(id) FROM books)",
        "DELETE FROM stocktakes WHERE day = '2031-01-01'",
    ] {
        workspace.connection().execute_batch(edit).expect(edit);
        snapshots.push((timestamp(), live(&workspace)));
    }
    for (at, rows) in &snapshots {
        assert_eq!(&as_of(&workspace, at), rows, "at {at}");
    }
    let one = |at: &str| {
        let then = look_json(&workspace, &["as-of", "branches", "1", "--at", at]);
        then["rows"][0]["values"]["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    let names = |index: usize| {
        snapshots[index].1[0][0]["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    for (index, (at, _)) in snapshots.iter().enumerate() {
        assert_eq!(one(at), names(index), "at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn as_of_returns_the_snapshots_that_were_taken(changes in proptest::collection::vec(change(), 1..9)) {
        let workspace = Workspace::of("library/valid/town");
        fixtures::copy(&fixtures::path("layouts/library"), &workspace.root().join("library"));
        workspace.imports(&["--layout", "library"]);
        let mut snapshots = Vec::new();
        let mut known = 0;
        let mut take = |workspace: &Workspace| {
            let rows = live(workspace);
            snapshots.push((timestamp(), rows.clone()));
            let runs = runs(workspace);
            if runs.len() > known {
                known = runs.len();
                snapshots.extend(runs.last().map(|run| (run.clone(), rows)));
            }
        };
        take(&workspace);
        for change in &changes {
            change.perform(&workspace);
            take(&workspace);
        }
        for (at, rows) in &snapshots {
            prop_assert_eq!(&as_of(&workspace, at), rows, "at {}", at);
        }
        let reconciled = audit(&workspace, &["reconcile"]);
        prop_assert_eq!(reconciled.code, Some(0), "{}", reconciled);
    }
}
