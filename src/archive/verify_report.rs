//! What a verification found.

use std::path::PathBuf;

use uuid::Uuid;

use super::{ArchiveError, ObjectFault, RelativePath};
use crate::model::Sha256;

/// What was found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Manifests that were read.
    pub runs: u64,
    /// Files they name.
    pub files: u64,
    /// Different contents among these; each was read once.
    pub objects: u64,
    /// Uncompressed bytes of these.
    pub bytes: u64,
    /// What is wrong, sorted; empty if all is well.
    pub problems: Vec<Problem>,
    /// Objects that no usable manifest names, which is no fault: a killed run leaves some. Only counted when all
    /// runs are verified.
    pub unreferenced: Option<u64>,
}

/// Something that is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A manifest cannot be used.
    #[error("a manifest cannot be used")]
    Manifest(#[source] ArchiveError),
    /// The index of a pack cannot be used, so that what is in the pack cannot be found.
    #[error("a pack cannot be used")]
    Pack(#[source] ArchiveError),
    /// An object is missing, damaged or cannot be read.
    #[error("{path}: cannot be brought back from run `{run}` ({})", needed_by(*files))]
    Object {
        /// The object's digest.
        sha256: Sha256,
        /// The object's file.
        object: PathBuf,
        /// One of the runs that need it.
        run: Uuid,
        /// The file it is in that run.
        path: RelativePath,
        /// How many files of the verified runs need it.
        files: u64,
        /// What is wrong.
        #[source]
        fault: ObjectFault,
    },
}

fn needed_by(files: u64) -> String {
    match files {
        1 => "no other file needs this object".to_owned(),
        more => format!("{more} files need this object"),
    }
}
