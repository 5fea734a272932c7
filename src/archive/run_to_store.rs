//! What the caller says of a run's source directory, and whether that is still so.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{ArchiveError, ManifestEntry, ManifestHeader, RelativePath};
use crate::model::{Sha256, Timestamp};

/// A source file as the caller surveyed it. Its mode is looked up by the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToStore<'a> {
    /// Relative to the source directory, with `/` between segments.
    pub path: &'a str,
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last modified.
    pub modified: Timestamp,
    /// Digest of its content.
    pub sha256: Sha256,
}

/// Everything that describes a run's source directory.
#[derive(Debug, Clone, Copy)]
pub struct RunToStore<'a> {
    /// Which run.
    pub header: &'a ManifestHeader,
    /// The source directory.
    pub root: &'a Path,
    /// Files that this run reads: their objects are proved, or made and proved.
    pub files: &'a [FileToStore<'a>],
    /// Files that are as an earlier run stored them: their objects are only looked for. One that is missing is
    /// made again.
    pub unchanged: &'a [FileToStore<'a>],
}

impl FileToStore<'_> {
    /// Looks a surveyed file up: it must still be a file of that size. Its content is proved when it is read.
    pub(super) fn inspect(&self, root: &Path) -> Result<ManifestEntry, ArchiveError> {
        let path = RelativePath::parse(self.path)?;
        let source = path.below(root);
        let changed = || ArchiveError::ChangedWhileArchived {
            path: self.path.to_owned(),
        };
        let metadata = fs::metadata(&source).map_err(|error| match error.kind() {
            ErrorKind::NotFound => changed(),
            _ => ArchiveError::io("inspect", &source)(error),
        })?;
        if !metadata.is_file() || metadata.len() != self.bytes {
            return Err(changed());
        }
        #[cfg(unix)]
        let mode = Some(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777);
        #[cfg(not(unix))]
        let mode = None;
        Ok(ManifestEntry {
            path,
            bytes: self.bytes,
            modified: self.modified,
            mode,
            sha256: self.sha256,
        })
    }
}
