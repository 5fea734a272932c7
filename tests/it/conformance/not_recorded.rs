//! What the queries of the audit log say about changes without an entry: rows that were inserted without one, tables
//! that are not recorded any more, entries that do not follow from those before, and generated columns.

use serde_json::{Value, json};

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, enables, ends, on_every_database};

on_every_database!(
    rows_inserted_while_a_table_was_disabled_are_not_older_than_the_audit_log,
    rows_inserted_without_a_trigger_are_not_older_than_the_audit_log,
    an_entry_that_does_not_follow_stays_a_known_gap,
    a_table_with_another_name_or_without_a_table_is_named,
    a_generated_column_is_recorded_or_explained,
    seals_stay_in_the_archive_that_was_named,
    names_with_a_schema_are_explained,
);

/// A recorded table with the rows 1 to `rows`; the run that recorded them.
fn recorded(target: &Target, rows: u32) -> String {
    target.execute("CREATE TABLE q (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))");
    for id in 1..=rows {
        target.execute(&format!("INSERT INTO q VALUES ({id}, 'one')"));
    }
    let enabled = enables(target, "q");
    enabled["run"].as_str().expect("a run").to_owned()
}

fn lose(target: &Target, what: &str) {
    target.execute(&match target.backend {
        Backend::Sqlite => format!("DROP TRIGGER \"accession_q {what}\""),
        Backend::Mysql => format!("DROP TRIGGER accession_q_{what}"),
        Backend::Postgres => format!("DROP TRIGGER accession_{what} ON q"),
    });
}

#[track_caller]
fn as_of(target: &Target, arguments: &[&str]) -> Value {
    let (code, found) = audit(target, &[&["as-of"], arguments].concat());
    assert_eq!(code, Some(0), "{found:#}");
    found
}

fn rows_inserted_while_a_table_was_disabled_are_not_older_than_the_audit_log(target: Target) {
    let first = recorded(&target, 1);
    let doctor = target.run(&["doctor"]);
    assert!(!doctor.stdout.contains("never recorded"), "{doctor}");
    target.execute("CREATE TABLE later (id INTEGER NOT NULL PRIMARY KEY)");
    let doctor = target.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("never recorded: `later`"),
        "{doctor}"
    );
    let (_, disabled) = audit(&target, &[&["disable", "q"], &ARCHIVE[..]].concat());
    let run = &disabled["run"];
    target.execute("INSERT INTO q VALUES (2, 'two')");
    target.execute("UPDATE q SET name = 'changed' WHERE id = 1");
    let then = as_of(&target, &["q", "--at", &first]);
    assert_eq!(then["count"], 1, "{then:#}");
    assert_eq!(then["rows"][0]["values"]["name"], "one", "{then:#}");
    assert_eq!(then["unrecorded"], 1, "{then:#}");
    assert_eq!(then["unrecorded_ids"], json!(["2"]), "{then:#}");
    assert_eq!(then["not_recorded"], Value::Null, "{then:#}");
    let one = as_of(&target, &["q", "2", "--at", &first]);
    assert_eq!((&one["count"], &one["unrecorded"]), (&json!(0), &json!(1)));
    assert_eq!(target.run(&["audit", "as-of", "q", "3"]).code, Some(1));
    let now = as_of(&target, &["q", "--at", "now"]);
    assert_eq!(now["not_recorded"]["reason"], "disabled", "{now:#}");
    assert_eq!(now["not_recorded"]["run"], *run, "{now:#}");
    let text = ends(&target, &["audit", "as-of", "q"], 0);
    assert!(text.contains("table `q` is not recorded since 2"), "{text}");
    assert!(
        text.contains("1 row of the table without an entry"),
        "{text}"
    );
    for command in ["blame", "history"] {
        let (_, found) = audit(&target, &[command, "q", "1"]);
        assert_eq!(found["not_recorded"]["run"], *run, "{found:#}");
        let text = ends(&target, &["audit", command, "q", "1"], 0);
        assert!(text.contains("is not recorded since"), "{text}");
    }
    for command in ["blame", "history", "why"] {
        let unknown = target.run(&["audit", command, "q", "2"]);
        assert_eq!(unknown.code, Some(1), "{unknown}");
        let why = "`accession audit disable` removed the table at 2";
        assert!(unknown.stderr.contains(why), "{unknown}");
    }
    let why = ends(&target, &["audit", "why", "q", "1"], 4);
    assert!(why.contains("not recorded since"), "{why}");
    assert!(!why.contains("changed without an entry"), "{why}");
    let (code, why) = audit(&target, &["why", "q", "1"]);
    assert_eq!(code, Some(4));
    assert_eq!(why["not_recorded"]["run"], *run, "{why:#}");
    assert_eq!(audit(&target, &["reconcile"]).0, Some(4));
    enables(&target, "q");
    let now = as_of(&target, &["q"]);
    assert_eq!((&now["count"], &now["unrecorded"]), (&json!(2), &json!(0)));
    assert_eq!(now["not_recorded"], Value::Null, "{now:#}");
    assert_eq!(audit(&target, &["why", "q", "1"]).0, Some(0));
}

fn rows_inserted_without_a_trigger_are_not_older_than_the_audit_log(target: Target) {
    let first = recorded(&target, 1);
    lose(&target, "insert");
    target.execute("INSERT INTO q VALUES (2, 'two'), (3, 'three')");
    target.execute("UPDATE q SET name = 'recorded' WHERE id = 3");
    let entry = target.value("SELECT max(id) FROM audit_log");
    let entry: i64 = entry.parse().expect("a number");
    let then = as_of(&target, &["q", "--at", &first]);
    assert_eq!(then["count"], 1, "{then:#}");
    assert_eq!(then["problems"], json!([entry]), "{then:#}");
    assert_eq!(then["unrecorded_ids"], json!(["2"]), "{then:#}");
    let one = as_of(&target, &["q", "3", "--at", &first]);
    assert_eq!(
        (&one["count"], &one["problems"]),
        (&json!(0), &json!([entry]))
    );
    let now = as_of(&target, &["q"]);
    assert_eq!(now["problems"], json!([entry]), "{now:#}");
    let (_, history) = audit(&target, &["history", "q", "3"]);
    let version = &history["versions"][0];
    assert!(version["problem"].is_string(), "{history:#}");
    assert_eq!(version["accepted_by"], Value::Null, "{history:#}");
}

fn an_entry_that_does_not_follow_stays_a_known_gap(target: Target) {
    recorded(&target, 3);
    lose(&target, "update");
    target.execute("UPDATE q SET name = 'unseen'");
    target.execute("DELETE FROM q WHERE id = 1");
    let (code, found) = audit(&target, &["reconcile"]);
    assert_eq!(code, Some(4));
    assert_eq!(found["tables"]["q"]["differences"], 3, "{found:#}");
    let enabled = enables(&target, "q");
    let run = enabled["run"].as_str().expect("a run");
    let messages = enabled["findings"].to_string();
    assert!(
        messages.contains("2 rows changed without an entry"),
        "{messages}"
    );
    assert!(messages.contains("1 entry does not follow"), "{messages}");
    assert!(messages.contains("of row `1`"), "{messages}");
    assert_eq!(audit(&target, &["reconcile"]).0, Some(0));
    let shown = ends(&target, &["runs", "show", run], 0);
    assert!(shown.contains("entries that do not follow"), "{shown}");
    let (_, history) = audit(&target, &["history", "q", "1"]);
    assert_eq!(history["versions"][1]["accepted_by"], run, "{history:#}");
    let text = ends(&target, &["audit", "history", "q", "1"], 0);
    assert!(text.contains("known gap:"), "{text}");
    assert!(!text.contains("error:"), "{text}");
    let (code, why) = audit(&target, &["why", "q", "1"]);
    assert_eq!(code, Some(0));
    assert_eq!(why["known_gaps"][0]["run"], run, "{why:#}");
}

fn a_table_with_another_name_or_without_a_table_is_named(target: Target) {
    recorded(&target, 1);
    target.execute("ALTER TABLE q RENAME TO r");
    let named = |reason: &str, now: Value, table: &str| {
        let found = as_of(&target, &[table, "--at", "now"]);
        let missing = &found["not_recorded"];
        assert_eq!(missing["reason"], reason, "{found:#}");
        assert_eq!(missing["now"], now, "{found:#}");
        ends(&target, &["audit", "as-of", table], 0)
    };
    let text = named("renamed", json!("r"), "q");
    assert!(text.contains("was renamed to `r`"), "{text}");
    enables(&target, "r");
    let text = named("renamed", json!("r"), "q");
    assert!(
        text.contains("later changes are recorded as `r` since"),
        "{text}"
    );
    assert_eq!(as_of(&target, &["r"])["not_recorded"], Value::Null);
    target.execute("DROP TABLE r");
    let text = named("gone", Value::Null, "r");
    assert!(text.contains("does not exist any more"), "{text}");
}

fn a_generated_column_is_recorded_or_explained(target: Target) {
    target.execute(
        "CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, \
         g INTEGER GENERATED ALWAYS AS (a + 1) STORED)",
    );
    enables(&target, "p");
    target.execute("INSERT INTO p (id, a) VALUES (1, 2)");
    let why = target.run(&["audit", "why", "p", "1", "g"]);
    match target.backend {
        Backend::Sqlite => {
            assert_eq!(why.code, Some(1), "{why}");
            assert!(
                why.stderr.contains("`g` of `p` is a generated column"),
                "{why}"
            );
        }
        Backend::Postgres | Backend::Mysql => assert_eq!(why.code, Some(0), "{why}"),
    }
    let none = target.run(&["audit", "why", "p", "1", "h"]);
    assert!(none.stderr.contains("no column `h`"), "{none}");
}

fn seals_stay_in_the_archive_that_was_named(target: Target) {
    let lines = |archive: &str| {
        let path = target.workspace.root().join(archive).join("seals.log");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().count()
    };
    target.execute("CREATE TABLE q (id INTEGER NOT NULL PRIMARY KEY)");
    let one = ["enable", "q", "--archive", "target/one"];
    let (code, enabled) = audit(&target, &one);
    assert_eq!((code, &enabled["findings"]), (Some(0), &json!([])));
    target.execute("INSERT INTO q VALUES (1)");
    assert_eq!(audit(&target, &["seal"]).0, Some(0));
    assert_eq!(lines("target/one"), 2);
    target.execute("INSERT INTO q VALUES (2)");
    let elsewhere = target.run(&["audit", "seal", "--archive", "target/two"]);
    assert_eq!(elsewhere.code, Some(0), "{elsewhere}");
    for name in ["target/one`", "target/two`", "in two archives"] {
        assert!(elsewhere.stderr.contains(name), "{name}: {elsewhere}");
    }
    assert_eq!((lines("target/one"), lines("target/two")), (2, 1));
}

fn names_with_a_schema_are_explained(target: Target) {
    recorded(&target, 1);
    let ended = target.run(&[&["audit", "enable", "s2.x"], &ARCHIVE[..]].concat());
    assert_eq!(ended.code, Some(1), "{ended}");
    let hints = ended.stderr.contains("use `--schema s2 x`");
    assert_eq!(hints, target.backend == Backend::Postgres, "{ended}");
}
