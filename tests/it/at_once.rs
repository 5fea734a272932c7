//! Concurrent imports: the second one waits, then has nothing to do.

use std::process::Child;

use crate::bulk::{Bulk, fill};
use crate::rows;
use crate::workspace::{CommandOutput, Workspace};

/// Starts several imports at the same time and returns their results.
fn run_concurrently(workspace: &Workspace, count: usize, arguments: &[&str]) -> Vec<CommandOutput> {
    let children: Vec<Child> = (0..count)
        .map(|_| workspace.begin_import(arguments))
        .collect();
    children
        .into_iter()
        .map(|child| CommandOutput::of(child.wait_with_output().expect("an end")))
        .collect()
}

#[track_caller]
fn assert_one_imported(workspace: &Workspace, ends: &[CommandOutput], runs: i64) {
    for ended in ends {
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let idle = ends
        .iter()
        .filter(|ended| ended.stdout.starts_with("nothing to do"));
    assert_eq!(idle.count(), ends.len() - 1);
    let connection = workspace.connection();
    assert_eq!(rows::count(&connection, "import_runs"), runs);
    for (table, count) in Bulk::A_WHILE.rows() {
        assert_eq!(rows::count(&connection, table), count, "{table}");
    }
    assert_eq!(rows::texts(&connection, "PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn concurrent_imports_into_a_new_database() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    let ends = run_concurrently(&workspace, 3, &[]);
    assert_one_imported(&workspace, &ends, 1);
}

#[test]
fn concurrent_imports_into_an_existing_database() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    workspace.imports(&[]);
    fill(&workspace, Bulk::A_WHILE, "second");
    let ends = run_concurrently(&workspace, 2, &[]);
    assert_one_imported(&workspace, &ends, 2);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn an_import_with_no_wait_fails_while_another_runs() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    let first = workspace.begin_import(&[]);
    let aside = workspace.target().join(".legacy.db.accession-new");
    while !aside.metadata().is_ok_and(|aside| aside.len() > 0) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let second = workspace.import(&["--wait", "0"]);
    let first = CommandOutput::of(first.wait_with_output().expect("an end"));
    assert_eq!(first.code, Some(0), "{first}");
    match second.code {
        Some(1) => assert!(second.stderr.contains("another program"), "{second}"),
        // The first import was faster.
        Some(0) => assert!(second.stdout.starts_with("nothing to do"), "{second}"),
        other => panic!("{other:?} {second}"),
    }
    assert_one_imported(&workspace, &[first], 1);
}

/// Readers see the previous state until the import has finished, and are not blocked.
#[test]
fn readers_are_not_blocked() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    workspace.imports(&[]);
    fill(&workspace, Bulk::A_WHILE, "second");
    let mut child = workspace.begin_import(&[]);
    let connection = workspace.connection();
    let mut seen = std::collections::BTreeSet::new();
    while child.try_wait().expect("a child").is_none() {
        let state: String = rows::value(
            &connection,
            "SELECT group_concat(DISTINCT content ->> 'front') || (SELECT count(*) FROM import_runs) FROM approved_cards",
        );
        seen.insert(state);
    }
    let ended = CommandOutput::of(child.wait_with_output().expect("an end"));
    assert_eq!(ended.code, Some(0), "{ended}");
    let allowed = ["first1".to_owned(), "second2".to_owned()];
    assert!(seen.iter().all(|state| allowed.contains(state)), "{seen:?}");
}
