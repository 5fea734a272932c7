//! Reverts of rows that refer to each other: to themselves, in a circle, and with actions of foreign keys.

use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{is_well, on_every_database};

on_every_database!(
    rows_that_refer_to_rows_of_their_own_table_are_reverted,
    rows_that_refer_to_each_other_in_a_circle_are_reverted,
    rows_that_were_deleted_with_their_parents_are_reverted,
    a_row_that_refers_to_itself_is_reverted_or_named,
    a_row_whose_parent_was_deleted_is_named,
);

/// Reverts the changes, that revert, and so on: the rows are as they were each time.
#[track_caller]
fn goes_there_and_back(wide: &mut Wide, tables: &[&str], changes: &str) {
    let rows = |wide: &Wide| -> Vec<_> {
        let rows = |table| {
            wide.target
                .rows(&format!("SELECT * FROM {table} ORDER BY id"))
        };
        tables.iter().map(rows).collect()
    };
    let before = rows(wide);
    let mut run = wide.during_an_import(changes);
    let after = rows(wide);
    assert_ne!(before, after, "{changes}");
    for round in 0..4 {
        wide.revert(&run, 0);
        let expected = if round % 2 == 0 { &before } else { &after };
        assert_eq!(rows(wide), *expected, "{changes}, round {round}");
        run = wide.last_run();
    }
    is_well(&wide.target);
}

fn rows_that_refer_to_rows_of_their_own_table_are_reverted(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, boss INT, CONSTRAINT own FOREIGN KEY (boss) REFERENCES u (id)); \
         INSERT INTO u VALUES (1, 1), (2, 1), (3, 2)",
    );
    wide.enables("u");
    let all = &["u"];
    goes_there_and_back(
        &mut wide,
        all,
        "INSERT INTO u VALUES (4, NULL), (5, 4), (6, 5), (7, 4)",
    );
    goes_there_and_back(
        &mut wide,
        all,
        "DELETE FROM u WHERE id = 3; DELETE FROM u WHERE id = 2; UPDATE u SET boss = NULL; DELETE FROM u",
    );
}

fn rows_that_refer_to_each_other_in_a_circle_are_reverted(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, first INT); \
         CREATE TABLE w (id INT PRIMARY KEY, u INT, CONSTRAINT wu FOREIGN KEY (u) REFERENCES u (id))",
    );
    if wide.target.backend != Backend::Sqlite {
        wide.target
            .execute("ALTER TABLE u ADD CONSTRAINT uw FOREIGN KEY (first) REFERENCES w (id)");
    }
    wide.enables("u");
    wide.enables("w");
    let all = &["u", "w"];
    let insert = "INSERT INTO u VALUES (1, NULL), (2, NULL); INSERT INTO w VALUES (1, 1), (2, 2); UPDATE u SET first = id";
    goes_there_and_back(&mut wide, all, insert);
}

fn rows_that_were_deleted_with_their_parents_are_reverted(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, v INT); \
         CREATE TABLE w (id INT PRIMARY KEY, u INT, CONSTRAINT wu FOREIGN KEY (u) REFERENCES u (id) ON DELETE CASCADE); \
         CREATE TABLE x (id INT PRIMARY KEY, u INT, CONSTRAINT xu FOREIGN KEY (u) REFERENCES u (id) ON DELETE SET NULL); \
         INSERT INTO u VALUES (1, 1), (2, 2); INSERT INTO w VALUES (1, 1), (2, 1), (3, 2); INSERT INTO x VALUES (1, 1), (2, 2)",
    );
    for table in ["u", "w", "x"] {
        wide.enables(table);
    }
    // The actions of foreign keys of other programs' tables fire no triggers on some servers.
    if wide.target.backend == Backend::Mysql {
        return;
    }
    goes_there_and_back(&mut wide, &["u", "w", "x"], "DELETE FROM u WHERE id = 1");
}

/// A server may not delete a row that refers to itself; then the row is named.
fn a_row_that_refers_to_itself_is_reverted_or_named(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, boss INT, CONSTRAINT own FOREIGN KEY (boss) REFERENCES u (id))",
    );
    wide.enables("u");
    let run = wide.during_an_import("INSERT INTO u VALUES (1, 1), (2, 1)");
    if wide.target.backend != Backend::Mysql {
        wide.revert(&run, 0);
        assert_eq!(wide.target.count("u"), 0);
        return is_well(&wide.target);
    }
    let report = wide.revert(&run, 4);
    let message = report["findings"][0]["message"].as_str().expect("a string");
    assert!(message.starts_with("`u` `1`"), "{report:#}");
    assert_eq!(wide.target.count("u"), 2);
    wide.target.execute("UPDATE u SET boss = NULL WHERE id = 1");
    wide.reverts(&run, &["--on-conflict", "force"], 0);
    assert_eq!(wide.target.count("u"), 0);
    is_well(&wide.target);
}

/// Also where foreign keys are checked at the commit.
fn a_row_whose_parent_was_deleted_is_named(target: Target) {
    let mut wide = Wide::empty(target);
    let deferrable = match wide.target.backend {
        Backend::Postgres => "DEFERRABLE",
        Backend::Sqlite | Backend::Mysql => "",
    };
    wide.target.execute(&format!(
        "CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE w (id INT PRIMARY KEY, u INT, v INT, \
         CONSTRAINT wu FOREIGN KEY (u) REFERENCES u (id) {deferrable}); \
         INSERT INTO u VALUES (1), (2), (3); INSERT INTO w VALUES (1, 1, 5), (2, 2, 5), (3, 3, 5)"
    ));
    wide.enables("u");
    wide.enables("w");
    let run = wide.during_an_import("DELETE FROM w WHERE id > 1");
    wide.target.execute("DELETE FROM u WHERE id = 2");
    let report = wide.revert(&run, 4);
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "not-restorable", "{report:#}");
    let message = finding["message"].as_str().expect("a message");
    let expected = "`w` `2`: the database rejects the value of `u`";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(wide.target.count("w"), 1);
    wide.target.execute("INSERT INTO u VALUES (2)");
    wide.revert(&run, 0);
    assert_eq!(wide.target.count("w"), 3);
    is_well(&wide.target);
}
