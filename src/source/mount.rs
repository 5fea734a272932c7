//! Mount points in the source directory, whose files are on another disk.

use std::collections::BTreeSet;
use std::path::Path;

use super::Survey;

/// The source directory itself among relative paths.
pub const ROOT: &str = ".";

impl Survey {
    /// The relative paths of directories with source files that are mount points now; `.` is the source directory.
    #[must_use]
    pub fn mounts(&self) -> BTreeSet<String> {
        let mut above: BTreeSet<&str> = BTreeSet::new();
        for file in &self.files {
            let ends = file.path.match_indices('/');
            above.extend(ends.map(|(end, _)| &file.path[..end]));
        }
        let mounts = above
            .into_iter()
            .filter(|path| is_mount(&self.root.join(path)));
        let root = (!self.files.is_empty() && is_mount(&self.root)).then_some(ROOT);
        mounts.chain(root).map(str::to_owned).collect()
    }

    /// Whether any source file is below this directory.
    pub(super) fn has_files_in(&self, directory: &str) -> bool {
        let below = format!("{directory}/");
        let first = self.files.partition_point(|file| file.path < below);
        let first = self.files.get(first);
        first.is_some_and(|file| file.path.starts_with(&below))
    }
}

/// Whether the directory is a mount point, also of a file system that is mounted a second time (`mount --bind`).
#[cfg(target_os = "linux")]
pub(super) fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let root = StatxAttributes::MOUNT_ROOT;
    match statx(CWD, path, AtFlags::empty(), StatxFlags::empty()) {
        Ok(found) if found.stx_attributes_mask.contains(root) => {
            found.stx_attributes.contains(root)
        }
        // Linux before 5.8.
        Ok(_) | Err(_) => is_other_device(path),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_mount(path: &Path) -> bool {
    is_other_device(path)
}

/// Whether the directory is on another device than the directory that contains it.
#[cfg(unix)]
fn is_other_device(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| std::fs::metadata(path).map(|found| found.dev()).ok();
    let parent = path.parent().and_then(device);
    parent.is_some_and(|parent| device(path).is_some_and(|own| own != parent))
}

#[cfg(not(unix))]
fn is_other_device(_path: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_told_from_directories() {
        assert!(is_mount(Path::new("/proc")));
        assert!(is_other_device(Path::new("/proc")));
        let directory = tempfile::tempdir().expect("a directory");
        assert!(!is_mount(directory.path()));
        assert!(!is_mount(&directory.path().join("missing")));
    }
}
