//! The caller's survey of a source directory, and the check that the files still match it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{ArchiveError, ManifestEntry, ManifestHeader, RelativePath};
use crate::model::{Sha256, Timestamp};

/// A source file as surveyed by the caller. The archive reads its mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToStore<'a> {
    /// Path relative to the source directory, with `/` between segments.
    pub path: &'a str,
    /// Size in bytes.
    pub bytes: u64,
    /// Modification time.
    pub modified: Timestamp,
    /// Digest of its content.
    pub sha256: Sha256,
}

/// The description of a run's source directory.
#[derive(Debug, Clone, Copy)]
pub struct RunToStore<'a> {
    /// The run.
    pub header: &'a ManifestHeader,
    /// The source directory.
    pub root: &'a Path,
    /// Files that this run reads: their objects are created if necessary, and verified.
    pub files: &'a [FileToStore<'a>],
    /// Files that an earlier run stored: only the existence of their objects is checked. A missing one is created
    /// again.
    pub unchanged: &'a [FileToStore<'a>],
}

impl FileToStore<'_> {
    /// Checks that the file still exists with the surveyed size. The content is verified when it is read.
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
