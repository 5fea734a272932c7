//! The options of an import.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::DatabaseUrl;
use crate::model::{Keep, ShowValues};
use crate::operations::OperationError;
use crate::operations::directory::{InvalidPolicy, ReadOptions};
use crate::parse::Limits;
use crate::plan::{ConflictPolicy, RemovalPolicy};
use crate::source::is_inside;

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The source directory.
    pub directory: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// The directory's name in the ledger; by default its absolute path.
    pub source: Option<String>,
    /// The archive for originals and backups.
    pub archive: PathBuf,
    /// `--set name=value`.
    pub parameters: BTreeMap<String, String>,
    /// Whether anything is written.
    pub mode: ImportMode,
    /// How to handle files that did not change.
    pub unchanged: UnchangedPolicy,
    /// How to handle invalid records.
    pub invalid: InvalidPolicy,
    /// How to handle records that are no longer in the files.
    pub removed: RemovalPolicy,
    /// Files and directories, relative to the source directory, that were deleted although they appear to be
    /// unavailable.
    pub deleted: Vec<String>,
    /// How to resolve conflicts: a record and its row both changed.
    pub conflict: ConflictPolicy,
    /// Whether findings may show values.
    pub show: ShowValues,
    /// How many findings to keep.
    pub keep: Keep,
    /// Limits of the parser.
    pub limits: Limits,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Whether an existing database is copied before it is changed.
    pub backup: BackupPolicy,
    /// Unix permissions of a database file that the import creates.
    pub file_mode: u32,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Plan and apply.
    Apply,
    /// Plan only.
    DryRun,
}

/// How to handle files that did not change since they were imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnchangedPolicy {
    /// Skip them.
    Skip,
    /// Read them again.
    Reread,
}

/// Whether an existing database is copied before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupPolicy {
    /// Copy it.
    Always,
    /// Do not copy it.
    Never,
}

impl ImportOptions {
    /// How to read the directory.
    pub(in crate::operations) fn read(&self) -> ReadOptions<'_> {
        ReadOptions {
            directory: &self.directory,
            source: self.source.as_deref(),
            parameters: &self.parameters,
            limits: self.limits,
            show: self.show,
            keep: self.keep,
        }
    }

    /// Checks that nothing is written into the source directory.
    pub(super) fn check_paths(&self) -> Result<(), OperationError> {
        let database = self.database.file();
        for (what, path) in [
            ("database", database),
            ("archive", Some(self.archive.as_path())),
        ] {
            if let Some(path) = path
                && is_inside(path, &self.directory)
            {
                let path = path.to_owned();
                return Err(OperationError::InsideSource { what, path });
            }
        }
        Ok(())
    }
}
