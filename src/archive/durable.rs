//! Directories and temporary files that survive a power failure and are private to the user.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::ArchiveError;

/// Prefix of unfinished files.
pub(super) const TEMPORARY_PREFIX: &str = ".tmp-";

/// Makes the names in `directory` durable. Windows has no such operation and needs none.
pub(super) fn sync_directory(directory: &Path) -> Result<(), ArchiveError> {
    #[cfg(unix)]
    fs::File::open(directory)
        .and_then(|handle| handle.sync_all())
        .map_err(ArchiveError::io("sync directory", directory))?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}

/// Creates a directory with mode 0700; an existing one is an error.
pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix sets a mode"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates a temporary file (mode 0600) that is removed unless it is persisted.
pub(super) fn temporary_in(directory: &Path) -> Result<NamedTempFile, ArchiveError> {
    tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .tempfile_in(directory)
        .map_err(ArchiveError::io("create a temporary file in", directory))
}

/// Creates a file with mode 0600 and opens it for writing. It must not exist; symbolic links are not followed.
pub(super) fn create_private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
