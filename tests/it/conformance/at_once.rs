//! Concurrent imports, and imports that are killed.

use std::time::Duration;

use super::on_every_database;
use super::target::{Backend, Target};
use crate::bulk::{Bulk, fill};
use crate::workspace::{CommandOutput, Workspace};

on_every_database!(
    one_of_two_concurrent_imports_does_the_work,
    two_directories_are_imported_concurrently,
    an_import_with_no_wait_fails_while_another_runs,
    a_killed_import_leaves_the_old_or_the_new_state,
);

fn ended(child: std::process::Child) -> CommandOutput {
    CommandOutput::of(child.wait_with_output().expect("an end"))
}

fn one_of_two_concurrent_imports_does_the_work(target: Target) {
    fill(&target.workspace, Bulk::A_WHILE, "first");
    let children = [(); 2].map(|()| target.begin_import("legacy", &[]));
    let ends = children.map(ended);
    for ended in &ends {
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let idle = ends
        .iter()
        .filter(|ended| ended.stdout.starts_with("nothing to do"));
    assert_eq!(idle.count(), 1);
    assert_eq!(target.count("import_runs"), 1);
    target.verifies("equal");
}

fn two_directories_are_imported_concurrently(target: Target) {
    fill(&target.workspace, Bulk::A_WHILE, "first");
    let other = target.workspace.root().join("other");
    let second = Workspace::empty();
    fill(&second, Bulk::A_WHILE, "second");
    let path = "profiles/child_profiles.json";
    // Another child with the same words.
    second.write(path, second.read(path).replace("child_0001", "child_0002"));
    crate::fixtures::copy(&second.source_dir(), &other);
    let arguments: [(&str, &[&str]); 2] = [
        ("legacy", &["--set", "profile=child_0001"]),
        ("other", &["--set", "profile=child_0002"]),
    ];
    let children = arguments.map(|(directory, set)| target.begin_import(directory, set));
    for ended in children.map(ended) {
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    assert_eq!(target.count("import_runs"), 2);
    for (table, count) in Bulk::A_WHILE.rows() {
        assert_eq!(
            target.count(table),
            2 * u64::try_from(count).expect("few"),
            "{table}"
        );
    }
}

fn an_import_with_no_wait_fails_while_another_runs(target: Target) {
    fill(&target.workspace, Bulk::A_WHILE, "first");
    target.imports(&[]);
    fill(&target.workspace, Bulk::A_WHILE, "second");
    let first = target.begin_import("legacy", &[]);
    std::thread::sleep(Duration::from_millis(150));
    let second = target.import(&["--wait", "0"]);
    let first = ended(first);
    let output = |ended: &CommandOutput| match ended.code {
        Some(1) => assert!(ended.stderr.contains("another program"), "{ended}"),
        Some(0) => {}
        other => panic!("{other:?} {ended}"),
    };
    output(&second);
    output(&first);
    // The import that started later may have been the one that did the work.
    assert!(first.code == Some(0) || second.code == Some(0));
    target.imports(&[]);
    assert_eq!(target.count("import_runs"), 2);
}

fn a_killed_import_leaves_the_old_or_the_new_state(target: Target) {
    fill(&target.workspace, Bulk::A_WHILE, "first");
    target.imports(&[]);
    let mut editions = vec!["first"];
    for (delay, edition) in [(100, "second"), (300, "third"), (700, "fourth")] {
        fill(&target.workspace, Bulk::A_WHILE, edition);
        let mut child = target.begin_import("legacy", &[]);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("killed");
        child.wait().expect("an end");
        let found = target.rows("SELECT DISTINCT raw_input FROM profiles");
        assert_eq!(found.len(), 1);
        let runs = target.count("import_runs");
        if found[0][0] == edition {
            editions.push(edition);
        }
        assert_eq!(usize::try_from(runs).expect("few"), editions.len());
        assert_eq!(found[0][0], editions[editions.len() - 1]);
        if target.backend == Backend::Sqlite {
            assert_eq!(target.count("audit_context"), 0);
        }
    }
    target.imports(&[]);
    target.verifies("equal");
}
