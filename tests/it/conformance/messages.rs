//! Messages name the real cause, and no option is ignored silently.

use serde_json::json;

use super::target::Target;
use super::{ARCHIVE, audit, enables, ends, on_every_database};
use crate::fixtures;

on_every_database!(
    a_database_without_a_ledger_is_reported_by_every_command_that_reads_it,
    a_reject_is_open_again_after_the_run_that_fixed_it_was_reverted,
    rejects_of_a_reverted_run_are_not_open,
    the_log_names_tables_that_were_disabled_or_enabled,
    recreated_triggers_are_not_called_new,
    a_deleted_path_without_effect_is_reported,
    a_conflict_names_the_layout_if_the_file_did_not_change,
    a_conflict_with_invalid_records_rejects_nothing,
    a_query_without_a_result_says_why,
);

/// The tutorial's directory and layout, imported once.
fn choir(target: &Target) {
    let root = target.workspace.root();
    fixtures::copy(&fixtures::path("tutorial"), &target.workspace.source_dir());
    fixtures::copy(&fixtures::path("layouts/tutorial"), &root.join("layout"));
}

const LAYOUT: [&str; 2] = ["--layout", "./layout"];

fn import(target: &Target, arguments: &[&str], code: i32) -> String {
    let ended = target.import(&[&LAYOUT, arguments].concat());
    assert_eq!(ended.code, Some(code), "{ended}");
    format!("{}{}", ended.stdout, ended.stderr)
}

fn revert_newest(target: &Target) {
    let run = target.value("SELECT max(id) FROM import_runs");
    ends(target, &[&["revert", &run], &ARCHIVE[..]].concat(), 0);
}

fn edit(target: &Target, file: &str, from: &str, to: &str) {
    let text = target.workspace.read(file);
    assert!(text.contains(from), "{text}");
    target.workspace.write(file, text.replace(from, to));
}

/// The statuses of all rejects.
fn statuses(target: &Target) -> Vec<String> {
    let all = ends(target, &["rejects", "list", "--all", "--format", "json"], 0);
    let all = crate::json::parse(&all);
    let statuses = all["rejects"].as_array().expect("an array").iter();
    statuses
        .map(|one| one["status"].as_str().expect("a name").to_owned())
        .collect()
}

fn a_database_without_a_ledger_is_reported_by_every_command_that_reads_it(target: Target) {
    target.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    for command in [
        "audit status",
        "audit log",
        "audit log --entries",
        "audit report",
        "audit export",
        "audit history notes 1",
        "audit blame notes 1",
        "audit as-of notes",
        "audit why notes 1",
        "audit where notes.json",
        "audit show 1",
        "audit verify",
        "audit reconcile",
        "audit receipt 01",
        "runs list",
        "runs show 01",
        "rejects list",
        "rejects show 1",
        "rejects export",
        "revert 01 --dry-run",
    ] {
        let ended = target.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(ended.code, Some(1), "{command}: {ended}");
        let message = "error: the database has no ledger: nothing has been imported into it, and `accession audit enable` was not run";
        assert!(ended.stderr.starts_with(message), "{command}: {ended}");
    }
}

fn a_reject_is_open_again_after_the_run_that_fixed_it_was_reverted(target: Target) {
    choir(&target);
    edit(&target, "fees.jsonl", "1200", "\"1200\"");
    import(&target, &["--skip-invalid"], 5);
    edit(&target, "fees.jsonl", "\"1200\"", "1200");
    import(&target, &[], 0);
    assert_eq!(statuses(&target), ["mended"]);
    let none = "no open rejects; `--all` lists 1 reject that is resolved\n";
    assert_eq!(ends(&target, &["rejects", "list"], 0), none);
    revert_newest(&target);
    assert_eq!(statuses(&target), ["open"]);
    // Reverting the revert fixes it again.
    revert_newest(&target);
    assert_eq!(statuses(&target), ["mended"]);
}

fn rejects_of_a_reverted_run_are_not_open(target: Target) {
    choir(&target);
    edit(&target, "fees.jsonl", "1200", "\"1200\"");
    import(&target, &["--skip-invalid"], 5);
    edit(&target, "fees.jsonl", "900", "901");
    import(&target, &["--skip-invalid"], 5);
    assert_eq!(statuses(&target), ["repeated", "open"]);
    revert_newest(&target);
    assert_eq!(statuses(&target), ["open", "reverted"]);
    let text = ends(&target, &["rejects", "list", "--all"], 0);
    assert!(
        text.contains("the run that rejected it was reverted in run "),
        "{text}"
    );
}

fn the_log_names_tables_that_were_disabled_or_enabled(target: Target) {
    choir(&target);
    import(&target, &[], 0);
    ends(
        &target,
        &[&["audit", "disable", "fees", "pieces"], &ARCHIVE[..]].concat(),
        0,
    );
    enables(&target, "pieces");
    let (_, log) = audit(&target, &["log"]);
    let tables = |line: usize| {
        let tables = log["lines"][line]["tables"].as_object().expect("an object");
        tables.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(log["lines"][1]["kind"], "disable");
    assert_eq!(
        (tables(0), tables(1)),
        (
            vec!["pieces".to_owned()],
            vec!["fees".to_owned(), "pieces".to_owned()]
        )
    );
    assert_eq!(
        log["lines"][1]["tables"]["fees"],
        json!({"inserted": 0, "updated": 0, "deleted": 0})
    );
    for command in [&["audit", "log"][..], &["runs", "list"]] {
        let text = ends(&target, command, 0);
        let line = text.lines().find(|line| line.contains(" disable "));
        assert!(line.expect("a line").contains("fees, pieces"), "{text}");
    }
}

fn recreated_triggers_are_not_called_new(target: Target) {
    choir(&target);
    import(&target, &[], 0);
    target.execute("ALTER TABLE members ADD COLUMN shoe_size INTEGER");
    target.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    let enabled = [&["audit", "enable", "members", "notes"], &ARCHIVE[..]].concat();
    let text = ends(&target, &enabled, 0);
    assert!(text.starts_with("recorded from now on: notes\n"), "{text}");
    assert!(
        text.contains("\ntriggers created again, changes are recorded: members\n"),
        "{text}"
    );
    assert_eq!(
        ends(&target, &enabled, 0),
        "nothing to do: all these tables are recorded already\n"
    );
}

fn a_deleted_path_without_effect_is_reported(target: Target) {
    choir(&target);
    let warning =
        "warning[unavailable-files]: `--deleted rehearsal`: no file was imported from this path";
    let first = import(&target, &["--deleted", "rehearsal"], 0);
    assert!(first.contains(warning), "{first}");
    for arguments in [&["--prune"][..], &["--dry-run"], &[]] {
        let again = import(
            &target,
            &[&["--deleted", "./rehearsal/"], arguments].concat(),
            0,
        );
        assert!(again.contains(warning), "{again}");
        assert!(
            again.contains("hint: did you mean `rehearsals`?"),
            "{again}"
        );
    }
    let known = import(
        &target,
        &[
            "--deleted",
            "rehearsals/2024-05-02.json",
            "--deleted",
            "rehearsals",
        ],
        0,
    );
    assert!(!known.contains("--deleted"), "{known}");
}

fn a_conflict_names_the_layout_if_the_file_did_not_change(target: Target) {
    choir(&target);
    import(&target, &[], 0);
    target.execute("UPDATE members SET voice = 'baritone' WHERE id = 'm2'");
    let layout = target.workspace.root().join("layout/layout.toml");
    let text = std::fs::read_to_string(&layout).expect("the layout");
    let changed = text.replace("voice  = \"/voice\"", "voice  = \"/name\"");
    assert_ne!(text, changed);
    std::fs::write(&layout, changed).expect("written");
    let conflict = import(&target, &[], 4);
    assert!(
        conflict.contains("`members` m2: its file is unchanged, but the layout, a parameter or a reference gives the record other values, and its row changed in the database"),
        "{conflict}"
    );
    assert!(
        !conflict.contains("the record changed in the file"),
        "{conflict}"
    );
    target.execute("DELETE FROM fees WHERE cents = 1200");
    edit(&target, "members.json", "bass", "tenor");
    let conflict = import(&target, &[], 4);
    assert!(
        conflict.contains("m2: the record changed in the file, and its row changed"),
        "{conflict}"
    );
}

fn a_conflict_with_invalid_records_rejects_nothing(target: Target) {
    choir(&target);
    import(&target, &[], 0);
    target.execute("UPDATE members SET voice = 'baritone' WHERE id = 'm2'");
    edit(&target, "members.json", "bass", "tenor");
    edit(&target, "fees.jsonl", "1200", "\"1200\"");
    let conflict = import(&target, &["--skip-invalid"], 4);
    assert!(
        conflict.contains("nothing was written\n  1 record would be rejected because of errors\n"),
        "{conflict}"
    );
}

fn a_query_without_a_result_says_why(target: Target) {
    choir(&target);
    import(&target, &[], 0);
    for (arguments, message) in [
        (
            &["--table", "membrs"][..],
            "no entries of a table `membrs`; did you mean `members`?",
        ),
        (
            &["--actor", "extern"],
            "no run has the actor `extern`; did you mean `external`?",
        ),
        (&["--record", "m77"], "no entries of a row `m77`"),
        (
            &["--until", "2001-01-01"],
            "no entry is from this time: all are from ",
        ),
        (
            &["--table", "fees", "--record", "m1"],
            "no entry matches all of these options together",
        ),
    ] {
        for command in [
            &["log"][..],
            &["log", "--entries"],
            &["report"],
            &["export"],
        ] {
            let ended = target.run(&[&["audit"], command, arguments].concat());
            assert_eq!(ended.code, Some(0), "{ended}");
            assert!(ended.stderr.contains(message), "{command:?}: {ended}");
        }
    }
    let ended = target.run(&["audit", "as-of", "membrs"]);
    assert!(
        ended
            .stderr
            .contains("no entry for table `membrs`; did you mean `members`?"),
        "{ended}"
    );
    let ended = target.run(&["audit", "history", "membrs", "m1"]);
    assert!(
        ended
            .stderr
            .contains("no entry for table `membrs`; did you mean `members`?"),
        "{ended}"
    );
    let before = ends(
        &target,
        &["audit", "as-of", "members", "--at", "2001-01-01"],
        0,
    );
    assert!(
        before.starts_with("0 rows\nthe first entry of this table is from 2"),
        "{before}"
    );
}
