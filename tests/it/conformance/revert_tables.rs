//! Reverts of runs whose tables were renamed, or are no longer recorded as they are: the reason and the command that
//! helps are named before anything is written, and the command helps.

use serde_json::Value;

use super::target::{Backend, Target};
use super::written_back::Wide;
use super::{ARCHIVE, enables, ends, is_well, on_every_database};

on_every_database!(
    a_table_whose_name_another_table_has_now_is_named,
    a_renamed_and_recorded_table_is_named,
    broken_triggers_are_named_with_the_command_that_repairs_them,
    a_table_that_is_no_longer_recorded_is_named,
);

/// A run that changed and deleted rows of the table `u`.
fn changed(target: Target) -> (Wide, String) {
    let mut wide = Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(20), w INT); INSERT INTO u VALUES (1, 'a', 1), (2, 'b', 2)",
    );
    wide.enables("u");
    let run = wide.during_an_import("UPDATE u SET w = 3 WHERE id = 1; DELETE FROM u WHERE id = 2");
    (wide, run)
}

/// The revert fails with this message, also as a dry run, and writes nothing.
#[track_caller]
fn fails(target: &Target, run: &str, parts: &[&str]) {
    let runs = target.count("import_runs");
    for options in [&["--dry-run"][..], &[], &["--on-conflict", "force"]] {
        let ended = target.run(&[&["revert", run], options, &ARCHIVE[..]].concat());
        assert_eq!(ended.code, Some(1), "{ended}");
        for part in parts {
            assert!(ended.stderr.contains(part), "{part}\n{ended}");
        }
    }
    assert_eq!(target.count("import_runs"), runs);
}

#[track_caller]
fn reverts(wide: &Wide, run: &str) {
    wide.revert(run, 0);
    let rows = wide.target.rows("SELECT w FROM u ORDER BY id").concat();
    assert_eq!(rows, ["1", "2"]);
    is_well(&wide.target);
}

fn a_table_whose_name_another_table_has_now_is_named(target: Target) {
    let (wide, run) = changed(target);
    let target = &wide.target;
    target.execute("ALTER TABLE u RENAME TO old_u");
    fails(
        target,
        &run,
        &["`u`", "is called `old_u` now", "rename it back"],
    );
    target.execute("CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(20), w INT); INSERT INTO u VALUES (1, 'a', 3)");
    let parts = [
        "is called `old_u` now, and another table has its name",
        "rename it back",
    ];
    fails(target, &run, &parts);
    target.execute("ALTER TABLE u RENAME TO other_u; ALTER TABLE old_u RENAME TO u");
    reverts(&wide, &run);
}

fn a_renamed_and_recorded_table_is_named(target: Target) {
    let (wide, run) = changed(target);
    let target = &wide.target;
    target.execute("ALTER TABLE u RENAME TO old_u");
    enables(target, "old_u");
    fails(target, &run, &["is called `old_u` now", "audit enable u`"]);
    target.execute("CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(20), w INT)");
    enables(target, "u");
    fails(target, &run, &["and another table has its name"]);
    target.execute("ALTER TABLE u RENAME TO other_u; ALTER TABLE old_u RENAME TO u");
    enables(target, "u");
    enables(target, "other_u");
    reverts(&wide, &run);
}

/// The revert is rejected with a finding that contains a command, also as a dry run, and writes nothing.
#[track_caller]
fn is_rejected(wide: &Wide, run: &str, parts: &[&str]) {
    let rows = wide.target.rows("SELECT * FROM u ORDER BY id");
    for options in [&["--dry-run"][..], &[], &["--on-conflict", "force"]] {
        let report = wide.reverts(run, options, 4);
        assert_eq!(report["status"], "rejected", "{report:#}");
        let findings = report["findings"].as_array().expect("findings");
        let is_it = |finding: &&Value| {
            let message = finding["message"].as_str().unwrap_or_default();
            finding["level"] == "error" && parts.iter().all(|part| message.contains(part))
        };
        assert!(findings.iter().any(|one| is_it(&one)), "{report:#}");
    }
    assert_eq!(wide.target.rows("SELECT * FROM u ORDER BY id"), rows);
}

fn broken_triggers_are_named_with_the_command_that_repairs_them(target: Target) {
    let (wide, run) = changed(target);
    // A column that has the same values before and after the run.
    wide.target.execute("ALTER TABLE u ADD COLUMN x INT");
    is_rejected(&wide, &run, &["`u`", "`x`", "`accession audit enable u`"]);
    enables(&wide.target, "u");
    wide.target.execute("ALTER TABLE u RENAME COLUMN x TO y");
    is_rejected(&wide, &run, &["`u`", "`y`", "`accession audit enable u`"]);
    enables(&wide.target, "u");
    if wide.target.backend != Backend::Sqlite {
        wide.target.execute("ALTER TABLE u DROP COLUMN y");
        is_rejected(&wide, &run, &["`u`", "`y`", "`accession audit enable u`"]);
        enables(&wide.target, "u");
    }
    reverts(&wide, &run);
}

fn a_table_that_is_no_longer_recorded_is_named(target: Target) {
    let (wide, run) = changed(target);
    ends(
        &wide.target,
        &[&["audit", "disable", "u"], &ARCHIVE[..]].concat(),
        0,
    );
    is_rejected(&wide, &run, &["not recorded", "`accession audit enable u`"]);
    enables(&wide.target, "u");
    reverts(&wide, &run);
}
