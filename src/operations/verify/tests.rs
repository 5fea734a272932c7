//! Tests with a small invented library: a directory that is imported into a database, which other programs then change.

mod library;

use library::{Library, SHELVES, edited};

use super::*;
use crate::database::DatabaseError;

#[test]
fn fresh_import_is_equal_and_the_database_file_is_unchanged() {
    let library = Library::imported();
    let before = library.database_bytes();
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Equal, "{outcome:#?}");
    let counts: Vec<_> = outcome
        .tables
        .iter()
        .map(|table| (table.table.as_str(), table.wanted, table.equal))
        .collect();
    assert_eq!(
        counts,
        [("shelves", 2, 2), ("books", 3, 3), ("readers", 2, 2)]
    );
    for table in &outcome.tables {
        assert_eq!(table.files_digest, table.database_digest, "{}", table.table);
        assert_eq!(table.files_digest.rows, table.wanted);
        assert_eq!(table.extra, ExtraRows::default());
    }
    assert_eq!(library.database_bytes(), before);
    let beside = library.files_beside_the_database();
    assert_eq!(beside, ["library.db", "library.db.archive"]);
}

#[test]
fn changed_value_is_reported_with_its_line() {
    let library = Library::imported();
    library.execute("UPDATE books SET title = 'Der Fuchß' WHERE title = 'Der Fuchs 狐'");
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Different);
    let books = &outcome.tables[1];
    assert_eq!((books.equal, books.different, books.missing), (2, 1, 0));
    assert_eq!(books.columns, [("title".to_owned(), 1)]);
    assert_ne!(books.files_digest, books.database_digest);
    let [difference] = &outcome.differences[..] else {
        panic!("{:?}", outcome.differences)
    };
    assert_eq!(difference.table, "books");
    assert_eq!(difference.record_id.as_deref(), Some("1"));
    assert_eq!(difference.place.to_string(), "shelves.json:6:15");
    assert_eq!(
        difference.place.pointer.as_deref(),
        Some("/0/books/0/title")
    );
    let kind = DifferenceKind::Different {
        column: "title".to_owned(),
        expected: "a string of 11 characters".to_owned(),
        found: "a string of 9 characters".to_owned(),
    };
    assert_eq!(difference.kind, kind);
}

#[test]
fn values_are_shown_on_demand() {
    let library = Library::imported();
    library.execute("UPDATE readers SET name = NULL WHERE id = 'r1'");
    let outcome = library.verify_with(|options| options.show = ShowValues::Shown);
    let kind = DifferenceKind::Different {
        column: "name".to_owned(),
        expected: "\"Ada\"".to_owned(),
        found: "NULL".to_owned(),
    };
    assert_eq!(outcome.differences[0].kind, kind);
}

#[test]
fn smallest_change_of_a_number_is_found() {
    for change in [
        "UPDATE books SET weight = 0.3 WHERE weight > 0.3",
        "UPDATE books SET copies = 9007199254740992 WHERE copies = 9007199254740993",
        "UPDATE books SET notes = replace(notes, '18446744073709551617', '18446744073709551616')",
        "UPDATE shelves SET opened = '2020-01-01T00:00:00.0000001Z' WHERE label = 'A'",
        "UPDATE readers SET name = CAST(name AS BLOB) WHERE id = 'r1'",
        "UPDATE readers SET shelf_id = NULL WHERE id = 'r1'",
    ] {
        let library = Library::imported();
        library.execute(change);
        let outcome = library.verify();
        assert_eq!(outcome.status, VerifyStatus::Different, "{change}");
        assert_eq!(outcome.differences.len(), 1, "{change}");
    }
}

#[test]
fn json_with_different_spelling_is_equal() {
    let library = Library::imported();
    library.execute(
        r#"UPDATE books SET notes = ' {"pages": 1.20e2, "big": 18446744073709551617, "by": ["小A", null]} '
           WHERE notes IS NOT NULL"#,
    );
    assert_eq!(library.verify().status, VerifyStatus::Equal);
}

#[test]
fn deleted_row_is_missing() {
    let library = Library::imported();
    library.execute("DELETE FROM books WHERE id = 2");
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Different);
    assert_eq!(outcome.tables[1].missing, 1);
    let difference = &outcome.differences[0];
    assert_eq!(difference.kind, DifferenceKind::Missing);
    assert_eq!(difference.record_id.as_deref(), Some("2"));
    assert_eq!(difference.place.to_string(), "shelves.json:8:6");
}

#[test]
fn deleted_parent_is_missing_with_its_children() {
    let library = Library::imported();
    library.execute("DELETE FROM shelves WHERE label = 'A'");
    let outcome = library.verify();
    let missing: Vec<_> = outcome.tables.iter().map(|table| table.missing).collect();
    assert_eq!(missing, [1, 2, 0]);
    assert_eq!(outcome.rejected, 0, "{:?}", outcome.findings);
}

#[test]
fn row_of_another_program_is_a_notice() {
    let library = Library::imported();
    library.execute("INSERT INTO readers (id, name, shelf) VALUES ('x9', 'Eve', 'A')");
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Equal);
    let extra = &outcome.tables[2].extra;
    assert_eq!(
        (extra.foreign, &extra.foreign_record_ids[..]),
        (1, &["x9".into()][..])
    );
    let notice = outcome
        .findings
        .iter()
        .find(|finding| finding.rule == Rule::ForeignRow);
    assert_eq!(notice.map(|notice| notice.level), Some(Level::Notice));
}

#[test]
fn record_removed_from_the_files_is_reported_as_removed() {
    let library = Library::imported();
    library.write("readers.json", r#"[{"id": "r2", "name": "Bo"}]"#);
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Different);
    assert_eq!(outcome.tables[2].extra.removed, 1);
    let difference = &outcome.differences[0];
    assert_eq!(difference.kind, DifferenceKind::Removed);
    assert_eq!(difference.record_id.as_deref(), Some("r1"));
    assert_eq!(difference.place.path, "readers.json");
    assert_eq!(difference.place.pointer.as_deref(), Some("/0"));
}

#[test]
fn rows_of_a_removed_file_are_reported() {
    let library = Library::imported();
    library.remove("readers.json");
    assert_eq!(library.verify().tables[2].extra.removed, 2);
}

#[test]
fn rows_of_other_directories_are_not_differences() {
    let library = Library::imported();
    let readers = r#"[{"id": "o1", "name": "Cy"}]"#;
    library.import_elsewhere(
        &SHELVES.replace("\"A\"", "\"C\"").replace("\"B\"", "\"D\""),
        readers,
    );
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Equal);
    let other: Vec<_> = outcome
        .tables
        .iter()
        .map(|table| table.extra.other_sources)
        .collect();
    assert_eq!(other, [2, 3, 1]);
}

#[test]
fn recreated_rows_are_found_by_their_unique_keys() {
    let library = Library::imported();
    library.execute(
        "CREATE TEMP TABLE kept AS SELECT * FROM books; DELETE FROM books;
         INSERT INTO books (shelf_id, title, weight, copies, notes, added)
         SELECT shelf_id, title, weight, copies, notes, added FROM kept ORDER BY id DESC",
    );
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Equal);
    assert_eq!(outcome.tables[1].extra, ExtraRows::default());
}

#[test]
fn database_without_a_ledger_is_compared_by_unique_keys() {
    let library = Library::imported();
    library.execute(
        "DELETE FROM shelves WHERE label = 'B'; PRAGMA foreign_keys = OFF;
         UPDATE shelves SET id = 77; UPDATE books SET shelf_id = 77; UPDATE readers SET shelf_id = 77 WHERE id = 'r1';
         DROP TABLE row_sources; DROP TABLE rejects; DROP TABLE conversions; DROP TABLE source_files;
         DROP TABLE import_runs; DELETE FROM __diesel_schema_migrations;
         INSERT INTO shelves (label) VALUES ('Z')",
    );
    let outcome = library.verify();
    let [shelves, books, readers] = &outcome.tables[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!((shelves.equal, shelves.missing), (1, 1));
    assert_eq!(shelves.extra.foreign, 1);
    assert_eq!((books.equal, books.missing), (2, 1));
    assert_eq!((readers.equal, readers.different), (2, 0));
    assert_eq!(outcome.status, VerifyStatus::Different);
}

#[test]
fn missing_database_is_an_error_and_is_not_created() {
    let library = Library::new();
    let error = verify(&library.options(), &library.layout, library::context());
    assert!(matches!(
        error,
        Err(OperationError::Database(DatabaseError::Missing(_)))
    ));
    assert!(library.files_beside_the_database().is_empty());
}

#[test]
fn rows_of_invalid_records_are_not_reported_as_removed() {
    let library = Library::imported();
    library.write(
        "readers.json",
        r#"[{"id": "r1", "name": 5}, {"id": "r2", "name": "Bo"}]"#,
    );
    let outcome = library.verify();
    assert_eq!(outcome.status, VerifyStatus::Invalid);
    assert_eq!(outcome.rejected, 1);
    let readers = &outcome.tables[2];
    assert_eq!((readers.equal, readers.wanted), (1, 1));
    assert_eq!((readers.extra.removed, readers.extra.unread), (0, 1));
    assert!(outcome.differences.is_empty());
}

#[test]
fn ambiguous_parameter_must_be_given() {
    let library = Library::imported();
    let outcome = library.verify_with(|options| options.parameters.clear());
    assert_eq!(outcome.status, VerifyStatus::Invalid);
    let finding = &outcome.findings[0];
    assert_eq!(finding.rule, Rule::Parameter);
    // They may be names of people.
    assert!(!finding.message.contains('A'), "{}", finding.message);
    assert!(
        finding.message.contains("2 rows to choose from"),
        "{}",
        finding.message
    );
    let shown = library.verify_with(|options| {
        options.parameters.clear();
        options.show = ShowValues::Shown;
    });
    let finding = &shown.findings[0];
    assert!(finding.message.contains("`A`, `B`"), "{}", finding.message);
}

#[test]
fn all_differences_are_counted_and_the_first_are_listed() {
    let library = Library::imported();
    library.execute("UPDATE books SET weight = 7, copies = 7; DELETE FROM readers");
    let outcome = library.verify_with(|options| options.limit = 3);
    assert_eq!(outcome.differences.len(), 3);
    assert_eq!(outcome.differences_not_kept, 5);
    let none = library.verify_with(|options| options.limit = 0);
    assert_eq!((none.differences.len(), none.differences_not_kept), (0, 8));
}

#[test]
fn moved_directory_is_recognised_by_its_contents() {
    let library = Library::imported();
    let outcome = library.verify_with(|options| options.source = Some("elsewhere".to_owned()));
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.rule == Rule::MovedSource)
    );
    assert_eq!(outcome.status, VerifyStatus::Equal, "found by unique keys");
}

#[test]
fn import_of_changed_files_is_equal_again() {
    let library = Library::imported();
    library.write("shelves.json", &edited(SHELVES));
    assert_eq!(library.verify().status, VerifyStatus::Different);
    library.import();
    assert_eq!(library.verify().status, VerifyStatus::Equal);
}

#[test]
fn references_to_generated_keys_are_correct_after_changes() {
    let reader =
        r#"[{"id": "r1", "name": "Ada", "shelf": "A"}, {"id": "r3", "name": "Cy", "shelf": "A"}]"#;
    for shelves in [
        edited(SHELVES),
        SHELVES.replace("2020-01-01T08", "2021-01-01T08"),
    ] {
        let library = Library::imported();
        library.write("shelves.json", &shelves);
        library.write("readers.json", reader);
        library.import();
        let outcome = library.verify();
        assert_eq!(outcome.status, VerifyStatus::Equal, "{outcome:#?}");
        assert_eq!(
            library.count("SELECT count(*) FROM readers WHERE shelf_id = 1"),
            2
        );
    }
}

#[test]
fn update_keeps_the_default_of_the_first_import() {
    let library = Library::imported();
    library.write(
        "shelves.json",
        &SHELVES.replace("0.30000000000000004", "0.5"),
    );
    library.import();
    assert_eq!(library.verify().status, VerifyStatus::Equal);
    assert_eq!(library.count("SELECT count(DISTINCT added) FROM books"), 2);
}
