//! Triggers that another program dropped, and that a command recreates without comparing the rows: until they are
//! compared, every check reports that changes may have no entry.

use serde_json::{Value, json};

use super::target::{Backend, Target, run};
use super::{ARCHIVE, audit, enables, ends, is_well, on_every_database};
use crate::edits::edit;

on_every_database!(
    an_unchanged_import_keeps_the_gap_open,
    a_changed_import_keeps_the_gap_open,
    a_trigger_that_was_replaced_is_lost,
    a_gap_without_changes_is_closed_by_enabling_the_table,
    a_second_loss_extends_the_gap,
    other_commands_neither_hide_nor_repeat_the_gap,
    a_gap_ends_when_the_table_is_disabled,
    gaps_of_several_tables_are_one_run_and_close_one_by_one,
    enabling_all_tables_closes_gaps,
    a_gap_that_began_before_columns_were_added_keeps_what_was_accounted_for,
    an_import_that_accounts_for_a_table_leaves_no_gap,
    the_run_of_a_gap_is_sealed;
    servers: triggers_that_cannot_be_recreated_leave_no_gap_without_a_run
);

/// The imported tables, without the trigger of `table` for UPDATE.
fn lose(target: &Target, table: &str) {
    target.execute(&match target.backend {
        Backend::Sqlite => format!("DROP TRIGGER \"accession_{table} update\""),
        Backend::Mysql => format!("DROP TRIGGER accession_{table}_update"),
        Backend::Postgres => format!("DROP TRIGGER accession_update ON {table}"),
    });
}

const PAST: &str = "UPDATE profiles SET gender = 'unseen' WHERE id = 'child_0001'";

/// Imports, and changes a row while its trigger is missing.
fn lost(target: Target) -> Target {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    is_well(&target);
    lose(&target, "profiles");
    target.execute(PAST);
    target
}

fn change_a_card(target: &Target) {
    let cards = "content_db/approved_cards.json";
    edit(&target.workspace, cards, |cards| {
        assert!(cards.pop().is_some());
    });
}

/// Every check reports the gap of the table, with the command that closes it; the gap.
#[track_caller]
fn is_open(target: &Target, table: &str) -> Value {
    let words = format!("changes of table `{table}` between ");
    let command = format!("`accession audit enable {table}` records");
    for (arguments, code) in [
        (&["doctor"][..], 1),
        (&["audit", "status"], 4),
        (&["audit", "verify"], 4),
    ] {
        let out = ends(target, arguments, code);
        assert!(out.contains(&words) && out.contains(&command), "{out}");
    }
    let (_, states) = audit(target, &["status"]);
    assert_eq!(states["status"], "incomplete");
    let (_, verified) = audit(target, &["verify"]);
    let gap = gap(target, table);
    let mut differences = verified["differences"].as_array().expect("an array").iter();
    assert!(
        differences.any(|one| one["kind"] == "table" && one["run"] == gap["run"]),
        "{verified:#}"
    );
    gap
}

fn gap(target: &Target, table: &str) -> Value {
    let (_, states) = audit(target, &["status"]);
    let mut states = states["tables"].as_array().expect("an array").iter();
    let state = states.find(|state| state["table"] == table);
    state.expect("the table")["gap"].clone()
}

fn runs(target: &Target) -> u64 {
    target.count("import_runs")
}

fn an_unchanged_import_keeps_the_gap_open(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    let gap = is_open(&target, "profiles");
    let ended = target.value("SELECT finished_at FROM import_runs WHERE kind = 'import'");
    assert_eq!(gap["since"], ended);
    assert!(gap["until"].as_str() > gap["since"].as_str(), "{gap}");
    assert_eq!(gap["triggers"].as_array().expect("names").len(), 1);
    let run = gap["run"].as_str().expect("an id");
    let shown = ends(&target, &["runs", "show", run], 0);
    assert!(shown.contains("enable, complete"), "{shown}");
    assert!(
        shown.contains("  profiles: triggers recreated ("),
        "{shown}"
    );
    let shown = ends(&target, &["runs", "show", run, "--format", "json"], 0);
    let shown: Value = crate::json::parse(&shown);
    assert_eq!(
        shown["tables"]["profiles"]["lost_triggers"],
        gap["triggers"]
    );
    // Nothing is recorded again, and nothing is hidden.
    target.imports(&[]);
    assert_eq!(runs(&target), 2);
    assert_eq!(is_open(&target, "profiles"), gap);
    ends(&target, &["audit", "reconcile"], 4);
    assert_eq!(enables(&target, "profiles")["differences"], 1);
    is_well(&target);
    target.imports(&[]);
    is_well(&target);
    assert_eq!(runs(&target), 3);
}

fn a_changed_import_keeps_the_gap_open(target: Target) {
    let target = lost(target);
    change_a_card(&target);
    let imported = target.imports(&["--prune"]);
    assert!(imported.stderr.contains("incomplete-trail"), "{imported}");
    assert_eq!(runs(&target), 3);
    let open = is_open(&target, "profiles");
    // The run is before the import.
    assert_ne!(
        json!(target.value("SELECT max(id) FROM import_runs")),
        open["run"]
    );
    change_a_card(&target);
    target.imports(&["--prune"]);
    assert_eq!(runs(&target), 4);
    assert_eq!(is_open(&target, "profiles"), open);
    ends(&target, &["doctor", "--fix"], 0);
    is_well(&target);
}

/// A trigger with the right name that writes nothing.
fn a_trigger_that_was_replaced_is_lost(target: Target) {
    let target = lost(target);
    target.execute(match target.backend {
        Backend::Sqlite => {
            "CREATE TRIGGER \"accession_profiles update\" AFTER UPDATE ON profiles BEGIN SELECT 1; END"
        }
        Backend::Mysql => {
            "CREATE TRIGGER accession_profiles_update AFTER UPDATE ON profiles FOR EACH ROW SET @nothing = 1"
        }
        Backend::Postgres => {
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER accession_update AFTER UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION nothing(); \
             ALTER TABLE profiles ENABLE ALWAYS TRIGGER accession_update"
        }
    });
    target.imports(&[]);
    is_open(&target, "profiles");
    enables(&target, "profiles");
    is_well(&target);
}

fn a_gap_without_changes_is_closed_by_enabling_the_table(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    lose(&target, "profiles");
    target.imports(&[]);
    is_open(&target, "profiles");
    ends(&target, &["audit", "reconcile"], 0);
    let enabled = ends(
        &target,
        &[&["audit", "enable", "profiles"], &ARCHIVE[..]].concat(),
        0,
    );
    assert!(
        enabled.starts_with("recorded: every row has its entry\n"),
        "{enabled}"
    );
    is_well(&target);
    let again = enables(&target, "profiles");
    assert_eq!(again["run"], Value::Null);
}

fn a_second_loss_extends_the_gap(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    let first = is_open(&target, "profiles");
    lose(&target, "profiles");
    target.imports(&[]);
    let second = is_open(&target, "profiles");
    assert_eq!(second["since"], first["since"]);
    assert!(
        second["until"].as_str() > first["until"].as_str(),
        "{second}"
    );
    assert_ne!(second["run"], first["run"]);
    enables(&target, "profiles");
    is_well(&target);
    // A gap after that begins there.
    lose(&target, "profiles");
    target.imports(&[]);
    let third = is_open(&target, "profiles");
    assert!(
        third["since"].as_str() > second["until"].as_str(),
        "{third}"
    );
}

fn other_commands_neither_hide_nor_repeat_the_gap(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    let open = is_open(&target, "profiles");
    target.execute("CREATE TABLE pets (id INTEGER NOT NULL PRIMARY KEY)");
    change_a_card(&target);
    target.imports(&["--prune"]);
    let import = target.value("SELECT max(id) FROM import_runs");
    for command in [
        &["audit", "enable", "pets"][..],
        &["audit", "disable", "pets"],
        &["audit", "seal"],
        &["revert", &import],
    ] {
        ends(&target, &[command, &ARCHIVE].concat(), 0);
        assert_eq!(is_open(&target, "profiles"), open);
    }
    ends(&target, &["migrate", "up"], 0);
    assert_eq!(is_open(&target, "profiles"), open);
}

fn a_gap_ends_when_the_table_is_disabled(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    is_open(&target, "profiles");
    ends(
        &target,
        &[&["audit", "disable", "profiles"], &ARCHIVE[..]].concat(),
        0,
    );
    for (command, code) in [("status", 0), ("verify", 0)] {
        ends(&target, &["audit", command], code);
    }
    ends(&target, &["doctor"], 0);
    assert_eq!(gap(&target, "profiles"), Value::Null);
    enables(&target, "profiles");
    is_well(&target);
}

fn gaps_of_several_tables_are_one_run_and_close_one_by_one(target: Target) {
    let target = lost(target);
    lose(&target, "approved_cards");
    target.imports(&[]);
    assert_eq!(runs(&target), 2);
    let (one, other) = (
        is_open(&target, "profiles"),
        is_open(&target, "approved_cards"),
    );
    assert_eq!(one["run"], other["run"]);
    enables(&target, "profiles");
    assert_eq!(gap(&target, "profiles"), Value::Null);
    assert_eq!(is_open(&target, "approved_cards"), other);
    ends(&target, &["doctor", "--fix"], 0);
    is_well(&target);
    assert_eq!(runs(&target), 4);
    // There is nothing left to do.
    ends(&target, &["doctor", "--fix"], 0);
    assert_eq!(runs(&target), 4);
}

fn enabling_all_tables_closes_gaps(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    let (code, enabled) = audit(&target, &[&["enable", "--all"], &ARCHIVE[..]].concat());
    assert_eq!((code, &enabled["differences"]), (Some(0), &json!(1)));
    is_well(&target);
}

/// The run of a gap does not replace what an earlier run of kind `enable` accounted for.
fn a_gap_that_began_before_columns_were_added_keeps_what_was_accounted_for(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    target.execute("ALTER TABLE profiles ADD COLUMN fresh VARCHAR(20) DEFAULT 'x'");
    enables(&target, "profiles");
    is_well(&target);
    lose(&target, "profiles");
    target.imports(&[]);
    is_open(&target, "profiles");
    ends(&target, &["audit", "reconcile"], 0);
}

/// A disabled table is compared by the import that records it again.
fn an_import_that_accounts_for_a_table_leaves_no_gap(target: Target) {
    let target = target.with("srs4autism/valid/small");
    target.imports(&[]);
    ends(
        &target,
        &[&["audit", "disable", "profiles"], &ARCHIVE[..]].concat(),
        0,
    );
    target.execute(PAST);
    target.imports(&[]);
    assert_eq!(gap(&target, "profiles"), Value::Null);
    change_a_card(&target);
    target.imports(&["--prune"]);
    is_well(&target);
}

fn the_run_of_a_gap_is_sealed(target: Target) {
    let target = lost(target);
    target.imports(&[]);
    is_sealed(&target);
    enables(&target, "profiles");
    lose(&target, "profiles");
    change_a_card(&target);
    target.imports(&["--prune"]);
    is_sealed(&target);
}

#[track_caller]
fn is_sealed(target: &Target) {
    let run = is_open(target, "profiles")["run"].clone();
    let log = "target/archive/seals.log";
    let seals = std::fs::read_to_string(target.workspace.root().join(log)).expect("a log");
    assert!(seals.contains(run.as_str().expect("an id")), "{seals}");
    let (_, verified) = audit(target, &["verify", "--anchor", log]);
    let differences = verified["differences"].as_array().expect("an array");
    assert_eq!(differences.len(), 1, "{verified:#}");
}

/// Where a schema change commits at once, the run is committed before it.
fn triggers_that_cannot_be_recreated_leave_no_gap_without_a_run(target: Target) {
    let target = lost(target);
    let held = target.holds(match target.backend {
        Backend::Mysql => "SELECT count(*) FROM profiles FOR UPDATE",
        Backend::Sqlite | Backend::Postgres => "LOCK TABLE profiles IN ROW EXCLUSIVE MODE",
    });
    let mut waited = 0;
    let import = loop {
        let import = target.import(&["--wait", "1"]);
        waited += 1;
        if import.stderr.contains("cannot be created") || waited > 9 {
            break import;
        }
        lose(&target, "profiles");
    };
    assert!(import.stderr.contains("cannot be created"), "{import}");
    drop(held);
    let before = runs(&target);
    ends(&target, &["audit", "status"], 4);
    let is_committed = target.backend == Backend::Mysql;
    assert_eq!(gap(&target, "profiles") != Value::Null, is_committed);
    target.imports(&[]);
    assert_eq!(runs(&target), before + 1);
    is_open(&target, "profiles");
    enables(&target, "profiles");
    is_well(&target);
}

/// Rows can have been inserted through the table that it became a partition of.
#[test]
#[ignore = "needs servers: scripts/test"]
fn a_table_that_became_a_partition_is_reported_until_it_is_enabled() {
    run(Backend::Postgres, |target| {
        target.execute(
            "CREATE TABLE part (id INT PRIMARY KEY); CREATE TABLE whole (id INT PRIMARY KEY) PARTITION BY RANGE (id)",
        );
        enables(&target, "part");
        is_well(&target);
        target.execute(
            "ALTER TABLE whole ATTACH PARTITION part FOR VALUES FROM (0) TO (9); INSERT INTO whole VALUES (1)",
        );
        ends(&target, &["audit", "seal"], 0);
        let open = is_open(&target, "part");
        ends(&target, &["audit", "seal"], 0);
        assert_eq!(is_open(&target, "part"), open);
        ends(&target, &["doctor", "--fix"], 0);
        is_well(&target);
    });
}
