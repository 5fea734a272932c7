//! Manifests: the files in a run's source directory.

use uuid::Uuid;

use super::{ArchiveError, RelativePath};
use crate::model::{Sha256, Timestamp};

/// The run that a manifest belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHeader {
    /// The run's id.
    pub run: Uuid,
    /// Name of the layout, for information only.
    pub layout: String,
    /// The source directory as the user specified it, for information only.
    pub root: String,
    /// Start time of the run.
    pub created_at: Timestamp,
}

/// A source file at the time of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Path relative to the source directory.
    pub path: RelativePath,
    /// Size in bytes, uncompressed.
    pub bytes: u64,
    /// Modification time.
    pub modified: Timestamp,
    /// Permission bits (`0o7777`); `None` on systems without them.
    pub mode: Option<u32>,
    /// Digest of the content, which is also the name of the object.
    pub sha256: Sha256,
}

/// All source files of a directory at the time of a run, sorted by path, without duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The run.
    pub header: ManifestHeader,
    files: Vec<ManifestEntry>,
}

/// A manifest without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSummary {
    /// The run.
    pub header: ManifestHeader,
    /// Number of files.
    pub files: u64,
    /// Their uncompressed bytes.
    pub bytes: u64,
}

/// The reason why a manifest is not used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestFault {
    /// Not JSON, or a member is missing or has the wrong type.
    #[error("not a manifest in JSON")]
    Json(#[source] serde_json::Error),
    /// Written by a newer version.
    #[error("unsupported format {0}; supported are 1 and 2")]
    Format(u64),
    /// The digest at the end does not match the contents.
    #[error("modified or damaged: the digest does not match the contents")]
    Digest,
    /// A member has an invalid value.
    #[error("`{member}` has an invalid value")]
    Member {
        /// The member's name.
        member: &'static str,
    },
    /// A path outside of the directory; restoring it would write elsewhere.
    #[error("the path `{0}` is outside of the directory")]
    UnsafePath(String),
    /// A path is duplicated or out of order.
    #[error("the path `{0}` is out of order or duplicated")]
    Order(String),
    /// The manifest belongs to a different run than its name.
    #[error("the manifest belongs to run `{0}`")]
    OtherRun(Uuid),
}

impl Manifest {
    /// Creates a manifest; sorts `files` by path.
    ///
    /// # Errors
    /// [`ArchiveError::DuplicatePath`].
    pub(super) fn new(
        header: ManifestHeader,
        mut files: Vec<ManifestEntry>,
    ) -> Result<Self, ArchiveError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        match first_out_of_order(&files) {
            Some(path) => Err(ArchiveError::DuplicatePath(path.to_string())),
            None => Ok(Self { header, files }),
        }
    }

    /// Creates a manifest from files that are already sorted.
    pub(super) fn from_sorted(
        header: ManifestHeader,
        files: Vec<ManifestEntry>,
    ) -> Result<Self, ManifestFault> {
        match first_out_of_order(&files) {
            Some(path) => Err(ManifestFault::Order(path.to_string())),
            None => Ok(Self { header, files }),
        }
    }

    /// Returns the files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[ManifestEntry] {
        &self.files
    }

    /// Returns the number and size of the files.
    #[must_use]
    pub fn summary(&self) -> ManifestSummary {
        ManifestSummary {
            header: self.header.clone(),
            files: self.files.len() as u64,
            bytes: self
                .files
                .iter()
                .map(|file| file.bytes)
                .fold(0, u64::saturating_add),
        }
    }
}

fn first_out_of_order(files: &[ManifestEntry]) -> Option<&RelativePath> {
    files
        .windows(2)
        .find(|pair| pair[0].path >= pair[1].path)
        .map(|pair| &pair[1].path)
}
