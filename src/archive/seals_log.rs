//! `seals.log`: a line per seal, appended and never read here. Kept beside the originals it tells of accidents; copied
//! elsewhere it proves that no seal was cut off.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::ArchiveError;

/// The file's name in an archive.
pub const SEALS: &str = "seals.log";

/// Appends a line, and makes it durable.
///
/// # Errors
/// When the file cannot be written.
pub fn append_seal(archive: &Path, line: &str) -> Result<(), ArchiveError> {
    let path = archive.join(SEALS);
    let mut directory = DirBuilder::new();
    directory.recursive(true);
    let mut options = OpenOptions::new();
    options.create(true).append(true);
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
        .map_err(ArchiveError::io("open", &path))?;
    // One write, so that lines of two runs do not mix.
    file.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(ArchiveError::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_to_a_file_of_the_owner_alone() {
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
