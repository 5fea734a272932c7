//! Second reverts of a run: they change the rows that the first one kept, and no others.

use serde_json::Value;

use super::target::Target;
use super::{ARCHIVE, ends, is_well, on_every_database};

on_every_database!(
    force_after_skip_does_what_force_alone_does,
    a_second_revert_reports_rows_that_changed_after_the_first,
    several_changes_of_a_row_are_undone_once,
    a_row_with_another_key_is_a_conflict,
);

const LAYOUT: [&str; 2] = ["--layout", "./layout"];

/// Imports the members, and returns the run.
fn imports(target: &Target, members: &str) -> String {
    target.workspace.write("members.json", members);
    target.imports(&[&LAYOUT[..], &["--prune"]].concat());
    last_run(target)
}

fn last_run(target: &Target) -> String {
    target.value("SELECT id FROM import_runs ORDER BY id DESC LIMIT 1")
}

/// A target with members 1 to 3, and a run that changed the first, deleted the second, and inserted the fourth.
fn changed(target: &Target) -> String {
    let directory = target.workspace.root().join("layout");
    std::fs::create_dir(&directory).expect("made");
    for (name, text) in [
        (
            "layout.toml",
            "name = \"choir\"\n[[source]]\nfiles = \"{name}.json\"\nschema = \"any.schema.json\"\n[[source.records]]\n\
             table = \"members\"\neach = \"/*\"\n[source.records.columns]\nid = \"/id\"\nvoice = \"/voice\"\n",
        ),
        (
            "tables.sql",
            "CREATE TABLE members (id BIGINT PRIMARY KEY, voice VARCHAR(20));\n",
        ),
        (
            "any.schema.json",
            r#"{"type":"array","items":{"type":"object"}}"#,
        ),
    ] {
        std::fs::write(directory.join(name), text).expect("written");
    }
    imports(
        target,
        r#"[{"id":1,"voice":"a"},{"id":2,"voice":"b"},{"id":3,"voice":"c"}]"#,
    );
    imports(target, CHANGED)
}

const CHANGED: &str = r#"[{"id":1,"voice":"x"},{"id":3,"voice":"y"},{"id":4,"voice":"d"}]"#;

fn members(target: &Target) -> Vec<String> {
    target
        .rows("SELECT concat(id, coalesce(voice, '-')) FROM members ORDER BY id")
        .concat()
}

#[track_caller]
fn revert(target: &Target, run: &str, options: &[&str], code: i32) -> Value {
    let revert = ["revert", run, "--format", "json"];
    let out = ends(target, &[&revert[..], options, &ARCHIVE[..]].concat(), code);
    serde_json::from_str(&out).expect("JSON")
}

const SKIP: [&str; 2] = ["--on-conflict", "skip"];
const FORCE: [&str; 2] = ["--on-conflict", "force"];

fn force_after_skip_does_what_force_alone_does(target: Target) {
    let run = changed(&target);
    target.execute("UPDATE members SET voice = 'own' WHERE id IN (1, 4)");
    let skipped = revert(&target, &run, &SKIP, 0);
    assert_eq!(skipped["tables"]["members"]["skipped"], 2, "{skipped:#}");
    assert_eq!(members(&target), ["1own", "2b", "3c", "4own"]);
    let first = last_run(&target);

    let again = revert(&target, &run, &[], 4);
    assert_eq!(again["status"], "conflict", "{again:#}");
    let again = revert(&target, &run, &SKIP, 0);
    assert_eq!(again["status"], "nothing_to_do", "{again:#}");
    assert_eq!(last_run(&target), first);

    let forced = revert(&target, &run, &FORCE, 0);
    let counts = &forced["tables"]["members"];
    assert_eq!(counts["updated"], 1, "{forced:#}");
    assert_eq!(counts["deleted"], 1, "{forced:#}");
    assert_eq!(counts["unchanged"], 2, "{forced:#}");
    assert_eq!(members(&target), ["1a", "2b", "3c"]);
    is_well(&target);
    let again = revert(&target, &run, &FORCE, 0);
    assert_eq!(again["status"], "nothing_to_do", "{again:#}");

    // The ledger knows the files as before the run: the next import makes the same changes again.
    imports(&target, CHANGED);
    assert_eq!(members(&target), ["1x", "3y", "4d"]);
    ends(&target, &["verify", "legacy", "--layout", "./layout"], 0);
    is_well(&target);
}

fn a_second_revert_reports_rows_that_changed_after_the_first(target: Target) {
    let run = changed(&target);
    target.execute("UPDATE members SET voice = 'own' WHERE id = 1");
    revert(&target, &run, &SKIP, 0);
    let imported = imports(&target, CHANGED);
    let before = members(&target);
    assert_eq!(before, ["1own", "3y", "4d"]);
    // The first is kept; the others are what the new import made of them.
    let again = revert(&target, &run, &[], 4);
    assert_eq!(again["status"], "conflict", "{again:#}");
    assert_eq!(again["tables"]["members"]["skipped"], 4, "{again:#}");
    assert_eq!(members(&target), before);
    let skipped = revert(&target, &run, &SKIP, 0);
    assert_eq!(skipped["status"], "nothing_to_do", "{skipped:#}");
    assert_eq!(members(&target), before);
    revert(&target, &imported, &[], 0);
    assert_eq!(members(&target), ["1own", "2b", "3c"]);
    is_well(&target);
}

/// A trigger of the application can change a row again within a run.
fn several_changes_of_a_row_are_undone_once(target: Target) {
    let mut wide = super::written_back::Wide::empty(target);
    wide.target.execute(
        "CREATE TABLE u (id INT PRIMARY KEY, v INT, w INT); INSERT INTO u VALUES (1, 1, 1), (2, 1, 1)",
    );
    wide.enables("u");
    let run = wide.during_an_import(
        "UPDATE u SET v = 2; UPDATE u SET w = 2; UPDATE u SET id = 3 WHERE id = 2; UPDATE u SET v = 3",
    );
    let rows = |wide: &super::written_back::Wide| wide.target.rows("SELECT * FROM u ORDER BY id");
    let before = [["1", "1", "1"], ["2", "1", "1"]];
    // Undone by hand, except for a column of one row.
    wide.target
        .execute("UPDATE u SET v = 1; UPDATE u SET w = 1 WHERE id = 1");
    let reverted = wide.reverts(&run, &SKIP, 0);
    assert_eq!(rows(&wide)[0], before[0], "{reverted:#}");
    wide.reverts(&run, &FORCE, 0);
    assert_eq!(rows(&wide), before);
    let again = wide.revert(&run, 0);
    assert_eq!(again["status"], "nothing_to_do", "{again:#}");
    assert_eq!(rows(&wide), before);
    is_well(&wide.target);
}

fn a_row_with_another_key_is_a_conflict(target: Target) {
    let run = changed(&target);
    target.execute("UPDATE members SET id = 9 WHERE id = 4");
    for options in [&[][..], &FORCE] {
        let reverted = revert(
            &target,
            &run,
            options,
            if options.is_empty() { 4 } else { 0 },
        );
        let conflict = &reverted["conflicts"][0];
        assert_eq!(conflict["record_id"], "4", "{reverted:#}");
        assert_eq!(conflict["kind"], "changed", "{reverted:#}");
    }
    assert_eq!(members(&target), ["1a", "2b", "3c", "9d"]);
    is_well(&target);
}
