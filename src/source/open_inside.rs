//! Opens files of the source directory, and never a file outside it, even if files or links are replaced meanwhile.
//!
//! The survey records which links stay inside the directory. Between the survey and the read, however, a directory on
//! the path or the file itself can be replaced by a link. A path is therefore opened directory by directory, without
//! following links. If that fails because of a link, the path is resolved first, and the result is opened the same way.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

use crate::model::regular;

/// Opens the regular file at the relative path `path` in the directory `root`, which must be canonical.
///
/// # Errors
/// When it cannot be opened, is not a regular file, or is outside `root`.
pub fn open_inside(root: &Path, path: &str) -> io::Result<File> {
    let relative = Path::new(path);
    let mut components = relative.components();
    if !components.all(|part| matches!(part, Component::Normal(_))) {
        return Err(is_outside());
    }
    let opened = match open_unlinked(root, relative) {
        Err(error) if may_be_a_link(&error) => {
            let target = root.join(path).canonicalize()?;
            let relative = target.strip_prefix(root).map_err(|_| is_outside())?;
            open_unlinked(root, relative)
        }
        opened => opened,
    };
    regular(opened?)
}

fn is_outside() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        "its path leads outside the directory",
    )
}

#[cfg(unix)]
fn may_be_a_link(error: &io::Error) -> bool {
    use rustix::io::Errno;
    // With O_NOFOLLOW, a link as the last component gives ELOOP (EMLINK on FreeBSD); with O_DIRECTORY as well, ENOTDIR.
    let links = [Errno::LOOP, Errno::NOTDIR, Errno::MLINK];
    error
        .raw_os_error()
        .is_some_and(|number| links.iter().any(|link| link.raw_os_error() == number))
}

/// Opens without following links below `root` and without blocking on a pipe.
#[cfg(unix)]
fn open_unlinked(root: &Path, relative: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    // Traversing a directory does not require permission to list it.
    #[cfg(target_os = "linux")]
    const PASS: OFlags = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    const PASS: OFlags = OFlags::RDONLY;
    let through = PASS
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);
    let at_end =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut directory = open(root, through, Mode::empty())?;
    let mut names = relative.iter().peekable();
    while let Some(name) = names.next() {
        match names.peek() {
            Some(_) => directory = openat(&directory, name, through, Mode::empty())?,
            None => {
                let opened = openat(&directory, name, at_end, Mode::empty())?;
                return Ok(File::from(opened));
            }
        }
    }
    Err(ErrorKind::IsADirectory.into())
}

#[cfg(not(unix))]
fn may_be_a_link(_error: &io::Error) -> bool {
    false
}

#[cfg(not(unix))]
fn open_unlinked(root: &Path, relative: &Path) -> io::Result<File> {
    let target = root.join(relative).canonicalize()?;
    if !target.starts_with(root) {
        return Err(is_outside());
    }
    File::open(target)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn message(opened: io::Result<File>) -> String {
        match opened {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn links_are_followed_only_inside_the_directory() {
        let place = tempfile::tempdir().expect("a directory");
        let place = place.path().canonicalize().expect("canonical");
        let root = place.join("source");
        fs::create_dir_all(root.join("real")).expect("made");
        fs::write(root.join("real/a.json"), "1").expect("written");
        fs::create_dir(place.join("outside")).expect("made");
        fs::write(place.join("outside/a.json"), "secret").expect("written");
        symlink("real", root.join("again")).expect("linked");
        symlink("real/a.json", root.join("file.json")).expect("linked");
        symlink("../outside", root.join("out")).expect("linked");
        symlink("../outside/a.json", root.join("out.json")).expect("linked");
        for inside in ["real/a.json", "again/a.json", "file.json"] {
            assert_eq!(message(open_inside(&root, inside)), "", "{inside}");
        }
        for outside in [
            "out/a.json",
            "out.json",
            "../outside/a.json",
            "real/../a.json",
        ] {
            assert!(open_inside(&root, outside).is_err(), "{outside}");
        }
        for other in ["real", "real/a.json/b", "nothing", ""] {
            assert!(open_inside(&root, other).is_err(), "{other}");
        }
    }
}
