//! Reports on archives as documents.

use std::path::Path;

use serde::Serialize;

use crate::archive::{ArchiveProblem, Listing, Restored};
use crate::model::RunId;
use crate::operations::{ComparedLedger, VerifiedArchive};

use super::with_causes;

/// The runs of an archive as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArchiveView<'o> {
    /// Directory of the archive.
    archive: String,
    /// The runs, newest first.
    runs: Vec<ArchivedRunView<'o>>,
    /// Messages about manifests that cannot be read.
    unusable: Vec<String>,
}

/// A run whose originals are archived.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ArchivedRunView<'o> {
    /// Its id.
    run: RunId,
    /// When it began.
    created_at: String,
    /// Name of the layout.
    layout: &'o str,
    /// The source directory.
    root: &'o str,
    /// Number of files.
    files: u64,
    /// Their uncompressed bytes.
    bytes: u64,
}

impl<'o> ArchiveView<'o> {
    pub(crate) fn new(directory: &Path, listing: &'o Listing) -> Self {
        let runs = listing.runs.iter().map(|run| ArchivedRunView {
            run: run.header.run.into(),
            created_at: run.header.created_at.to_string(),
            layout: &run.header.layout,
            root: &run.header.root,
            files: run.files,
            bytes: run.bytes,
        });
        let unusable = listing.unusable.iter();
        Self {
            archive: directory.display().to_string(),
            runs: runs.collect(),
            unusable: unusable.map(|error| with_causes(error)).collect(),
        }
    }
}

/// The result of a verification as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VerifiedArchiveView<'o> {
    /// Whether everything can be restored.
    #[cfg_attr(test, schemars(extend("enum" = ["sound", "damaged"])))]
    status: &'static str,
    /// Directory of the archive.
    archive: String,
    /// Number of runs checked.
    runs: u64,
    /// Number of files checked.
    files: u64,
    /// Distinct contents that were read.
    objects: u64,
    /// Their uncompressed bytes.
    bytes: u64,
    /// Objects that no run needs; `null` if only one run was verified.
    unreferenced: Option<u64>,
    /// Comparison of the manifests with the ledger; `null` if no database was named or is beside the archive.
    ledger: Option<&'o ComparedLedger>,
    /// The problems.
    problems: Vec<ArchiveProblemView>,
}

/// A problem in an archive.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ArchiveProblemView {
    /// A manifest cannot be used.
    Manifest {
        /// For people; the wording can change.
        message: String,
    },
    /// A pack cannot be used.
    Pack {
        /// For people; the wording can change.
        message: String,
    },
    /// The manifest of a run is missing, or differs from the ledger.
    Ledger {
        /// For people; the wording can change.
        message: String,
        /// The run.
        run: RunId,
    },
    /// An object is missing, damaged or cannot be read.
    Object {
        /// For people; the wording can change.
        message: String,
        /// One of the runs that need the object.
        run: RunId,
        /// One of the files that need it.
        path: String,
        /// Number of files that need it.
        files: u64,
        /// Path of the object.
        object: String,
        /// Digest of its contents.
        sha256: String,
    },
}

impl<'o> VerifiedArchiveView<'o> {
    pub(crate) fn new(directory: &Path, verified: &'o VerifiedArchive) -> Self {
        let report = &verified.report;
        Self {
            status: match report.problems.is_empty() {
                true => "sound",
                false => "damaged",
            },
            archive: directory.display().to_string(),
            runs: report.runs,
            files: report.files,
            objects: report.objects,
            bytes: report.bytes,
            unreferenced: report.unreferenced,
            ledger: verified.ledger.as_ref(),
            problems: report.problems.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ArchiveProblem> for ArchiveProblemView {
    fn from(problem: &ArchiveProblem) -> Self {
        let message = with_causes(problem);
        match problem {
            ArchiveProblem::Manifest(_) => Self::Manifest { message },
            ArchiveProblem::Pack(_) => Self::Pack { message },
            ArchiveProblem::Ledger { run, .. } => Self::Ledger {
                message,
                run: run.clone(),
            },
            ArchiveProblem::Object {
                sha256,
                object,
                run,
                path,
                files,
                fault: _,
            } => Self::Object {
                message,
                run: (*run).into(),
                path: path.to_string(),
                files: *files,
                object: object.display().to_string(),
                sha256: sha256.to_string(),
            },
        }
    }
}

/// The restored files as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RestoredView<'o> {
    /// The run.
    run: &'o RunId,
    /// Where the files are.
    directory: String,
    /// Number of files.
    files: u64,
    /// Their bytes.
    bytes: u64,
}

impl<'o> RestoredView<'o> {
    pub(crate) fn new(run: &'o RunId, target: &Path, restored: Restored) -> Self {
        Self {
            run,
            directory: target.display().to_string(),
            files: restored.files,
            bytes: restored.bytes,
        }
    }
}
