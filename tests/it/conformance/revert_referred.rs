//! Reverts of runs whose rows other rows refer to: rows that stay keep the rows that they refer to.

use serde_json::{Value, json};

use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{ends, is_well, on_every_database};

on_every_database!(
    a_row_that_is_kept_keeps_the_rows_that_it_refers_to,
    a_row_of_another_program_prevents_the_deletion,
    references_to_unique_columns_and_to_rows_of_the_same_table_are_found,
    a_row_of_another_schema_prevents_the_deletion,
    a_value_is_not_restored_where_that_would_change_a_recorded_row_without_an_entry,
);

/// The counts per table, as `deleted` and `skipped`.
fn counts(report: &Value, tables: &[&str]) -> Vec<(u64, u64)> {
    let count = |table: &str, name: &str| report["tables"][table][name].as_u64().unwrap_or(0);
    let tables = tables.iter();
    tables
        .map(|table| (count(table, "deleted"), count(table, "skipped")))
        .collect()
}

/// The rows that are kept because of references, with the rows that refer to them.
fn referred(report: &Value) -> Vec<Value> {
    let conflicts = report["conflicts"].as_array().expect("conflicts");
    let conflicts = conflicts.iter().filter(|one| one["kind"] == "referred");
    conflicts
        .map(|one| json!([one["table"], one["record_id"], one["referred_by"]]))
        .collect()
}

fn keys(target: &Target, table: &str) -> String {
    let rows = target.rows(&format!("SELECT id FROM {table} ORDER BY id"));
    rows.concat().join(" ")
}

/// Reverts with `--on-conflict skip`: the plan is what is done.
#[track_caller]
fn skips(wide: &Wide, run: &str, tables: &[&str]) -> Value {
    let planned = wide.reverts(run, &["--on-conflict", "skip", "--dry-run"], 0);
    let done = wide.reverts(run, &["--on-conflict", "skip"], 0);
    assert_eq!(counts(&planned, tables), counts(&done, tables));
    assert_eq!(referred(&planned), referred(&done));
    accounts_for_everything(&wide.target);
    done
}

fn accounts_for_everything(target: &Target) {
    match target.backend {
        // There cascades fire no triggers, which `doctor` reports.
        Backend::Mysql => {
            for command in ["status", "verify", "reconcile"] {
                ends(target, &["audit", command], 0);
            }
        }
        Backend::Sqlite | Backend::Postgres => is_well(target),
    }
}

fn a_row_that_is_kept_keeps_the_rows_that_it_refers_to(target: Target) {
    let mut target = Some(target);
    for action in ["", "ON DELETE CASCADE", "ON DELETE SET NULL"] {
        let next = target.take().expect("a target");
        let mut wide = Wide::empty(next);
        wide.target.execute(&format!(
            "CREATE TABLE u (id INT PRIMARY KEY); \
             CREATE TABLE w (id INT PRIMARY KEY, u INT, CONSTRAINT wu FOREIGN KEY (u) REFERENCES u (id) {action}); \
             CREATE TABLE x (id INT PRIMARY KEY, w INT, n INT, CONSTRAINT xw FOREIGN KEY (w) REFERENCES w (id) {action})"
        ));
        let tables = ["u", "w", "x"];
        for table in tables {
            wide.enables(table);
        }
        let run = wide.during_an_import(
            "INSERT INTO u VALUES (1), (2), (3); INSERT INTO w VALUES (1, 1), (2, 2), (3, 3); \
             INSERT INTO x VALUES (1, 1, 0), (2, 2, 0), (3, 2, 0)",
        );
        wide.target.execute("UPDATE x SET n = 5 WHERE id = 2");
        let report = wide.revert(&run, 4);
        assert_eq!(report["status"], "conflict", "{report:#}");
        assert_eq!(report["conflicts"].as_array().map(Vec::len), Some(1));
        let done = skips(&wide, &run, &tables);
        assert_eq!(counts(&done, &tables), [(2, 1), (2, 1), (2, 1)], "{action}");
        assert_eq!(
            referred(&done),
            [
                json!(["w", "2", {"table": "x", "record_id": "2", "columns": ["w"]}]),
                json!(["u", "2", {"table": "w", "record_id": "2", "columns": ["u"]}]),
            ],
            "{action}"
        );
        assert_eq!(
            tables.map(|table| keys(&wide.target, table)),
            ["2", "2", "2"]
        );
        let text = wide
            .target
            .run(&["revert", &run, "--dry-run", "--on-conflict", "skip"]);
        let line = "u 2 is kept, because `w` `2` (`u`) refers to it";
        assert!(text.stdout.contains(line), "{text}");
        wide.reverts(&run, &["--on-conflict", "force"], 0);
        assert_eq!(tables.map(|table| keys(&wide.target, table)), ["", "", ""]);
        accounts_for_everything(&wide.target);
        target = Some(wide.target.again());
    }
}

fn a_row_of_another_program_prevents_the_deletion(target: Target) {
    let mut target = Some(target);
    for (key, shown) in [("PRIMARY KEY", "`z` `7` (`w`)"), ("", "a row of `z` (`w`)")] {
        let mut wide = Wide::empty(target.take().expect("a target"));
        wide.target.execute(&format!(
            "CREATE TABLE u (id INT PRIMARY KEY); \
             CREATE TABLE w (id INT PRIMARY KEY, u INT, CONSTRAINT wu FOREIGN KEY (u) REFERENCES u (id)); \
             CREATE TABLE z (id INT {key}, w INT, CONSTRAINT zw FOREIGN KEY (w) REFERENCES w (id) ON DELETE CASCADE)"
        ));
        wide.enables("u");
        wide.enables("w");
        let run = wide
            .during_an_import("INSERT INTO u VALUES (1), (2); INSERT INTO w VALUES (1, 1), (2, 2)");
        wide.target.execute("INSERT INTO z VALUES (7, 2)");
        for arguments in [
            &[][..],
            &["--dry-run"],
            &["--on-conflict", "force"],
            &["--on-conflict", "force", "--dry-run"],
        ] {
            let report = wide.reverts(&run, arguments, 4);
            assert_eq!(report["status"], "rejected", "{report:#}");
            let finding = &report["findings"][0];
            assert_eq!(finding["rule"], "not-restorable");
            let message = finding["message"].as_str().expect("a message");
            assert!(message.starts_with("`w` `2`"), "{message}");
            assert!(message.contains(shown), "{message}");
            assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
        }
        assert_eq!(keys(&wide.target, "w"), "1 2");
        let done = skips(&wide, &run, &["u", "w"]);
        assert_eq!(counts(&done, &["u", "w"]), [(1, 1), (1, 1)]);
        assert_eq!(keys(&wide.target, "u"), "2");
        assert_eq!(keys(&wide.target, "w"), "2");
        assert_eq!(wide.target.count("z"), 1);
        // Without the reference, a second revert deletes the rest.
        wide.target.execute("DELETE FROM z");
        wide.revert(&run, 0);
        assert_eq!(wide.target.count("u"), 0);
        is_well(&wide.target);
        target = Some(wide.target.again());
    }
}

fn references_to_unique_columns_and_to_rows_of_the_same_table_are_found(target: Target) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, part INT, code VARCHAR(9), up INT, upcode VARCHAR(9), UNIQUE (part, code), \
         CONSTRAINT own FOREIGN KEY (up, upcode) REFERENCES u (part, code))",
    );
    wide.enables("u");
    let run = wide.during_an_import(
        "INSERT INTO u VALUES (1, 1, 'a', NULL, NULL), (2, 1, 'b', 1, 'a'), (3, 1, 'c', NULL, NULL), \
         (4, 2, NULL, NULL, NULL)",
    );
    wide.target
        .execute("INSERT INTO u VALUES (9, 9, 'z', 1, 'b')");
    let done = skips(&wide, &run, &["u"]);
    assert_eq!(counts(&done, &["u"]), [(2, 2)]);
    assert_eq!(keys(&wide.target, "u"), "1 2 9");
    wide.target.execute("DELETE FROM u WHERE id = 9");
    wide.revert(&run, 0);
    assert_eq!(wide.target.count("u"), 0);
    is_well(&wide.target);
}

fn a_row_of_another_schema_prevents_the_deletion(target: Target) {
    match target.backend {
        Backend::Postgres => {}
        Backend::Sqlite | Backend::Mysql => return,
    }
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY); CREATE SCHEMA other; \
         CREATE TABLE other.u (id INT REFERENCES public.u (id) ON DELETE CASCADE)",
    );
    wide.enables("u");
    let run = wide.during_an_import("INSERT INTO u VALUES (1), (2)");
    wide.target.execute("INSERT INTO other.u VALUES (2)");
    let report = wide.revert(&run, 4);
    let message = report["findings"][0]["message"].as_str();
    assert!(
        message.is_some_and(|text| text.contains("a row of `other.u` (`id`)")),
        "{report:#}"
    );
    skips(&wide, &run, &["u"]);
    assert_eq!(keys(&wide.target, "u"), "2");
    assert_eq!(wide.target.count("other.u"), 1);
}

/// Where actions of foreign keys fire no triggers.
fn a_value_is_not_restored_where_that_would_change_a_recorded_row_without_an_entry(target: Target) {
    if target.backend != Backend::Mysql {
        return;
    }
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, v INT UNIQUE); INSERT INTO u VALUES (1, 1); \
         CREATE TABLE w (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES u (v) ON UPDATE CASCADE)",
    );
    wide.enables("u");
    wide.enables("w");
    let run = wide.during_an_import("UPDATE u SET v = 2");
    wide.target.execute("INSERT INTO w VALUES (1, 2)");
    for options in [&[][..], &["--on-conflict", "force"]] {
        let report = wide.reverts(&run, options, 4);
        let message = report["findings"][0]["message"]
            .as_str()
            .unwrap_or_default();
        assert!(message.contains("without an entry"), "{report:#}");
    }
    assert_eq!(wide.target.value("SELECT v FROM w"), "2");
    wide.target.execute("UPDATE w SET v = NULL");
    wide.revert(&run, 0);
    ends(&wide.target, &["audit", "reconcile"], 0);
}
