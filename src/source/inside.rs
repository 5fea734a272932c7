//! Checks whether an output path is inside the source directory, which is never written to.

use std::path::Path;

/// Whether `path`, which need not exist, is inside the directory `root`. Both paths are resolved first, so links and
/// `..` are taken into account.
#[must_use]
pub fn is_inside(path: &Path, root: &Path) -> bool {
    let Ok(root) = root.canonicalize() else {
        return false;
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute
        .ancestors()
        .find_map(|path| path.canonicalize().ok());
    existing.is_some_and(|path| path.starts_with(root))
}

/// Whether `path` is a directory.
#[must_use]
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn paths_are_compared_after_they_are_resolved() {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("data");
        fs::create_dir_all(root.join("inner")).expect("made");
        symlink(root.join("inner"), place.path().join("link")).expect("linked");
        for inside in [
            "data/new.db",
            "data",
            "data/inner/a/b.db",
            "link/new.db",
            "x/../data/y.db",
        ] {
            let _ = fs::create_dir(place.path().join("x"));
            assert!(is_inside(&place.path().join(inside), &root), "{inside}");
        }
        for outside in ["new.db", "data2/new.db", "data.db", "data/../new.db"] {
            assert!(!is_inside(&place.path().join(outside), &root), "{outside}");
        }
        assert!(!is_inside(place.path(), &place.path().join("nothing")));
    }
}
