//! Imports into tables of the layout that another program renamed, replaced, emptied or altered. No file has changed,
//! so an import that does not look at the tables would report that there is nothing to do.

use super::target::{Backend, Target, run};
use super::{ARCHIVE, enables, ends, is_well, on_every_database};

on_every_database!(
    a_view_in_the_place_of_a_table_stops_an_import,
    exchanged_tables_of_other_structure_stop_an_import_after_they_are_recorded,
    exchanged_tables_of_equal_structure_stop_an_import_until_the_layout_follows,
    counts_after_an_exchange_are_those_of_the_differences,
    rows_without_a_key_are_not_inserted_again_after_a_rename,
    rows_without_a_key_are_not_inserted_again_after_an_unrecorded_rename,
    a_table_that_was_created_again_without_rows_stops_an_import,
    a_dropped_column_of_the_layout_stops_an_import;
    servers: a_column_that_is_computed_now_stops_an_import,
        a_dropped_key_stops_an_import
);

pub(super) const LAYOUT: [&str; 2] = ["--layout", "./layout"];

/// A table of the layout: its name, columns in SQL, and the columns that are mapped.
pub(super) type Mapped<'t> = (&'t str, &'t str, &'t [&'t str]);

/// Writes a layout in which the records of `NUMBER.json` become rows of a table.
pub(super) fn write_layout(target: &Target, tables: &[Mapped<'_>]) {
    let directory = target.workspace.root().join("layout");
    std::fs::create_dir_all(&directory).expect("made");
    let (mut layout, mut sql) = ("name = \"things\"\n".to_owned(), String::new());
    for (number, (table, columns, mapped)) in tables.iter().enumerate() {
        let is_keyed = mapped.contains(&"id");
        let identity = if is_keyed {
            ""
        } else {
            "identity = \"position\"\n"
        };
        layout += &format!(
            "[[source]]\nfiles = \"{number}.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
             table = \"{table}\"\neach = \"/*\"\n{identity}[source.records.columns]\n"
        );
        for column in *mapped {
            layout += &format!("{column} = \"/{column}\"\n");
        }
        sql += &format!("CREATE TABLE {table} ({columns});\n");
    }
    let schema = r#"{"type":"array","items":{"type":"object"}}"#;
    for (name, text) in [
        ("layout.toml", layout.as_str()),
        ("tables.sql", sql.as_str()),
        ("any.schema.json", schema),
    ] {
        std::fs::write(directory.join(name), text).expect("written");
    }
}

const KEYED: (&str, &[&str]) = ("id BIGINT PRIMARY KEY, v VARCHAR(20)", &["id", "v"]);
const NUMBERED: (&str, &[&str]) = (
    "id INTEGER PRIMARY KEY AUTOINCREMENT, v VARCHAR(20)",
    &["v"],
);

fn named<'t>(name: &'t str, (columns, mapped): (&'t str, &'t [&'t str])) -> Mapped<'t> {
    (name, columns, mapped)
}

/// Imports two rows into each of these tables.
pub(super) fn imported(target: &Target, tables: &[Mapped<'_>]) {
    write_layout(target, tables);
    for number in 0..tables.len() {
        let text = format!(
            r#"[{{"id":{0}1,"v":"one","w":{0}}},{{"id":{0}2,"v":"two","w":{0}}}]"#,
            number + 1
        );
        target.workspace.write(&format!("{number}.json"), &text);
    }
    target.imports(&LAYOUT);
}

/// Every way to import fails with these words, and changes nothing.
#[track_caller]
fn stops(target: &Target, words: &[&str]) {
    let runs = target.count("import_runs");
    for arguments in [&[][..], &["--dry-run"], &["--reread"], &["--prune"]] {
        let ended = target.import(&[&LAYOUT[..], arguments].concat());
        assert_eq!(ended.code, Some(1), "{ended}");
        for word in words {
            assert!(ended.stderr.contains(word), "{word}\n{ended}");
        }
        assert!(!ended.stderr.contains("statement failed"), "{ended}");
    }
    assert_eq!(target.count("import_runs"), runs);
}

#[track_caller]
fn has_nothing_to_do(target: &Target) {
    let ended = target.imports(&LAYOUT);
    assert!(ended.stdout.contains("nothing to do"), "{ended}");
    assert!(!ended.stderr.contains("lacks"), "{ended}");
    ends(target, &["verify", "legacy", "--layout", "./layout"], 0);
    is_well(target);
}

fn exchanges(target: &Target, one: &str, other: &str) {
    for (from, to) in [(one, "tmp"), (other, one), ("tmp", other)] {
        target.execute(&format!("ALTER TABLE {from} RENAME TO {to}"));
    }
}

fn a_view_in_the_place_of_a_table_stops_an_import(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    target.execute("DROP TABLE a; CREATE VIEW a AS SELECT id, v FROM b");
    stops(&target, &["`a`: it is a view"]);
    ends(&target, &["doctor"], 1);
    if target.backend == Backend::Postgres {
        target.execute("DROP VIEW a; CREATE MATERIALIZED VIEW a AS SELECT id, v FROM b");
        stops(&target, &["`a`: it is a view"]);
        target.execute("DROP MATERIALIZED VIEW a; CREATE SEQUENCE a");
        stops(&target, &["`a`: it is not a table"]);
    }
    if target.backend == Backend::Sqlite {
        target.execute("DROP VIEW a; CREATE VIRTUAL TABLE a USING fts5(id, v)");
        stops(&target, &["`a`: it is a virtual or foreign table"]);
    }
}

fn exchanged_tables_of_other_structure_stop_an_import_after_they_are_recorded(target: Target) {
    let other = ("w INTEGER, id BIGINT PRIMARY KEY", &["id", "w"][..]);
    imported(&target, &[named("a", KEYED), named("b", other)]);
    exchanges(&target, "a", "b");
    stops(&target, &["was renamed from"]);
    enables(&target, "a");
    is_well(&target);
    stops(
        &target,
        &["imported into `a` are in `b`", "rename the tables back"],
    );
    exchanges(&target, "a", "b");
    enables(&target, "a");
    has_nothing_to_do(&target);
}

fn exchanged_tables_of_equal_structure_stop_an_import_until_the_layout_follows(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    exchanges(&target, "a", "b");
    enables(&target, "b");
    stops(&target, &["imported into `a` are in `b`"]);
    write_layout(&target, &[named("b", KEYED), named("a", KEYED)]);
    let ended = target.imports(&LAYOUT);
    assert!(ended.stdout.contains("imported"), "{ended}");
    assert_eq!(target.count("a") + target.count("b"), 4);
    has_nothing_to_do(&target);
}

fn counts_after_an_exchange_are_those_of_the_differences(target: Target) {
    for name in ["a", "b"] {
        target.execute(&format!(
            "CREATE TABLE {name} (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO {name} VALUES (1, 'of {name}'), (2, 'same')"
        ));
    }
    target.execute("INSERT INTO b VALUES (3, 'also')");
    ends(
        &target,
        &[&["audit", "enable", "--all"], &ARCHIVE[..]].concat(),
        0,
    );
    exchanges(&target, "a", "b");
    let enabled = target.run(&[&["audit", "enable", "a"], &ARCHIVE[..]].concat());
    assert_eq!(enabled.code, Some(0), "{enabled}");
    // Row 1 of each, and row 3, which is in the other one now.
    let words = "  4 rows recorded that differ from the table that had the name before\n";
    assert!(enabled.stdout.contains(words), "{enabled}");
    assert!(!enabled.stdout.contains("existing"), "{enabled}");
    let run = target.value("SELECT max(id) FROM import_runs");
    assert_eq!(
        target.value(&format!(
            "SELECT count(*) FROM audit_log WHERE run_id = '{run}'"
        )),
        "4"
    );
    let shown = ends(&target, &["runs", "show", &run], 0);
    assert!(shown.contains("a: renamed to b"), "{shown}");
    assert!(shown.contains("b: renamed to a"), "{shown}");
    is_well(&target);
}

fn rows_without_a_key_are_not_inserted_again_after_a_rename(target: Target) {
    imported(&target, &[named("a", NUMBERED), named("b", KEYED)]);
    target.execute("ALTER TABLE a RENAME TO c");
    target.execute("ALTER TABLE b RENAME TO d");
    write_layout(&target, &[named("c", NUMBERED), named("d", KEYED)]);
    stops(&target, &["was renamed from"]);
    ends(
        &target,
        &[&["audit", "enable", "c", "d"], &ARCHIVE[..]].concat(),
        0,
    );
    stops(
        &target,
        &["imported into `a` are in `c`", "rename the tables back"],
    );
    target.execute("ALTER TABLE c RENAME TO a");
    enables(&target, "a");
    write_layout(&target, &[named("a", NUMBERED), named("d", KEYED)]);
    // The other table has a key in the files, and its rows are found by it.
    target.imports(&LAYOUT);
    assert_eq!((target.count("a"), target.count("d")), (2, 2));
    has_nothing_to_do(&target);
}

/// A copy under another name, of which nothing is recorded.
fn rows_without_a_key_are_not_inserted_again_after_an_unrecorded_rename(target: Target) {
    imported(&target, &[named("a", NUMBERED), named("b", KEYED)]);
    let columns = match target.backend {
        Backend::Sqlite => "id INTEGER PRIMARY KEY AUTOINCREMENT",
        Backend::Postgres => "id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        Backend::Mysql => "id BIGINT AUTO_INCREMENT PRIMARY KEY",
    };
    target.execute(&format!(
        "CREATE TABLE c ({columns}, v VARCHAR(20)); INSERT INTO c SELECT id, v FROM a; DROP TABLE a"
    ));
    write_layout(&target, &[named("c", NUMBERED), named("b", KEYED)]);
    stops(
        &target,
        &[
            "`c` has rows that no run imported, and `a`",
            "audit disable",
        ],
    );
    ends(
        &target,
        &[&["audit", "disable", "a"], &ARCHIVE[..]].concat(),
        0,
    );
    target.imports(&LAYOUT);
    assert_eq!(target.count("c"), 4);
}

fn a_table_that_was_created_again_without_rows_stops_an_import(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    target.execute("DROP TABLE a; CREATE TABLE a (id BIGINT PRIMARY KEY, v VARCHAR(20))");
    stops(&target, &["`a` was created again", "audit enable a`"]);
    // With its rows it is the same table.
    target.execute("INSERT INTO a VALUES (11, 'one'), (12, 'two')");
    enables(&target, "a");
    has_nothing_to_do(&target);
    // Rows that are deleted with entries stop nothing.
    target.execute("DELETE FROM a");
    target.imports(&LAYOUT);
    target.execute("DROP TABLE a; CREATE TABLE a (id BIGINT PRIMARY KEY, v VARCHAR(20))");
    enables(&target, "a");
    target.imports(&LAYOUT);
    is_well(&target);
}

fn a_dropped_column_of_the_layout_stops_an_import(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    match target.backend {
        // The triggers read the column.
        Backend::Sqlite => target.execute("ALTER TABLE a RENAME COLUMN v TO v2"),
        Backend::Postgres | Backend::Mysql => target.execute("ALTER TABLE a DROP COLUMN v"),
    }
    stops(&target, &["`a`: it lacks the column `v`"]);
}

fn a_column_that_is_computed_now_stops_an_import(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    target.execute(
        "ALTER TABLE a DROP COLUMN v; ALTER TABLE a ADD COLUMN v VARCHAR(20) GENERATED ALWAYS AS ('x') STORED",
    );
    stops(&target, &["`a`: its column `v` is computed"]);
}

fn a_dropped_key_stops_an_import(target: Target) {
    imported(&target, &[named("a", KEYED), named("b", KEYED)]);
    target.execute(match target.backend {
        Backend::Postgres => "ALTER TABLE a DROP CONSTRAINT a_pkey",
        Backend::Sqlite | Backend::Mysql => "ALTER TABLE a DROP PRIMARY KEY",
    });
    stops(&target, &["`a`: its primary key differs"]);
}

#[test]
fn a_table_that_had_no_rows_may_be_created_again() {
    run(Backend::Sqlite, |target| {
        write_layout(&target, &[named("a", KEYED)]);
        target.workspace.write("0.json", "[]");
        target.imports(&LAYOUT);
        target.execute("DROP TABLE a; CREATE TABLE a (id BIGINT PRIMARY KEY, v VARCHAR(20))");
        target.imports(&LAYOUT);
    });
}
