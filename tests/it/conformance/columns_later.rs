//! Columns that another program adds to a recorded table or renames: their values have no entry until a run of kind
//! `enable` records them. `audit reconcile` and `audit enable` agree on what that is, and `blame`, `history` and `why`
//! attribute it to that run.

use serde_json::{Value, json};

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, enables, ends, is_well, on_every_database};

on_every_database!(
    a_renamed_column_is_recorded_without_an_alarm,
    an_added_column_is_reported_until_it_is_recorded,
    a_changed_value_is_distinguished_from_an_added_column,
    an_import_that_renews_triggers_names_the_columns,
    an_added_column_without_values_needs_nothing,
    a_column_of_a_table_that_was_disabled_is_recorded,
);

fn with_table(target: &Target) {
    target.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, voice VARCHAR(20), other VARCHAR(20)); \
         INSERT INTO t VALUES (1, 'bass', 'x'), (2, 'alto', 'y')",
    );
    enables(target, "t");
    is_well(target);
}

/// `audit reconcile` reports these columns of so many rows of `table`, and nothing else.
#[track_caller]
fn lists(target: &Target, table: &str, columns: &[&str], rows: u32) {
    let (code, found) = audit(target, &["reconcile"]);
    assert_eq!(code, Some(4), "{found:#}");
    let [difference] = &found["differences"].as_array().expect("an array")[..] else {
        panic!("{found:#}")
    };
    assert_eq!(difference["kind"], "unknown_columns", "{found:#}");
    assert_eq!(difference["table"], table);
    assert_eq!(difference["columns"], json!(columns));
    assert_eq!(found["tables"][table]["unknown_columns"], json!(columns));
    let message = difference["message"].as_str().expect("a text");
    let number = if rows == 1 {
        "1 row)".to_owned()
    } else {
        format!("{rows} rows)")
    };
    assert!(message.contains(&number), "{message}");
    assert!(message.contains("`accession audit enable"), "{message}");
}

fn levels(result: &Value) -> Vec<&str> {
    let findings = result["findings"].as_array().expect("an array").iter();
    findings
        .map(|finding| finding["level"].as_str().expect("a level"))
        .collect()
}

/// The columns of a row with the number of the entry that `blame` attributes each to.
fn blamed(target: &Target, record: &str) -> Vec<(String, i64)> {
    let (code, blame) = audit(target, &["blame", "t", record]);
    assert_eq!(code, Some(0), "{blame:#}");
    let columns = blame["columns"].as_array().expect("an array").iter();
    let mut columns: Vec<_> = columns
        .map(|one| {
            let name = one["column"].as_str().expect("a name").to_owned();
            (name, one["entry"].as_i64().expect("a number"))
        })
        .collect();
    columns.sort();
    columns
}

/// The entry of a run for a row.
fn entry_of(target: &Target, run: &Value, record: &str) -> i64 {
    let run = run["run"].as_str().expect("a run");
    let entry = target.value(&format!(
        "SELECT max(id) FROM audit_log WHERE run_id = '{run}' AND record_id = '{record}'"
    ));
    entry.parse().expect("a number")
}

fn pair(column: &str, entry: i64) -> (String, i64) {
    (column.to_owned(), entry)
}

fn a_renamed_column_is_recorded_without_an_alarm(target: Target) {
    with_table(&target);
    let first: i64 = blamed(&target, "1")[0].1;
    target.execute("ALTER TABLE t RENAME COLUMN voice TO register");
    lists(&target, "t", &["register"], 2);
    let enabled = enables(&target, "t");
    let counts = ["recorded", "differences", "replaced", "completed"].map(|name| &enabled[name]);
    assert_eq!(counts, [0, 0, 0, 2], "{enabled:#}");
    assert_eq!(levels(&enabled), ["notice"], "{enabled:#}");
    is_well(&target);
    let entry = entry_of(&target, &enabled, "1");
    let expected = [
        pair("id", first),
        pair("other", first),
        pair("register", entry),
    ];
    assert_eq!(blamed(&target, "1"), expected);
    let (_, history) = audit(&target, &["history", "t", "1"]);
    let last = &history["versions"][1];
    assert_eq!(
        (&last["entry"], &last["kind"]),
        (&json!(entry), &json!("enable"))
    );
    let changes = last["changes"].as_array().expect("an array");
    assert!(
        changes.contains(&json!({"column": "register", "new": "bass"})),
        "{history:#}"
    );
    let (code, why) = audit(&target, &["why", "t", "1", "register"]);
    assert_eq!(code, Some(0), "{why:#}");
    assert_eq!(why["columns"][0]["entry"], entry, "{why:#}");
    // Its values are compared from now on.
    target.execute("UPDATE t SET register = 'tenor' WHERE id = 1");
    assert!(blamed(&target, "1")[2].1 > entry);
    is_well(&target);
    let again = enables(&target, "t");
    assert_eq!(again["run"], Value::Null, "{again:#}");
}

fn an_added_column_is_reported_until_it_is_recorded(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t ADD COLUMN fresh VARCHAR(20) DEFAULT 'new'");
    target.execute("UPDATE t SET fresh = 'newer' WHERE id = 1");
    // PostgreSQL records changes of an added column.
    let rows = if target.backend == Backend::Postgres {
        1
    } else {
        2
    };
    lists(&target, "t", &["fresh"], rows);
    let enabled = enables(&target, "t");
    assert_eq!(enabled["differences"], 0, "{enabled:#}");
    assert_eq!(enabled["completed"], rows, "{enabled:#}");
    is_well(&target);
    let entry = entry_of(&target, &enabled, "2");
    assert!(blamed(&target, "2").contains(&pair("fresh", entry)));
    let external = "SELECT max(id) FROM audit_log WHERE record_id = '1' AND run_id IS NULL";
    let own = match target.backend {
        Backend::Postgres => target.value(external).parse().expect("a number"),
        Backend::Sqlite | Backend::Mysql => entry_of(&target, &enabled, "1"),
    };
    assert!(blamed(&target, "1").contains(&pair("fresh", own)));
}

/// An UPDATE past the triggers, and an added column.
fn a_changed_value_is_distinguished_from_an_added_column(target: Target) {
    with_table(&target);
    let (_, disabled) = audit(&target, &[&["disable", "t"], &ARCHIVE[..]].concat());
    assert_eq!(disabled["tables"], json!(["t"]));
    target.execute("UPDATE t SET voice = 'tenor' WHERE id = 1");
    target.execute("ALTER TABLE t ADD COLUMN fresh VARCHAR(20) DEFAULT 'new'");
    let enabled = enables(&target, "t");
    let counts = ["recorded", "differences", "replaced", "completed"].map(|name| &enabled[name]);
    assert_eq!(counts, [0, 1, 0, 2], "{enabled:#}");
    assert_eq!(enabled["seal"]["entries"], 3, "{enabled:#}");
    let mut found = levels(&enabled);
    found.sort_unstable();
    assert_eq!(found, ["notice", "warning"], "{enabled:#}");
    is_well(&target);
    let (_, history) = audit(&target, &["history", "t", "1"]);
    let versions = history["versions"].as_array().expect("an array");
    assert_eq!(
        versions[1]["changes"],
        json!([{"column": "voice", "old": "bass", "new": "tenor"}])
    );
    let added = versions[2]["changes"].as_array().expect("an array");
    assert!(
        added.contains(&json!({"column": "fresh", "new": "new"})),
        "{history:#}"
    );
}

fn an_import_that_renews_triggers_names_the_columns(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("ALTER TABLE profiles ADD COLUMN fresh VARCHAR(20)");
    if target.backend != Backend::Postgres {
        target.execute("UPDATE profiles SET fresh = 'unseen'");
    } else {
        target.execute("ALTER TABLE profiles DROP COLUMN fresh");
        target.execute("ALTER TABLE profiles ADD COLUMN fresh VARCHAR(20) DEFAULT 'unseen'");
    }
    crate::edits::edit(
        &target.workspace,
        "profiles/child_profiles.json",
        |profiles| profiles[0]["school"] = "Hillside".into(),
    );
    let imported = target.imports(&[]);
    assert!(
        imported.stderr.contains("columns of `profiles` were added"),
        "{imported}"
    );
    assert!(imported.stderr.contains("(`fresh`)"), "{imported}");
    // On PostgreSQL the triggers followed, and there is no gap.
    let code = if target.backend == Backend::Postgres {
        0
    } else {
        4
    };
    ends(&target, &["audit", "status"], code);
    let rows = target.count("profiles");
    lists(
        &target,
        "profiles",
        &["fresh"],
        u32::try_from(rows).expect("few"),
    );
    let enabled = enables(&target, "profiles");
    assert_eq!(
        (&enabled["differences"], &enabled["completed"]),
        (&json!(0), &json!(rows))
    );
    is_well(&target);
}

fn an_added_column_without_values_needs_nothing(target: Target) {
    with_table(&target);
    target.execute("ALTER TABLE t ADD COLUMN fresh VARCHAR(20)");
    ends(&target, &["audit", "reconcile"], 0);
    let enabled = enables(&target, "t");
    assert_eq!(
        (&enabled["differences"], &enabled["completed"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(levels(&enabled), [""; 0], "{enabled:#}");
    is_well(&target);
}

/// An import that records a disabled table again does not call added values changes.
fn a_column_of_a_table_that_was_disabled_is_recorded(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    let (_, disabled) = audit(&target, &[&["disable", "profiles"], &ARCHIVE[..]].concat());
    assert_eq!(disabled["tables"], json!(["profiles"]));
    // Also on MariaDB, where triggers for actions of foreign keys stay.
    ends(&target, &["audit", "status"], 0);
    target.execute("ALTER TABLE profiles ADD COLUMN fresh VARCHAR(20) DEFAULT 'new'");
    crate::edits::edit(
        &target.workspace,
        "profiles/child_profiles.json",
        |profiles| profiles[0]["school"] = "Hillside".into(),
    );
    let imported = target.imports(&[]);
    assert!(
        !imported
            .stderr
            .contains("changed while it was not recorded"),
        "{imported}"
    );
    assert!(
        imported
            .stderr
            .contains("recorded values of columns that were added or renamed (`fresh`"),
        "{imported}"
    );
    is_well(&target);
}
