//! The result of a verification.

use std::path::PathBuf;

use uuid::Uuid;

use super::{ArchiveError, ObjectFault, RelativePath};
use crate::model::{RunId, Sha256};

/// The result of a verification.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Manifests that were read.
    pub runs: u64,
    /// Files in these manifests.
    pub files: u64,
    /// Distinct contents of these files; each was read once.
    pub objects: u64,
    /// Uncompressed bytes of these contents.
    pub bytes: u64,
    /// The problems, sorted; empty if the archive is valid.
    pub problems: Vec<ArchiveProblem>,
    /// Objects that no usable manifest names. They are harmless: a killed run leaves some. Counted only if all runs
    /// are verified.
    pub unreferenced: Option<u64>,
}

/// A problem in an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveProblem {
    /// A manifest cannot be used.
    #[error("a manifest cannot be used")]
    Manifest(#[source] ArchiveError),
    /// The index of a pack cannot be used, so its contents cannot be found.
    #[error("a pack cannot be used")]
    Pack(#[source] ArchiveError),
    /// An object is missing, damaged or cannot be read.
    #[error("{path}: cannot be restored from run `{run}` ({})", needed_by(*files))]
    Object {
        /// The object's digest.
        sha256: Sha256,
        /// The object's file.
        object: PathBuf,
        /// One of the runs that need it.
        run: Uuid,
        /// The path of the file in that run.
        path: RelativePath,
        /// How many files of the verified runs need it.
        files: u64,
        /// The fault.
        #[source]
        fault: ObjectFault,
    },
    /// The manifest of a run is missing, or differs from the ledger.
    #[error("run `{run}`: {message}")]
    Ledger {
        /// The run.
        run: RunId,
        /// The problem.
        message: String,
    },
}

fn needed_by(files: u64) -> String {
    match files {
        1 => "no other file needs this object".to_owned(),
        more => format!("{more} files need this object"),
    }
}
