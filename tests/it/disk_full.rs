//! A full disk: it is reported, and nothing is committed. Needs a small file system, which only root can create.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bulk::{Bulk, fill};
use crate::rows;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// A small file system; unmounted when dropped.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts a file system of this many kibibytes at `path`.
    pub(crate) fn mount(path: PathBuf, kibibytes: u32) -> Self {
        let size = format!("size={kibibytes}k,mode=755");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&path)
            .output()
            .expect("mount");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        Self(path)
    }
}

impl Disk {
    /// Mounts a directory at `path` too.
    pub(crate) fn bind(directory: &Path, path: PathBuf) -> Self {
        let output = Command::new("mount")
            .arg("--bind")
            .arg(directory)
            .arg(&path)
            .output();
        let output = output.expect("mount");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

const BULK: Bulk = Bulk {
    words: 5_000,
    cards: 300,
    messages: 500,
};

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn a_new_database_that_does_not_fit_is_not_created() {
    let mut fitted = false;
    for kibibytes in [64, 400, 800, 1_600, 2_400, 3_200, 4_800, 16_000] {
        let workspace = Workspace::empty();
        fill(&workspace, BULK, "first");
        let _disk = Disk::mount(workspace.target(), kibibytes);
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
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn a_database_that_would_grow_too_large_is_unchanged() {
    let mut failed = 0;
    for kibibytes in [5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 14_000, 40_000] {
        let workspace = Workspace::empty();
        fill(&workspace, BULK, "first");
        let _disk = Disk::mount(workspace.target(), kibibytes);
        let first = workspace.import::<&str>(&[]);
        if first.code != Some(0) {
            // That case is covered by the other test.
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
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn an_archive_that_does_not_fit_prevents_the_import() {
    let workspace = Workspace::empty();
    fill(&workspace, BULK, "first");
    let elsewhere = workspace.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    let _disk = Disk::mount(elsewhere, 256);
    let before = workspace.tree();
    let ended = workspace.import(&["--archive", "elsewhere/archive"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("elsewhere/archive"), "{ended}");
    assert!(names_the_disk(&ended.stderr), "{ended}");
    before.assert_unchanged(&workspace.tree(), ended);
}

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn a_disk_without_room_next_to_the_database_is_reported() {
    let mut failed = 0;
    for kibibytes in [0, 4, 8, 16, 24, 32] {
        let workspace = Workspace::empty();
        fill(&workspace, BULK, "first");
        let _disk = Disk::mount(workspace.target(), 20_000);
        workspace.imports(&[]);
        workspace
            .connection()
            .execute("UPDATE chat_messages SET role = 'system'", [])
            .expect("changed by another program");
        fill_up(&workspace.target().join("filler"), kibibytes);
        let ended = workspace.run(
            workspace
                .command()
                .args(["audit", "seal", "--database"])
                .arg(workspace.database()),
        );
        if ended.code != Some(0) {
            failed += 1;
            assert_eq!(ended.code, Some(1), "{kibibytes}: {ended}");
            assert!(names_the_disk(&ended.stderr), "{kibibytes}: {ended}");
        }
    }
    assert!(failed > 0, "no disk was too small");
}

/// Fills a small file system, except for this many kibibytes.
fn fill_up(path: &Path, kibibytes: u64) {
    let mut file = std::fs::File::create(path).expect("created");
    let mut taken = 0_u64;
    while file.write_all(&[0; 1024]).is_ok() {
        taken += 1;
    }
    file.set_len(taken.saturating_sub(kibibytes) * 1024)
        .expect("shortened");
}

fn names_the_disk(messages: &str) -> bool {
    ["disk is full", "No space left on device"]
        .iter()
        .any(|words| messages.contains(words))
}
