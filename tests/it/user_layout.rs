//! A user's own layout: `fixtures/layouts/library` uses every kind of mapping.

use std::fs;

use rusqlite::types::Value as Stored;
use serde_json::json;

use crate::fixtures;
use crate::json;
use crate::rows::{self, Row, of};
use crate::workspace::Workspace;

fn library() -> Workspace {
    let workspace = Workspace::of("library/valid/town");
    let layout = workspace.root().join("library");
    fixtures::copy(&fixtures::path("layouts/library"), &layout);
    workspace
}

const LAYOUT: [&str; 2] = ["--layout", "library"];

fn imported() -> Workspace {
    let workspace = library();
    workspace.imports(&LAYOUT);
    workspace
}

fn text(text: &str) -> Stored {
    Stored::Text(text.to_owned())
}

/// Returns the rows of a query as lists of values.
fn values(workspace: &Workspace, query: &str) -> Vec<Vec<Stored>> {
    let rows = rows::query(&workspace.connection(), query);
    let values = |row: Row| row.into_iter().map(|(_, value)| value).collect();
    rows.into_iter().map(values).collect()
}

/// Edits a document.
fn edit(workspace: &Workspace, path: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut document = json::parse(&workspace.read(path));
    change(&mut document);
    workspace.write(path, document.to_string());
}

#[test]
fn captures_parameters_constants_and_the_rest_become_columns() {
    let workspace = imported();
    let branches = values(
        &workspace,
        "SELECT id, code, name, town, opened, phone, other FROM branches ORDER BY id",
    );
    let other = r#"{"wheelchair":true,"hours":{"mon":"9-17","sat":null}}"#;
    assert_eq!(
        branches,
        [
            vec![
                Stored::Integer(1),
                text("harbour"),
                text("Harbour Branch"),
                text("Harbourtown"),
                text("1968-03-01"),
                text("5550100"),
                text(other),
            ],
            vec![
                Stored::Integer(2),
                text("hill"),
                text("Hill Branch"),
                text("Harbourtown"),
                Stored::Null,
                text("555-0199"),
                text("{}"),
            ],
        ]
    );
    workspace.write(
        "branches/hill.json",
        workspace.read("branches/hill.json") + "\n\n",
    );
    workspace.imports(&[&LAYOUT[..], &["--set", "town=Hilltown"]].concat());
    let towns = "SELECT town FROM branches ORDER BY id";
    assert_eq!(
        rows::texts(&workspace.connection(), towns),
        ["Harbourtown", "Hilltown"]
    );
}

#[test]
fn children_have_the_generated_keys_of_their_parents() {
    let workspace = imported();
    let shelves = values(
        &workspace,
        "SELECT branch_id, label, floor FROM shelves ORDER BY id",
    );
    let shelf =
        |branch, label, floor| vec![Stored::Integer(branch), text(label), Stored::Integer(floor)];
    // Names with a slash, a tilde or no characters are valid.
    let expected = [
        shelf(1, "A/1", 2),
        shelf(1, "B~2", 1),
        shelf(1, "", 1),
        shelf(2, "A/1", 1),
    ];
    assert_eq!(shelves, expected);
    let pointers = rows::texts(
        &workspace.connection(),
        "SELECT pointer FROM row_sources WHERE table_name = 'shelves' ORDER BY CAST(record_id AS INTEGER)",
    );
    assert_eq!(
        pointers,
        [
            "/shelves/A~11",
            "/shelves/B~02",
            "/shelves/",
            "/shelves/A~11"
        ]
    );
    rows::assert_sound(&workspace.connection());
}

#[test]
fn every_column_type_stores_its_value() {
    let workspace = imported();
    let connection = workspace.connection();
    let started: String = rows::value(&connection, "SELECT started_at FROM import_runs");
    let books = rows::query(
        &connection,
        "SELECT * FROM books ORDER BY branch_code, title",
    );
    let [tides, nameless, hill] = &books[..] else {
        panic!("{books:?}");
    };
    for (name, value) in [
        ("id", text("5f0c954e-7f34-4c39-9f6c-3a2a57d0a001")),
        ("shelf_id", Stored::Integer(1)),
        ("branch_code", text("harbour")),
        ("isbn", text("978-0-00-000001-1")),
        ("pages", Stored::Integer(9_007_199_254_740_993)),
        ("price", Stored::Real(0.1)),
        ("reference", Stored::Integer(1)),
        ("published", text("2001-02-28")),
        ("acquired", text("2001-02-28T23:00:00.000000Z")),
        ("rating", Stored::Real(4.0)),
        (
            "authors",
            text(r#"["Ines Invented",{"name":"O. Nobody","share":0.50}]"#),
        ),
        ("kind", text("book")),
        ("cover", Stored::Null),
    ] {
        assert_eq!(of(tides, name), &value, "{name}");
    }
    for (name, value) in [
        ("isbn", text("0-00-000002-6")),
        ("title", text("无名之书")),
        ("pages", Stored::Integer(300)),
        ("price", Stored::Real(-1e-7)),
        // Defaults of the table and of the layout, and the time of the run.
        ("reference", Stored::Integer(0)),
        ("rating", Stored::Real(0.5)),
        ("acquired", Stored::Text(started)),
        ("authors", text("[]")),
    ] {
        assert_eq!(of(nameless, name), &value, "{name}");
    }
    // RFC 9562 §5.5 with a fixed namespace: the same text gives the same ID on any machine.
    assert_eq!(
        of(nameless, "id"),
        &text("0210871f-17cd-5f6a-85c3-20d143336959")
    );
    // Where a value is required, JSON null is a value.
    assert_eq!(of(hill, "authors"), &text("null"));
    assert_eq!(of(hill, "price"), &Stored::Real(0.300_000_000_000_000_04));
}

#[test]
fn references_find_rows_by_their_unique_keys() {
    let workspace = imported();
    let loans = values(
        &workspace,
        "SELECT branch_id, title, reader, lent_at, returned_at FROM loans JOIN books ON books.id = book_id ORDER BY loans.id",
    );
    assert_eq!(
        loans,
        [
            vec![
                Stored::Integer(1),
                text("Tides for Beginners"),
                text("Ada Example"),
                text("2024-05-01T10:00:00.000000Z"),
                text("2024-05-01T10:00:00.123000Z"),
            ],
            vec![
                Stored::Integer(2),
                text("Tides for Beginners"),
                text("unknown"),
                text("2024-05-01T10:00:00.250000Z"),
                Stored::Null,
            ],
            vec![
                Stored::Integer(1),
                text("无名之书"),
                text("unknown"),
                text("1969-12-31T23:59:59.000000Z"),
                Stored::Null,
            ],
        ]
    );
}

#[test]
fn composite_keys_are_arrays_in_the_audit_log() {
    let workspace = imported();
    let ids = rows::texts(
        &workspace.connection(),
        "SELECT record_id FROM audit_log WHERE table_name = 'stocktakes' ORDER BY record_id",
    );
    assert_eq!(
        ids,
        [
            r#"["harbour","2024-01-01"]"#,
            r#"["harbour","2024-07-01"]"#,
            r#"["hill","2024-01-01"]"#,
        ]
    );
    edit(&workspace, "stocktakes.json", |document| {
        document["hill"] = json!({"2024-01-01": 9});
        document["harbour"]
            .as_object_mut()
            .expect("an object")
            .remove("2024-07-01");
    });
    let report = workspace.report(&[&LAYOUT[..], &["--prune"]].concat());
    let counts = &report["tables"]["stocktakes"];
    assert_eq!(
        (&counts["updated"], &counts["deleted"]),
        (&json!(1), &json!(1))
    );
    let connection = workspace.connection();
    let last = "SELECT new_value FROM audit_log WHERE action = 'UPDATE'";
    assert_eq!(
        rows::texts(&connection, last),
        [r#"{"branch_code":"hill","day":"2024-01-01","books":9}"#]
    );
    rows::assert_sound(&connection);
}

#[test]
fn a_dry_run_finds_the_references_that_the_import_finds() {
    let workspace = library();
    let planned = workspace.report(&[&LAYOUT[..], &["--dry-run"]].concat());
    assert_eq!(planned["status"], "planned", "{planned:#}");
    let done = workspace.report(&LAYOUT);
    assert_eq!(planned["tables"], done["tables"]);
}

#[test]
fn a_second_import_changes_no_byte() {
    let workspace = imported();
    let before = workspace.tree();
    let again = workspace.imports(&LAYOUT);
    assert!(again.stdout.starts_with("nothing to do"), "{again}");
    before.assert_unchanged(&workspace.tree(), again);
}

/// Generated timestamps and keys are kept; children and references still refer to the same parents.
#[test]
fn an_edit_changes_one_row_and_adds_one() {
    let workspace = imported();
    let all = "SELECT id || ' ' || acquired FROM books ORDER BY id";
    let before = rows::texts(&workspace.connection(), all);
    edit(&workspace, "branches/harbour.json", |branch| {
        branch["shelves"]["A/1"]["books"][1]["pages"] = json!(301);
        branch["shelves"]["A/1"]["floor"] = json!(3);
    });
    let loans = workspace.read("loans.jsonl");
    let line = r#"{"branch": "harbour", "isbn": "0-00-000002-6", "lent": 1714557600}"#;
    workspace.write("loans.jsonl", format!("{loans}{line}\n"));
    let report = workspace.report(&LAYOUT);
    assert_eq!(report["status"], "imported", "{report:#}");
    let count = |table: &str, what: &str| report["tables"][table][what].as_i64();
    assert_eq!(count("books", "updated"), Some(1));
    assert_eq!(count("shelves", "updated"), Some(1));
    assert_eq!(count("branches", "unchanged"), Some(1));
    assert_eq!(count("loans", "inserted"), Some(1));
    assert_eq!(count("loans", "unchanged"), Some(3));
    let connection = workspace.connection();
    assert_eq!(rows::texts(&connection, all), before);
    let loan = "SELECT CAST(branch_id AS TEXT) FROM loans WHERE id = 4";
    assert_eq!(rows::texts(&connection, loan), ["1"]);
    rows::assert_sound(&connection);
}

#[test]
fn a_loan_of_a_missing_book_is_rejected_with_its_line() {
    let workspace = library();
    let loans = workspace
        .read("loans.jsonl")
        .replace("0-00-000002-6", "0-00-000003-4");
    workspace.write("loans.jsonl", loans);
    let before = workspace.tree();
    for more in [&[][..], &["--dry-run"]] {
        let ended = workspace.import(&[&LAYOUT[..], more].concat());
        assert_eq!(ended.code, Some(3), "{ended}");
        assert!(ended.stderr.contains("loans.jsonl:4:1"), "{ended}");
        assert!(ended.stderr.contains("`books`"), "{ended}");
        assert_eq!(ended.stderr.matches("error[").count(), 1, "{ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
}

#[test]
fn values_that_do_not_fit_their_column_are_rejected() {
    let book = |member: &str, value: serde_json::Value| {
        let workspace = library();
        edit(&workspace, "branches/harbour.json", |branch| {
            branch["shelves"]["A/1"]["books"][0][member] = value;
        });
        workspace
    };
    let ten = json!("0".repeat(18));
    for (member, value, rule) in [
        ("isbn", ten, "too-long"),
        ("pages", json!(1.5), "wrong-type"),
        ("pages", json::parse("9223372036854775808"), "out-of-range"),
        ("pages", json::parse("1e19"), "out-of-range"),
        ("price", json::parse("1e400"), "out-of-range"),
        ("published", json!("28 February 2001"), "wrong-type"),
        ("published", json!("2001-02-29"), "wrong-type"),
        ("acquired", json!("2001-03-01"), "wrong-type"),
        ("acquired", json!("yesterday"), "wrong-type"),
        ("reference", json!(1), "schema"),
    ] {
        let workspace = book(member, value);
        let before = workspace.tree();
        let ended = workspace.import(&LAYOUT);
        assert_eq!(ended.code, Some(3), "{member}: {ended}");
        assert!(
            ended.stderr.contains(&format!("[{rule}]")),
            "{member}: {ended}"
        );
        // A column with two sources is reported at the place of the record.
        let at = match member {
            "isbn" => "/shelves/A~11/books/0".to_owned(),
            _ => format!("/shelves/A~11/books/0/{member}"),
        };
        assert!(ended.stderr.contains(&at), "{member}: {ended}");
        before.assert_unchanged(&workspace.tree(), ended);
    }
}

#[test]
fn limits_of_integers_are_stored_exactly() {
    for number in [
        "9223372036854775807",
        "-9223372036854775808",
        "9.223372036854775807e18",
        "-0",
    ] {
        let workspace = library();
        edit(&workspace, "branches/harbour.json", |branch| {
            branch["shelves"]["A/1"]["books"][0]["pages"] = json::parse(number);
        });
        workspace.imports(&LAYOUT);
        let pages: i64 = rows::value(
            &workspace.connection(),
            "SELECT pages FROM books WHERE id = '5f0c954e-7f34-4c39-9f6c-3a2a57d0a001'",
        );
        let expected = match number {
            "-0" => 0,
            _ if number.starts_with('-') => i64::MIN,
            _ => i64::MAX,
        };
        assert_eq!(pages, expected, "{number}");
        rows::assert_sound(&workspace.connection());
    }
}

#[test]
fn unmapped_members_can_be_errors() {
    let workspace = library();
    // No rule reads the other branches any more.
    let path = workspace.root().join("library/layout.toml");
    let toml = fs::read_to_string(&path).expect("read");
    let toml = toml
        .replace(r#""/{branch}/{day}""#, r#""/harbour/{day}""#)
        .replace(
            r#"branch_code = "{branch}""#,
            r#"branch_code = { value = "harbour" }"#,
        );
    fs::write(&path, toml).expect("written");
    let before = workspace.tree();
    let ended = workspace.import(&LAYOUT);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(
        ended
            .stderr
            .contains("error[unmapped-member]: stocktakes.json"),
        "{ended}"
    );
    assert!(ended.stderr.contains("/hill"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

/// The same book with two IDs in one branch.
#[test]
fn two_records_that_violate_a_unique_constraint_are_reported() {
    let workspace = library();
    edit(&workspace, "branches/harbour.json", |branch| {
        let mut copy = branch["shelves"]["A/1"]["books"][0].clone();
        copy["id"] = json!("5f0c954e-7f34-4c39-9f6c-3a2a57d0a009");
        branch["shelves"]["B~2"]["books"] = json!([copy]);
    });
    let ended = workspace.import(&LAYOUT);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert!(ended.stderr.contains("[not-unique]"), "{ended}");
    assert!(ended.stderr.contains("`branch_code`, `isbn`"), "{ended}");
}

#[test]
fn a_conflicting_row_in_the_database_is_reported() {
    let workspace = imported();
    edit(&workspace, "branches/harbour.json", |branch| {
        let mut other = branch["shelves"]["A/1"]["books"][1].clone();
        other["id"] = json!("5f0c954e-7f34-4c39-9f6c-3a2a57d0a009");
        branch["shelves"]["A/1"]["books"] = json!([other]);
    });
    // The old record was removed from the file, but its row is kept, with the same ISBN.
    let before = workspace.tree();
    let ended = workspace.import(&LAYOUT);
    assert!(matches!(ended.code, Some(3 | 4)), "{ended}");
    assert!(ended.stderr.contains("books"), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
fn a_renamed_file_keeps_its_records() {
    let workspace = Workspace::of("library/valid/town");
    let layout = workspace.root().join("library");
    fixtures::copy(&fixtures::path("layouts/library"), &layout);
    // Without the capture in the file name, nothing in a record depends on the name.
    let toml = fs::read_to_string(layout.join("layout.toml")).expect("read");
    let toml = toml.replace(r#"code   = "{branch}""#, r#"code   = "/name""#);
    fs::write(
        layout.join("layout.toml"),
        toml.replace("branches/{branch}.json", "branches/*.json"),
    )
    .expect("written");
    workspace.remove("loans.jsonl");
    workspace.remove("stocktakes.json");
    workspace.imports(&LAYOUT);
    let entries = rows::count(&workspace.connection(), "audit_log");
    let hill = workspace.read("branches/hill.json");
    workspace.remove("branches/hill.json");
    workspace.write("branches/upper.json", hill);
    let ended = workspace.imports(&[&LAYOUT[..], &["--prune"]].concat());
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "audit_log"), entries, "{ended}");
    assert_eq!(rows::count(&connection, "branches"), 2);
    rows::assert_sound(&connection);
    let paths = rows::texts(
        &connection,
        "SELECT DISTINCT path FROM row_sources JOIN source_files ON source_files.id = source_file_id ORDER BY 1",
    );
    assert_eq!(paths, ["branches/harbour.json", "branches/upper.json"]);
    workspace.remove("branches/upper.json");
    workspace.imports(&[&LAYOUT[..], &["--prune"]].concat());
    assert_eq!(rows::count(&workspace.connection(), "branches"), 1);
}

/// A changed layout is applied to unchanged files.
#[test]
fn a_changed_layout_reads_all_files_again() {
    let workspace = imported();
    let path = workspace.root().join("library/layout.toml");
    let toml = fs::read_to_string(&path).expect("read");
    fs::write(
        &path,
        toml.replace(r#"value = "book""#, r#"value = "volume""#),
    )
    .expect("written");
    let report = workspace.report(&LAYOUT);
    assert_eq!(report["tables"]["books"]["updated"], 3, "{report:#}");
    rows::assert_sound(&workspace.connection());
}
