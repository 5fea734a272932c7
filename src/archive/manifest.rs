//! Manifests: which files a run's source directory consisted of.

use uuid::Uuid;

use super::{ArchiveError, RelativePath};
use crate::model::{Sha256, Timestamp};

/// Which run a manifest belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHeader {
    /// The run's id.
    pub run: Uuid,
    /// The layout's name; only carried along.
    pub layout: String,
    /// The source directory as the user knows it; only carried along.
    pub root: String,
    /// When the run began.
    pub created_at: Timestamp,
}

/// One source file at the time of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Relative to the source directory.
    pub path: RelativePath,
    /// Size in bytes, uncompressed.
    pub bytes: u64,
    /// When the content was last modified.
    pub modified: Timestamp,
    /// Permission bits (`0o7777`); `None` where the system has none.
    pub mode: Option<u32>,
    /// Digest of the content; names the object.
    pub sha256: Sha256,
}

/// All source files of a directory at the time of a run, sorted by path, each path once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Which run.
    pub header: ManifestHeader,
    files: Vec<ManifestEntry>,
}

/// A manifest without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSummary {
    /// Which run.
    pub header: ManifestHeader,
    /// Number of files.
    pub files: u64,
    /// Their uncompressed bytes.
    pub bytes: u64,
}

/// Why a manifest is not used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestFault {
    /// Not JSON, or a member is missing or of another type.
    #[error("not the JSON of a manifest")]
    Json(#[source] serde_json::Error),
    /// Made by a newer version.
    #[error("format {0} is not known, only format 1")]
    Format(u64),
    /// A value that means nothing.
    #[error("`{member}` has an unusable value")]
    Member {
        /// The member's name.
        member: &'static str,
    },
    /// A path that leads out of the directory; restoring it would write elsewhere.
    #[error("the path `{0}` leads out of the directory")]
    UnsafePath(String),
    /// A path twice, or not in order.
    #[error("the path `{0}` is out of order or stands twice")]
    Order(String),
    /// The manifest of one run under the name of another.
    #[error("it is the manifest of run `{0}`")]
    OtherRun(Uuid),
}

impl Manifest {
    /// Sorts `files` by path.
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

    /// Takes `files` in the order they stand in.
    pub(super) fn from_sorted(
        header: ManifestHeader,
        files: Vec<ManifestEntry>,
    ) -> Result<Self, ManifestFault> {
        match first_out_of_order(&files) {
            Some(path) => Err(ManifestFault::Order(path.to_string())),
            None => Ok(Self { header, files }),
        }
    }

    /// The files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[ManifestEntry] {
        &self.files
    }

    /// Number and size of the files.
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
