//! `seals.log`: one line per seal, appended and never read by accession. Next to the originals it protects against
//! accidents; a copy kept elsewhere proves that no seal was removed.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
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
    not_following(options.create(true).append(true));
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
    // A single write, so that lines of concurrent runs do not mix.
    file.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(ArchiveError::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

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
