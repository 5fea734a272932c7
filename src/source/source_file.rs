//! A file of the source directory.

use crate::layout::unpacked;
use crate::model::{FileId, Sha256, SourceIndex, Timestamp};

/// A file that a source of the layout matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its index in [`Survey::files`](super::Survey::files).
    pub id: FileId,
    /// Path relative to the directory, with `/` between segments.
    pub path: String,
    /// Index of the source in the layout.
    pub source: SourceIndex,
    /// Values captured by the file pattern of the source.
    pub captures: Vec<String>,
    /// Length in bytes.
    pub bytes: u64,
    /// The time of the last modification.
    pub modified: Timestamp,
    /// Digest of its bytes.
    pub sha256: Sha256,
}

impl SourceFile {
    /// Returns the path of the document in the file, without the suffix of a compressed file. It stays the same if the
    /// file is compressed later.
    #[must_use]
    pub fn document(&self) -> &str {
        unpacked(&self.path)
    }
}
