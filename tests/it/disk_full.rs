//! A disk that is full: named, and nothing committed. Needs a small file system of its own, which only root can make.

use std::path::PathBuf;
use std::process::Command;

use crate::bulk::{Bulk, fill};
use crate::rows;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// A small disk; taken away again when dropped.
struct Disk(PathBuf);

impl Disk {
    /// A disk of so many kibibytes at `path`; `None`, with the reason printed, where that is not possible.
    fn mount(path: PathBuf, kibibytes: u32) -> Option<Self> {
        let size = format!("size={kibibytes}k,mode=755");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&path)
            .output();
        let why = match output {
            Ok(output) if output.status.success() => return Some(Self(path)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        skipped(why.trim());
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[expect(clippy::print_stderr, reason = "a test that was not run must say so")]
fn skipped(why: &str) {
    eprintln!("skipped: no small disk can be made: {why}");
}

const BULK: Bulk = Bulk {
    words: 5_000,
    cards: 300,
    messages: 500,
};

#[test]
fn a_new_database_that_does_not_fit_is_not_there() {
    let mut fitted = false;
    for kibibytes in [64, 400, 800, 1_600, 2_400, 3_200, 4_800, 16_000] {
        let workspace = Workspace::empty();
        fill(&workspace, BULK, "first");
        let Some(_disk) = Disk::mount(workspace.target(), kibibytes) else {
            return;
        };
        let ended = workspace.import::<&str>(&[]);
        match ended.code {
            Some(0) => {
                fitted = true;
                rows::assert_sound(&workspace.connection());
            }
            Some(1) => {
                assert!(names_the_disk(&ended.stderr), "{kibibytes}: {ended}");
                let left = Tree::of(&workspace.target()).paths();
                assert!(left.is_empty(), "{kibibytes}: {left:?}\n{ended}");
            }
            other => panic!("{kibibytes}: {other:?}\n{ended}"),
        }
    }
    assert!(fitted, "the largest disk takes it");
}

#[test]
fn a_database_that_would_grow_too_large_stays_as_it_was() {
    let mut failed = 0;
    for kibibytes in [5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 14_000, 40_000] {
        let workspace = Workspace::empty();
        fill(&workspace, BULK, "first");
        let Some(_disk) = Disk::mount(workspace.target(), kibibytes) else {
            return;
        };
        let first = workspace.import::<&str>(&[]);
        if first.code != Some(0) {
            // That is the other test's business.
            continue;
        }
        fill(&workspace, BULK, "second");
        let before = Tree::of(&workspace.target());
        let ended = workspace.import::<&str>(&[]);
        match ended.code {
            Some(0) => assert_eq!(rows::count(&workspace.connection(), "import_runs"), 2),
            Some(1) => {
                failed += 1;
                assert!(names_the_disk(&ended.stderr), "{kibibytes}: {ended}");
                before.assert_unchanged(&Tree::of(&workspace.target()), &ended);
                assert_eq!(rows::count(&workspace.connection(), "import_runs"), 1);
            }
            other => panic!("{kibibytes}: {other:?}\n{ended}"),
        }
        rows::assert_sound(&workspace.connection());
    }
    assert!(failed > 0, "no disk was too small");
}

#[test]
fn an_archive_that_does_not_fit_keeps_the_import_from_happening() {
    let workspace = Workspace::empty();
    fill(&workspace, BULK, "first");
    let elsewhere = workspace.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    let Some(_disk) = Disk::mount(elsewhere, 256) else {
        return;
    };
    let before = workspace.tree();
    let ended = workspace.import(&["--archive", "elsewhere/archive"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("elsewhere/archive"), "{ended}");
    assert!(names_the_disk(&ended.stderr), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

fn names_the_disk(messages: &str) -> bool {
    ["disk is full", "No space left on device"]
        .iter()
        .any(|words| messages.contains(words))
}
