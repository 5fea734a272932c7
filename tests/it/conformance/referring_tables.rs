//! Rows of the application's tables that refer to rows which an import would delete or change the key of.

use std::time::Duration;

use super::tables_replaced::{LAYOUT, write_layout};
use super::target::{Backend, Target, run};
use super::{ARCHIVE, ends, on_every_database};
use crate::workspace::CommandOutput;

on_every_database!(
    rows_of_the_application_keep_the_rows_that_they_refer_to,
    keys_of_several_columns_and_within_a_table_are_found,
    values_that_rows_of_the_application_refer_to_are_not_changed,
    a_computed_column_that_rows_refer_to_is_not_changed,
    recorded_rows_are_not_changed_without_an_entry,
    rows_of_another_schema_are_found,
    a_row_that_another_program_inserts_meanwhile_keeps_the_row_that_it_refers_to,
    rows_that_refer_to_a_partition_or_its_parent_are_found,
    values_are_not_changed_where_that_would_change_recorded_rows_without_an_entry,
    references_of_tables_that_the_application_made_are_not_removed_without_an_entry,
);

const COLUMNS: &str = "id BIGINT PRIMARY KEY, v BIGINT UNIQUE";
const ALL: &str = r#"[{"id": 1, "v": 10}, {"id": 2, "v": 20}, {"id": 3, "v": 30}]"#;
pub(super) const WITHOUT_3: &str = r#"[{"id": 1, "v": 10}, {"id": 2, "v": 20}]"#;
pub(super) const TAKE_FILE: [&str; 3] = ["--prune", "--on-conflict", "take-file"];
const KEEP: [&str; 3] = ["--prune", "--on-conflict", "keep-database"];

/// A layout with the table `p`, imported.
pub(super) fn imported(target: &Target) {
    write_layout(target, &[("p", COLUMNS, &["id", "v"])]);
    target.workspace.write("0.json", ALL);
    imports(target, &[], 0);
}

#[track_caller]
pub(super) fn imports(target: &Target, arguments: &[&str], code: i32) -> CommandOutput {
    let ended = target.import(&[&LAYOUT[..], arguments].concat());
    assert_eq!(ended.code, Some(code), "{ended}");
    ended
}

/// Every import that prunes reports this row, whether it writes or not.
#[track_caller]
pub(super) fn is_a_conflict(target: &Target, also: &[&[&str]], shown: &str) {
    let plans = [&["--prune"][..], &["--prune", "--dry-run"]];
    for arguments in plans.iter().chain(also) {
        let ended = imports(target, arguments, 4);
        let expected =
            format!("`p` 3: the record was removed from the file, and {shown} to its row");
        assert!(ended.stderr.contains("warning[still-referred]"), "{ended}");
        assert!(ended.stderr.contains(&expected), "{ended}");
        assert_eq!(target.count("p"), 3);
    }
}

fn rows_of_the_application_keep_the_rows_that_they_refer_to(target: Target) {
    let quoted = match target.backend {
        Backend::Sqlite | Backend::Postgres => "\"my Phone\"",
        Backend::Mysql => "`my Phone`",
    };
    let mut target = Some(target);
    for action in ["", "ON DELETE CASCADE", "ON DELETE SET NULL"] {
        for (key, shown) in [
            ("PRIMARY KEY", "`my Phone` 7 still refers"),
            ("", "a row of `my Phone` still refers"),
        ] {
            let next = target.take().expect("a target");
            imported(&next);
            next.execute(&format!(
                "CREATE TABLE {quoted} (id BIGINT {key}, p BIGINT, FOREIGN KEY (p) REFERENCES p (id) {action}); \
                 INSERT INTO {quoted} VALUES (7, 3), (8, 1), (9, NULL)"
            ));
            let values = |number: u32| {
                next.value(&format!(
                    "SELECT COALESCE(p, 0) FROM {quoted} WHERE id = {number}"
                ))
            };
            next.workspace.write("0.json", WITHOUT_3);
            let sets_null = action.ends_with("NULL");
            let also: &[&[&str]] = if sets_null { &[] } else { &[&TAKE_FILE] };
            is_a_conflict(&next, also, shown);
            let kept = imports(&next, &KEEP, 0);
            assert!(
                kept.stderr.contains("still refers to its row; kept"),
                "{kept}"
            );
            assert_eq!([values(7), values(8), values(9)], ["3", "1", "0"]);
            if sets_null {
                let taken = imports(&next, &TAKE_FILE, 0);
                assert!(
                    taken.stderr.contains("the reference set to NULL"),
                    "{taken}"
                );
                assert_eq!([values(7), values(8), values(9)], ["0", "1", "0"]);
            } else {
                next.execute(&format!("DELETE FROM {quoted} WHERE id = 7"));
                imports(&next, &["--prune"], 0);
            }
            assert_eq!(next.count("p"), 2);
            ends(&next, &["audit", "reconcile"], 0);
            target = Some(next.again());
        }
    }
}

fn keys_of_several_columns_and_within_a_table_are_found(target: Target) {
    imported(&target);
    target.execute(
        "CREATE UNIQUE INDEX both_columns ON p (v, id); \
         CREATE TABLE c (n BIGINT PRIMARY KEY, i BIGINT, v BIGINT, \
         FOREIGN KEY (v, i) REFERENCES p (v, id) ON DELETE CASCADE); \
         INSERT INTO c VALUES (1, NULL, 30), (2, 3, 30), (4, 2, 20)",
    );
    target.workspace.write("0.json", WITHOUT_3);
    is_a_conflict(&target, &[&TAKE_FILE], "`c` 2 still refers");
    // Also if most of the rows to be deleted can be.
    target.workspace.write("0.json", r#"[{"id": 2, "v": 20}]"#);
    is_a_conflict(&target, &[&TAKE_FILE], "`c` 2 still refers");
    target.execute("DELETE FROM c WHERE i = 3");
    let column = match target.backend {
        Backend::Sqlite => "up BIGINT REFERENCES p (id)",
        Backend::Postgres | Backend::Mysql => "up BIGINT, ADD FOREIGN KEY (up) REFERENCES p (id)",
    };
    target.execute(&format!("ALTER TABLE p ADD COLUMN {column}"));
    target.execute("UPDATE p SET up = 3 WHERE id = 2");
    is_a_conflict(&target, &[&TAKE_FILE], "`p` 2 still refers");
    target.execute("UPDATE p SET up = NULL");
    imports(&target, &["--prune"], 0);
    assert_eq!(target.count("p"), 1);
    assert_eq!(target.count("c"), 2);
}

fn values_that_rows_of_the_application_refer_to_are_not_changed(target: Target) {
    let conflict = "the record has a different key now, and other rows may refer to its row";
    imported(&target);
    target.execute(
        "CREATE TABLE c (n BIGINT PRIMARY KEY, v BIGINT, FOREIGN KEY (v) REFERENCES p (v) ON UPDATE CASCADE); \
         CREATE TABLE d (n BIGINT PRIMARY KEY, i BIGINT, FOREIGN KEY (i) REFERENCES p (id) ON UPDATE CASCADE); \
         INSERT INTO c VALUES (1, 10); INSERT INTO d VALUES (1, 2)",
    );
    let seen = || {
        let values = ["SELECT v FROM c", "SELECT i FROM d"];
        values.map(|query| target.value(query))
    };
    // A new value of a unique column, and a new key of a row that is found by a unique column.
    for (text, shown) in [
        (ALL.replace("10", "11"), "`p` 1"),
        (ALL.replace("\"id\": 2", "\"id\": 4"), "`p` 2"),
    ] {
        target.workspace.write("0.json", text);
        for arguments in [&[][..], &["--dry-run"]] {
            let ended = imports(&target, arguments, 4);
            let expected = format!("{shown}: {conflict}");
            assert!(ended.stderr.contains(&expected), "{ended}");
            assert_eq!(seen(), ["10", "2"]);
        }
    }
    // To other rows, no row refers.
    target.workspace.write("0.json", ALL.replace("30", "31"));
    imports(&target, &[], 0);
    target.workspace.write("0.json", ALL.replace("10", "11"));
    imports(&target, &["--on-conflict", "keep-database"], 0);
    assert_eq!(target.value("SELECT v FROM p WHERE id = 1"), "10");
    target.workspace.write("0.json", ALL.replace("10", "12"));
    imports(&target, &["--on-conflict", "take-file"], 0);
    assert_eq!(seen(), ["12", "2"]);
}

/// The layout does not have the column to which another table refers.
fn a_computed_column_that_rows_refer_to_is_not_changed(target: Target) {
    imported(&target);
    let kind = match target.backend {
        Backend::Sqlite => "VIRTUAL",
        Backend::Mysql | Backend::Postgres => "STORED",
    };
    target.execute(&format!(
        "ALTER TABLE p ADD COLUMN twice BIGINT GENERATED ALWAYS AS (v * 2) {kind}; \
         CREATE UNIQUE INDEX computed ON p (twice); \
         CREATE TABLE c (n BIGINT PRIMARY KEY, twice BIGINT, \
         FOREIGN KEY (twice) REFERENCES p (twice) ON UPDATE CASCADE ON DELETE SET NULL); \
         INSERT INTO c VALUES (1, 20)"
    ));
    ends(
        &target,
        &[&["audit", "enable", "p", "c"], &ARCHIVE[..]].concat(),
        0,
    );
    target.workspace.write("0.json", ALL.replace("10", "11"));
    for arguments in [&[][..], &["--dry-run"]] {
        let ended = imports(&target, arguments, 4);
        assert!(ended.stderr.contains("`p` 1: the record"), "{ended}");
        assert_eq!(target.value("SELECT twice FROM c"), "20");
    }
    // To the other rows, no row refers.
    target.workspace.write("0.json", ALL.replace("30", "31"));
    imports(&target, &[], 0);
    ends(&target, &["audit", "reconcile"], 0);
}

/// The database sets a column to the time of the change, which other rows follow.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_stamped_column_that_rows_refer_to_is_not_changed() {
    run(Backend::Mysql, |target| {
        imported(&target);
        target.execute(
            "ALTER TABLE p ADD COLUMN at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6); \
             UPDATE p SET at = '2020-01-01' WHERE id = 1; \
             CREATE INDEX stamped ON p (at); \
             CREATE TABLE c (n BIGINT PRIMARY KEY, at DATETIME(6), \
             FOREIGN KEY (at) REFERENCES p (at) ON UPDATE CASCADE); \
             INSERT INTO c VALUES (1, '2020-01-01')",
        );
        ends(
            &target,
            &[&["audit", "enable", "p", "c"], &ARCHIVE[..]].concat(),
            0,
        );
        target.workspace.write("0.json", ALL.replace("10", "11"));
        let ended = imports(&target, &[], 4);
        assert!(ended.stderr.contains("`p` 1: the record"), "{ended}");
        ends(&target, &["audit", "reconcile"], 0);
    });
}

/// Where actions of foreign keys fire no triggers, they are not used on recorded tables.
fn recorded_rows_are_not_changed_without_an_entry(target: Target) {
    imported(&target);
    target.execute(
        "CREATE TABLE c (n BIGINT PRIMARY KEY, i BIGINT, FOREIGN KEY (i) REFERENCES p (id) ON DELETE SET NULL)",
    );
    ends(
        &target,
        &[&["audit", "enable", "c"], &ARCHIVE[..]].concat(),
        0,
    );
    target.execute("INSERT INTO c VALUES (1, 3)");
    target.workspace.write("0.json", WITHOUT_3);
    match target.backend {
        Backend::Mysql => is_a_conflict(&target, &[&TAKE_FILE], "`c` 1 still refers"),
        Backend::Sqlite | Backend::Postgres => {
            is_a_conflict(&target, &[], "`c` 1 still refers");
            imports(&target, &TAKE_FILE, 0);
        }
    }
    ends(&target, &["audit", "reconcile"], 0);
}

fn rows_of_another_schema_are_found(target: Target) {
    imported(&target);
    // On MariaDB a schema is a database.
    let (other, reference) = match target.backend {
        Backend::Sqlite => return,
        Backend::Postgres => ("other".to_owned(), "REFERENCES public.p (id)".to_owned()),
        Backend::Mysql => {
            let own = target.name();
            (format!("{own}_other"), format!("REFERENCES {own}.p (id)"))
        }
    };
    target.execute(&format!(
        "CREATE SCHEMA {other}; CREATE TABLE {other}.p (id BIGINT PRIMARY KEY, \
         FOREIGN KEY (id) {reference} ON DELETE CASCADE); INSERT INTO {other}.p VALUES (3)",
    ));
    target.workspace.write("0.json", WITHOUT_3);
    let shown = format!("a row of `{other}.p` still refers");
    is_a_conflict(&target, &[&TAKE_FILE], &shown);
    target.execute(&format!("DELETE FROM {other}.p"));
    imports(&target, &["--prune"], 0);
    target.execute(&format!("DROP TABLE {other}.p; DROP SCHEMA {other}"));
}

fn rows_that_refer_to_a_partition_or_its_parent_are_found(target: Target) {
    if target.backend != Backend::Postgres {
        return;
    }
    write_layout(&target, &[("p", COLUMNS, &["id", "v"])]);
    let reference = |to: &str| {
        target.execute(&format!(
            "DROP TABLE IF EXISTS c; CREATE TABLE c (n INT PRIMARY KEY, p BIGINT REFERENCES {to} (id) ON DELETE CASCADE); \
             INSERT INTO c VALUES (1, 3)"
        ));
        is_a_conflict(&target, &[&TAKE_FILE], "`c` 1 still refers");
        assert_eq!(target.count("c"), 1);
    };
    target.execute(
        "CREATE TABLE p (id BIGINT PRIMARY KEY, v BIGINT) PARTITION BY RANGE (id); \
         CREATE TABLE low PARTITION OF p FOR VALUES FROM (0) TO (3); CREATE TABLE high PARTITION OF p DEFAULT",
    );
    target.workspace.write("0.json", ALL);
    imports(&target, &[], 0);
    target.workspace.write("0.json", WITHOUT_3);
    reference("high");
    reference("p");
    target.execute("DROP TABLE c");
    imports(&target, &["--prune"], 0);
}

/// Where actions of foreign keys fire no triggers.
fn values_are_not_changed_where_that_would_change_recorded_rows_without_an_entry(target: Target) {
    imported(&target);
    target.execute(
        "CREATE TABLE c (n BIGINT PRIMARY KEY, v BIGINT, FOREIGN KEY (v) REFERENCES p (v) ON UPDATE CASCADE); \
         INSERT INTO c VALUES (1, 10)",
    );
    let enable = [&["audit", "enable", "c"], &ARCHIVE[..]].concat();
    ends(&target, &enable, 0);
    target.workspace.write("0.json", ALL.replace("10", "11"));
    let take = ["--on-conflict", "take-file"];
    match target.backend {
        Backend::Mysql => {
            let ended = imports(&target, &take, 4);
            assert!(ended.stderr.contains("without an entry"), "{ended}");
            assert_eq!(target.value("SELECT v FROM c"), "10");
            imports(&target, &["--on-conflict", "keep-database"], 0);
        }
        Backend::Sqlite | Backend::Postgres => {
            imports(&target, &take, 0);
            assert_eq!(target.value("SELECT v FROM c"), "11");
        }
    }
    ends(&target, &["audit", "reconcile"], 0);
}

fn references_of_tables_that_the_application_made_are_not_removed_without_an_entry(target: Target) {
    let child = "id BIGINT PRIMARY KEY, p BIGINT REFERENCES p (id) ON DELETE SET NULL";
    write_layout(
        &target,
        &[("p", COLUMNS, &["id", "v"]), ("c", child, &["id", "p"])],
    );
    target.execute(
        "CREATE TABLE p (id BIGINT PRIMARY KEY, v BIGINT UNIQUE); \
         CREATE TABLE c (id BIGINT PRIMARY KEY, p BIGINT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL)",
    );
    target.workspace.write("0.json", ALL);
    target
        .workspace
        .write("1.json", r#"[{"id": 1, "p": null}]"#);
    imports(&target, &[], 0);
    target.execute("UPDATE c SET p = 3");
    target.workspace.write("0.json", WITHOUT_3);
    match target.backend {
        Backend::Mysql => {
            imports(&target, &TAKE_FILE, 4);
            assert_eq!(target.value("SELECT p FROM c"), "3");
        }
        Backend::Sqlite | Backend::Postgres => {
            imports(&target, &TAKE_FILE, 0);
            assert_eq!(target.value("SELECT COALESCE(p, 0) FROM c"), "0");
        }
    }
    ends(&target, &["audit", "reconcile"], 0);
}

/// The row is not visible yet when the import looks for such rows, and is when the row that it refers to is deleted.
fn a_row_that_another_program_inserts_meanwhile_keeps_the_row_that_it_refers_to(target: Target) {
    imported(&target);
    target.execute(
        "CREATE TABLE c (n BIGINT PRIMARY KEY, p BIGINT, \
         FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    );
    target.workspace.write("0.json", WITHOUT_3);
    let insert = match target.backend {
        Backend::Sqlite => "INSERT INTO c VALUES (1, 3)",
        Backend::Postgres => "INSERT INTO c VALUES (1, 3); SELECT pg_sleep(4)",
        Backend::Mysql => "BEGIN; INSERT INTO c VALUES (1, 3); SELECT SLEEP(4); COMMIT",
    };
    std::thread::scope(|scope| {
        scope.spawn(|| target.execute(insert));
        std::thread::sleep(Duration::from_millis(1500));
        let ended = imports(&target, &TAKE_FILE, 4);
        assert!(ended.stderr.contains("`c` 1 still refers"), "{ended}");
    });
    assert_eq!(target.count("c"), 1);
    assert_eq!(target.count("p"), 3);
}
