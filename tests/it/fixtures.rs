//! Finds the folders of plain files under `fixtures/`, so that none is forgotten.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Returns the path of `fixtures/<relative>`.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(relative)
}

/// Runs `test` on every folder in `fixtures/<relative>`, which must not be empty.
///
/// Several run concurrently, since they mostly wait for the disk.
pub(crate) fn each_folder(relative: &str, test: impl Fn(&Path) + Sync) {
    const AT_A_TIME: usize = 8;
    let mut folders: Vec<PathBuf> = fs::read_dir(path(relative))
        .expect("the fixtures are read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no folders in fixtures/{relative}");
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    test(folder);
                }
            });
        }
    });
}

/// Copies the files in `from`, except for `expected.snap`, to `to` and overwrites existing ones.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory is made");
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.expect("a fixture is read");
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).expect("a directory is made");
        } else if !is_snapshot(entry.path()) {
            fs::copy(entry.path(), &target).expect("a file is copied");
        }
    }
}

/// Whether it is a file of the harness: `expected.snap`, or the new snapshot while a change is reviewed.
fn is_snapshot(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("expected.snap")
}
