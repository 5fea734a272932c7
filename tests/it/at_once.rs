//! Two imports at once: the second waits, then finds nothing to do.

use std::process::Child;

use crate::bulk::{Bulk, fill};
use crate::rows;
use crate::workspace::{Ended, Workspace};

/// Ends of imports that were started together.
fn together(workspace: &Workspace, count: usize, arguments: &[&str]) -> Vec<Ended> {
    let children: Vec<Child> = (0..count)
        .map(|_| workspace.begin_import(arguments))
        .collect();
    children
        .into_iter()
        .map(|child| Ended::of(child.wait_with_output().expect("an end")))
        .collect()
}

#[track_caller]
fn assert_one_did_it(workspace: &Workspace, ends: &[Ended], runs: i64) {
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
fn into_a_new_database() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    let ends = together(&workspace, 3, &[]);
    assert_one_did_it(&workspace, &ends, 1);
}

#[test]
fn into_an_existing_database() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    workspace.imports(&[]);
    fill(&workspace, Bulk::A_WHILE, "second");
    let ends = together(&workspace, 2, &[]);
    assert_one_did_it(&workspace, &ends, 2);
    rows::assert_sound(&workspace.connection());
}

#[test]
fn who_does_not_want_to_wait_is_told() {
    let workspace = Workspace::empty();
    fill(&workspace, Bulk::A_WHILE, "first");
    let first = workspace.begin_import(&[]);
    let aside = workspace.target().join(".legacy.db.accession-new");
    while !aside.metadata().is_ok_and(|aside| aside.len() > 0) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let second = workspace.import(&["--wait", "0"]);
    let first = Ended::of(first.wait_with_output().expect("an end"));
    assert_eq!(first.code, Some(0), "{first}");
    match second.code {
        Some(1) => assert!(second.stderr.contains("another program"), "{second}"),
        // The first was quicker.
        Some(0) => assert!(second.stdout.starts_with("nothing to do"), "{second}"),
        other => panic!("{other:?} {second}"),
    }
    assert_one_did_it(&workspace, &[first], 1);
}

/// Readers see the state before the import until it is over, and are not kept waiting.
#[test]
fn readers_are_not_disturbed() {
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
    let ended = Ended::of(child.wait_with_output().expect("an end"));
    assert_eq!(ended.code, Some(0), "{ended}");
    let allowed = ["first1".to_owned(), "second2".to_owned()];
    assert!(seen.iter().all(|state| allowed.contains(state)), "{seen:?}");
}
