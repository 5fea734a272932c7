//! `seals.log`: one line per seal, appended and never read by accession. Next to the originals it protects against
//! accidents; a copy kept elsewhere proves that no seal was removed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::ArchiveError;
use crate::model::{not_following, regular};

/// Name of the file in an archive.
pub const SEALS: &str = "seals.log";

/// Appends a line and syncs the file.
///
/// # Errors
/// If the file cannot be written.
pub fn append_seal(archive: &Path, line: &str) -> Result<(), ArchiveError> {
    let path = archive.join(SEALS);
    let mut directory = DirBuilder::new();
    directory.recursive(true);
    let mut options = OpenOptions::new();
    // A symbolic link would redirect the line, and a pipe would block until a reader opens it.
    not_following(options.create(true).append(true).read(true));
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    directory
        .create(archive)
        .map_err(ArchiveError::io("create directory", archive))?;
    let mut file = options
        .open(&path)
        .and_then(regular)
        .map_err(|error| match path.is_symlink() {
            true => io::Error::new(error.kind(), "it is a symbolic link"),
            false => error,
        })
        .map_err(ArchiveError::io("open", &path))?;
    let mut write = || {
        // A write that was interrupted, or for which the disk had no room, leaves a part of its line.
        let begin = if ends_within_a_line(&mut file)? {
            "\n"
        } else {
            ""
        };
        // A single write, so that lines of concurrent runs do not mix.
        file.write_all(format!("{begin}{line}\n").as_bytes())?;
        file.sync_all()
    };
    write().map_err(ArchiveError::io("write", &path))
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Whether seals were recorded in this directory.
#[must_use]
pub fn has_seals_log(archive: &Path) -> bool {
    archive.join(SEALS).is_file()
}

/// Whether two paths are those of one directory.
#[must_use]
pub fn is_same_archive(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    one == other || resolved(one).is_some_and(|one| resolved(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_not_completed_stays_alone() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join(SEALS);
        std::fs::write(&path, "first\nsec").expect("written");
        append_seal(home.path(), "third").expect("appended");
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "first\nsec\nthird\n");
    }

    #[test]
    fn lines_are_appended_to_a_private_file() {
        let home = tempfile::tempdir().expect("a directory");
        let archive = home.path().join("archive");
        for line in ["first", "second"] {
            append_seal(&archive, line).expect("appended");
        }
        let path = archive.join(SEALS);
        assert_eq!(
            std::fs::read_to_string(&path).expect("read"),
            "first\nsecond\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path)
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(super::super::Archive::open_or_create(&archive).is_ok());
    }
}
