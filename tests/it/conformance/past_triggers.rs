//! What another program changed past the triggers: it is reported until `audit enable` accounts for it, also when the
//! program goes on writing; and tables that were renamed take their triggers with them.

use serde_json::Value;

use super::target::{Backend, Target};
use super::{ARCHIVE, audit, enables, on_every_database};
use crate::fixtures;

on_every_database!(
    a_row_inserted_past_the_triggers_is_reported_though_it_is_changed_or_deleted_later,
    a_change_between_two_entries_is_reported_until_the_table_is_enabled,
    a_column_that_was_added_is_accounted_for_by_the_next_enable,
    rows_that_are_older_than_the_audit_log_are_not_reported,
    a_renamed_table_is_recorded_under_its_new_name_before_another_takes_its_name,
    an_import_does_not_take_the_triggers_of_a_renamed_table,
    a_dropped_table_whose_rows_were_deleted_is_not_reported,
    a_table_of_an_application_with_a_name_of_the_ledger_is_left_alone,
    a_run_that_disables_a_table_is_in_the_log,
    what_changed_while_a_table_was_disabled_is_counted_by_an_import,
);

/// The differences that `audit reconcile` reports, as kind and record.
#[track_caller]
fn differences(target: &Target) -> Vec<String> {
    let (code, result) = audit(target, &["reconcile"]);
    let differences = result["differences"].as_array().expect("an array");
    let expected = if differences.is_empty() { 0 } else { 4 };
    assert_eq!(code, Some(expected), "{result:#}");
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    differences
        .iter()
        .map(|one| format!("{} {}", text(one, "kind"), text(one, "record_id")))
        .collect()
}

/// The table `pets` with three rows, recorded.
fn recorded_pets(target: &Target) {
    target.execute("CREATE TABLE pets (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))");
    target.execute("INSERT INTO pets VALUES (1, 'Rex'), (2, 'Tom'), (3, 'Kim')");
    enables(target, "pets");
    assert_eq!(differences(target), Vec::<String>::new());
}

/// Runs a statement while the triggers of the table are switched off, or removed and made again.
fn past_triggers(target: &Target, table: &str, statement: &str) {
    match target.backend {
        Backend::Sqlite => {
            let triggers = target.rows(&format!(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
            ));
            for trigger in &triggers {
                target.execute(&format!("DROP TRIGGER \"{}\"", trigger[0]));
            }
            target.execute(statement);
            for trigger in &triggers {
                target.execute(&trigger[1]);
            }
        }
        Backend::Postgres => {
            target.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"));
            target.execute(statement);
            for trigger in target.rows(&format!(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal"
            )) {
                target.execute(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {}", trigger[0]));
            }
        }
        Backend::Mysql => {
            let triggers = target.rows(&format!(
                "SELECT trigger_name, action_timing, event_manipulation, HEX(action_statement) FROM information_schema.triggers \
                 WHERE trigger_schema = DATABASE() AND event_object_table = '{table}' ORDER BY action_order"
            ));
            for trigger in &triggers {
                target.execute(&format!("DROP TRIGGER `{}`", trigger[0]));
            }
            target.execute(statement);
            for trigger in &triggers {
                let statement = data_encoding::HEXUPPER.decode(trigger[3].as_bytes());
                let statement = String::from_utf8(statement.expect("hexadecimal")).expect("UTF-8");
                target.execute(&format!(
                    "DELIMITER //\nCREATE TRIGGER `{}` {} {} ON {table} FOR EACH ROW {statement} //",
                    trigger[0], trigger[1], trigger[2]
                ));
            }
        }
    }
}

fn a_row_inserted_past_the_triggers_is_reported_though_it_is_changed_or_deleted_later(
    target: Target,
) {
    recorded_pets(&target);
    past_triggers(
        &target,
        "pets",
        "INSERT INTO pets VALUES (8, 'new'), (9, 'new')",
    );
    assert_eq!(differences(&target), ["unrecorded 8", "unrecorded 9"]);
    target.execute("UPDATE pets SET name = 'changed' WHERE id = 8");
    target.execute("DELETE FROM pets WHERE id = 9");
    assert_eq!(differences(&target), ["broken 8", "broken 9"]);
    let (_, result) = audit(&target, &["reconcile"]);
    let message = result["differences"][0]["message"].as_str();
    let expected = "changes a row that was inserted without an entry";
    assert!(
        message.is_some_and(|message| message.contains(expected)),
        "{result:#}"
    );
    let enabled = enables(&target, "pets");
    assert_eq!(
        enabled["findings"][0]["rule"], "incomplete-trail",
        "{enabled:#}"
    );
    assert_eq!(differences(&target), Vec::<String>::new());
    // What is accepted for one run is not accepted for what comes after it.
    past_triggers(&target, "pets", "INSERT INTO pets VALUES (10, 'new')");
    target.execute("DELETE FROM pets WHERE id = 10");
    assert_eq!(differences(&target), ["broken 10"]);
}

fn a_change_between_two_entries_is_reported_until_the_table_is_enabled(target: Target) {
    recorded_pets(&target);
    past_triggers(
        &target,
        "pets",
        "UPDATE pets SET name = 'past' WHERE id = 1",
    );
    target.execute("UPDATE pets SET name = 'recorded' WHERE id = 1");
    assert_eq!(differences(&target), ["broken 1"]);
    let enabled = enables(&target, "pets");
    let message = enabled["findings"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(message.contains("1 entry does not follow"), "{enabled:#}");
    assert_eq!(differences(&target), Vec::<String>::new());
    assert_eq!(audit(&target, &["verify"]).0, Some(0));
    // There is nothing left to accept.
    let runs = target.count("import_runs");
    enables(&target, "pets");
    assert_eq!(target.count("import_runs"), runs);
}

fn a_column_that_was_added_is_accounted_for_by_the_next_enable(target: Target) {
    recorded_pets(&target);
    target.execute("ALTER TABLE pets ADD COLUMN credit INTEGER");
    past_triggers(&target, "pets", "UPDATE pets SET credit = 100 WHERE id = 1");
    enables(&target, "pets");
    let (_, rows) = audit(&target, &["as-of", "pets", "--at", "now"]);
    let text = rows.to_string();
    assert!(text.contains(r#""credit":100"#), "{rows:#}");
    assert_eq!(differences(&target), Vec::<String>::new());
    past_triggers(&target, "pets", "UPDATE pets SET credit = 5 WHERE id < 3");
    assert_eq!(differences(&target), ["changed 1", "changed 2"]);
    enables(&target, "pets");
    assert_eq!(differences(&target), Vec::<String>::new());
}

fn rows_that_are_older_than_the_audit_log_are_not_reported(target: Target) {
    recorded_pets(&target);
    target.execute("UPDATE pets SET name = 'a' WHERE id = 1");
    target.execute("DELETE FROM pets WHERE id = 2");
    let disabled = audit(&target, &[&["disable", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(disabled.0, Some(0), "{:#}", disabled.1);
    target.execute("INSERT INTO pets VALUES (4, 'Ida')");
    enables(&target, "pets");
    target.execute("UPDATE pets SET name = 'b' WHERE id = 4");
    target.execute("DELETE FROM pets WHERE id = 3");
    assert_eq!(differences(&target), Vec::<String>::new());
}

fn renamed(target: &Target) {
    target.execute("ALTER TABLE pets RENAME TO old_pets");
    target.execute("CREATE TABLE pets (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))");
    target.execute("INSERT INTO pets VALUES (1, 'Ann')");
}

fn a_renamed_table_is_recorded_under_its_new_name_before_another_takes_its_name(target: Target) {
    recorded_pets(&target);
    renamed(&target);
    enables(&target, "pets");
    target.execute("UPDATE old_pets SET name = 'old' WHERE id = 1");
    target.execute("UPDATE pets SET name = 'new' WHERE id = 1");
    let last = "SELECT table_name, new_value FROM audit_log ORDER BY id DESC LIMIT 2";
    let entries: Vec<String> = target
        .rows(last)
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(entries, ["pets", "old_pets"]);
    assert_eq!(differences(&target), Vec::<String>::new());
    for command in ["status", "verify"] {
        let (code, result) = audit(&target, &[command]);
        assert_eq!(code, Some(0), "{command}: {result:#}");
    }
    let disabled = audit(&target, &[&["disable", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(disabled.0, Some(0), "{:#}", disabled.1);
}

fn an_import_does_not_take_the_triggers_of_a_renamed_table(target: Target) {
    target.workspace.write("records/a.json", r#"["one"]"#);
    let layout = fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    let import = || target.import(&["--layout", layout]);
    assert_eq!(import().code, Some(0));
    target.execute("ALTER TABLE items RENAME TO old_items");
    target.workspace.write("records/b.json", r#"["two"]"#);
    let failed = import();
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("renamed from `items`"), "{failed}");
    assert!(failed.stderr.contains("audit enable"), "{failed}");
    enables(&target, "old_items");
    // The rows of the unchanged file would be missing.
    let failed = import();
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("rename the tables back"), "{failed}");
    target.execute("UPDATE old_items SET file = 'elsewhere' WHERE id = 1");
    assert_eq!(
        target.value("SELECT table_name FROM audit_log ORDER BY id DESC LIMIT 1"),
        "old_items"
    );
    target.execute("ALTER TABLE old_items RENAME TO items");
    enables(&target, "items");
    assert_eq!(import().code, Some(0));
    assert_eq!(target.count("items"), 2);
}

fn a_dropped_table_whose_rows_were_deleted_is_not_reported(target: Target) {
    recorded_pets(&target);
    target.execute("ALTER TABLE pets ADD COLUMN age INTEGER DEFAULT 7");
    enables(&target, "pets");
    target.execute("DELETE FROM pets");
    target.execute("DROP TABLE pets");
    assert_eq!(differences(&target), Vec::<String>::new());
}

fn a_table_of_an_application_with_a_name_of_the_ledger_is_left_alone(target: Target) {
    target.execute("CREATE TABLE rejects (id INTEGER NOT NULL PRIMARY KEY, msg VARCHAR(20))");
    target.execute("INSERT INTO rejects VALUES (1, 'theirs')");
    target.execute("CREATE TABLE pets (id INTEGER NOT NULL PRIMARY KEY)");
    let failed = target.run(&[&["audit", "enable", "pets"], &ARCHIVE[..]].concat());
    assert_eq!(failed.code, Some(1), "{failed}");
    assert!(failed.stderr.contains("`rejects`"), "{failed}");
    assert!(
        failed.stderr.contains("hint: nothing was written"),
        "{failed}"
    );
    target.workspace.write("records/a.json", r#"["one"]"#);
    let layout = fixtures::path("layouts/anything");
    let failed = target.import(&["--layout", layout.to_str().expect("UTF-8")]);
    assert_eq!(failed.code, Some(1), "{failed}");
    assert_eq!(target.value("SELECT msg FROM rejects"), "theirs");
    let tables = match target.backend {
        Backend::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
        Backend::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()",
        Backend::Mysql => {
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    assert_eq!(target.value(tables), "2");
}

fn a_run_that_disables_a_table_is_in_the_log(target: Target) {
    recorded_pets(&target);
    let hidden = [
        "disable",
        "pets",
        "--actor",
        "mallory",
        "--reason",
        "stocktaking",
    ];
    let (code, disabled) = audit(&target, &[&hidden[..], &ARCHIVE[..]].concat());
    assert_eq!(code, Some(0), "{disabled:#}");
    target.execute("UPDATE pets SET name = 'hidden'");
    enables(&target, "pets");
    let ended = target.run(&["audit", "log", "--actor", "mallory"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.stdout.contains("mallory"), "{ended}");
}

fn what_changed_while_a_table_was_disabled_is_counted_by_an_import(target: Target) {
    target
        .workspace
        .write("records/a.json", r#"["one", "two", "three"]"#);
    let layout = fixtures::path("layouts/anything");
    let layout = layout.to_str().expect("UTF-8");
    let import = || target.import(&["--layout", layout]);
    assert_eq!(import().code, Some(0));
    let disabled = audit(&target, &[&["disable", "items"], &ARCHIVE[..]].concat());
    assert_eq!(disabled.0, Some(0), "{:#}", disabled.1);
    target.execute("UPDATE items SET file = 'elsewhere' WHERE id < 3");
    target.workspace.write("records/b.json", r#"["four"]"#);
    let ended = import();
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(
        ended
            .stderr
            .contains("`items`: 2 rows changed while it was not recorded"),
        "{ended}"
    );
    assert_eq!(differences(&target), Vec::<String>::new());
}
