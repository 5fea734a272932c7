//! Disks that are mounted in the source directory, and then are not. Needs root.

use std::fs;

use crate::disk_full::Disk;
use crate::unavailable_files::{import, items, kept_until_confirmed};
use crate::workspace::Workspace;

/// Imports two rows from a disk that is mounted at `records`, and three from `lines/`.
fn imported_from_disk() -> (Workspace, Disk) {
    let workspace = Workspace::empty();
    let mount = workspace.source_dir().join("records");
    fs::create_dir_all(&mount).expect("made");
    let disk = Disk::mount(mount, 256);
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    for number in 1..=3 {
        workspace.write(&format!("lines/{number}.jsonl"), format!("{number}\n"));
    }
    let ended = import(&workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    (workspace, disk)
}

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn an_unmounted_disk_keeps_its_rows_although_its_mount_point_changed() {
    let (workspace, disk) = imported_from_disk();
    drop(disk);
    let mount = workspace.source_dir().join("records");
    fs::remove_dir(&mount).expect("removed");
    fs::create_dir(&mount).expect("made again");
    kept_until_confirmed(&workspace, "records", "its disk is not mounted");
    // What was confirmed stays so, also for a directory that is filled again.
    workspace.write("records/b.json", r#"["v3"]"#);
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    workspace.remove("records/b.json");
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(items(&workspace), 3);
}

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn another_disk_at_the_mount_point_keeps_the_rows() {
    let (workspace, disk) = imported_from_disk();
    drop(disk);
    let mount = workspace.source_dir().join("records");
    let _other = Disk::mount(mount.clone(), 256);
    fs::create_dir(mount.join("lost+found")).expect("made");
    kept_until_confirmed(&workspace, "records", "another disk is mounted");
}

/// The mount point has a file with the same name, which is hidden while the disk is mounted.
#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn an_unmounted_disk_over_other_files_keeps_its_rows() {
    let workspace = Workspace::empty();
    workspace.write("records/b.json", r#"["hidden"]"#);
    let disk = Disk::mount(workspace.source_dir().join("records"), 256);
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    workspace.write("lines/3.jsonl", "3\n");
    let ended = import(&workspace, &[]);
    assert_eq!((ended.code, items(&workspace)), (Some(0), 3), "{ended}");
    drop(disk);
    let ended = import(&workspace, &["--prune"]);
    assert_eq!((ended.code, items(&workspace)), (Some(3), 3), "{ended}");
}

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn files_deleted_from_a_mounted_disk_are_deleted() {
    let (workspace, disk) = imported_from_disk();
    workspace.write("records/b.json", r#"["v3"]"#);
    let ended = import(&workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    // Mounted again, the disk may have another device number.
    drop(disk);
    let _again = Disk::mount(workspace.source_dir().join("records"), 256);
    workspace.write("records/b.json", r#"["v3"]"#);
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(!ended.stderr.contains("unavailable"), "{ended}");
    assert_eq!(items(&workspace), 4);
}

/// Both paths are on one device.
#[test]
#[ignore = "needs root, to mount a directory a second time: scripts/test"]
fn a_directory_that_was_bound_elsewhere_keeps_its_rows() {
    let workspace = Workspace::empty();
    let elsewhere = workspace.root().join("elsewhere");
    let mount = workspace.source_dir().join("records");
    for directory in [&elsewhere, &mount] {
        fs::create_dir_all(directory).expect("made");
    }
    let disk = Disk::bind(&elsewhere, mount.clone());
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    workspace.write("lines/3.jsonl", "3\n");
    let ended = import(&workspace, &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    drop(disk);
    fs::remove_dir(&mount).expect("removed");
    fs::create_dir(&mount).expect("made again");
    let before = items(&workspace);
    let ended = import(&workspace, &["--prune"]);
    assert_eq!(
        (ended.code, items(&workspace)),
        (Some(3), before),
        "{ended}"
    );
}

#[test]
#[ignore = "needs root, to mount a small file system: scripts/test"]
fn a_source_directory_whose_disk_is_not_mounted_keeps_its_rows() {
    let workspace = Workspace::empty();
    fs::create_dir_all(workspace.source_dir()).expect("made");
    let disk = Disk::mount(workspace.source_dir(), 256);
    workspace.write("records/a.json", r#"["v1", "v2"]"#);
    workspace.write("lines/3.jsonl", "3\n");
    let ended = import(&workspace, &[]);
    assert_eq!((ended.code, items(&workspace)), (Some(0), 3), "{ended}");
    drop(disk);
    workspace.write("records/b.json", r#"["v1"]"#);
    let ended = import(&workspace, &["--prune"]);
    assert_eq!((ended.code, items(&workspace)), (Some(3), 3), "{ended}");
    assert!(
        ended.stderr.contains("--deleted '.'") || ended.stderr.contains("--deleted ."),
        "{ended}"
    );
    let ended = import(&workspace, &["--prune", "--deleted", "."]);
    assert_eq!((ended.code, items(&workspace)), (Some(0), 1), "{ended}");
}
