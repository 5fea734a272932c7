//! The main job: a directory becomes rows, once, and again whenever its files change.

mod agenda;
mod contested;
mod dry_run;
mod elsewhere;
mod gather;
mod gone;
mod mend;
mod originals;
mod outcome;
mod referrers;
mod sink;
mod standing;
mod summary;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::{Access, Database, DatabaseError, DatabaseUrl, NewDatabase, Opened};
use crate::layout::Layout;
use crate::model::{Keep, RunContext, ShowValues};
use crate::parse::Limits;
use crate::plan::{Again, ConflictPolicy, GonePolicy};
use crate::source::is_inside;

use super::directory::{Directory, ReadOptions};
use super::{OperationError, Surroundings};

pub use super::directory::{FileOutcome, InvalidPolicy};
pub use outcome::{ConversionCount, ImportOutcome, ImportStatus, PlannedChange, RunOutcome};

/// What to import, into what, and how.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The legacy directory.
    pub directory: PathBuf,
    /// The target.
    pub database: DatabaseUrl,
    /// The directory's name in the ledger; its absolute path unless given.
    pub source: Option<String>,
    /// Where originals and backups go.
    pub archive: PathBuf,
    /// `--set name=value`.
    pub parameters: BTreeMap<String, String>,
    /// Whether anything is written.
    pub mode: ImportMode,
    /// What to do about files that did not change.
    pub unchanged: UnchangedPolicy,
    /// What to do about invalid records.
    pub invalid: InvalidPolicy,
    /// What to do about records that are no longer in the files.
    pub gone: GonePolicy,
    /// What to do where file and database both changed.
    pub conflict: ConflictPolicy,
    /// Whether findings may quote values.
    pub show: ShowValues,
    /// How many findings are kept.
    pub keep: Keep,
    /// Bounds on what is parsed.
    pub limits: Limits,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Whether an existing database is copied before it is changed.
    pub backup: BackupPolicy,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Plan, and apply the plan.
    Apply,
    /// Plan, and stop.
    DryRun,
}

/// What to do about files that did not change since they were imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnchangedPolicy {
    /// They are done.
    Skip,
    /// They are read again.
    Reread,
}

/// Whether an existing database is copied before it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupPolicy {
    /// It is.
    Always,
    /// It is not.
    Never,
}

/// An import on its way: everything that does not change while it runs.
struct Import<'a> {
    options: &'a ImportOptions,
    run: &'a RunContext,
    directory: Directory<'a>,
}

/// Imports a directory.
///
/// # Errors
/// When something fails; nothing is committed then. What is wrong with the input is in the outcome's findings, with
/// a status that says that nothing was written.
pub fn import(
    options: &ImportOptions,
    layout: &Layout,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<ImportOutcome, OperationError> {
    let read = ReadOptions {
        directory: &options.directory,
        source: options.source.as_deref(),
        parameters: &options.parameters,
        limits: options.limits,
        show: options.show,
        keep: options.keep,
    };
    let database = options.database.file();
    for (what, path) in [
        ("database", database),
        ("archive", Some(options.archive.as_path())),
    ] {
        if let Some(path) = path
            && is_inside(path, &options.directory)
        {
            let path = path.to_owned();
            return Err(OperationError::InsideSource { what, path });
        }
    }
    let import = Import {
        options,
        run,
        directory: Directory::survey(read, layout, around)?,
    };
    let outcome = import.run();
    around.progress.end();
    outcome
}

impl Import<'_> {
    fn run(&self) -> Result<ImportOutcome, OperationError> {
        if self.directory.survey.files.is_empty() {
            // Their rows would all be called gone, and with `--prune` deleted.
            return Ok(self.nothing_to_do(&self.agenda(None)?));
        }
        let wait = self.options.wait;
        match Database::open(&self.options.database, Access::Read, wait) {
            Ok(mut database) => {
                if let Some(outcome) = self.without_writing(&mut database)? {
                    return Ok(outcome);
                }
            }
            Err(DatabaseError::Missing(_)) if self.options.mode == ImportMode::DryRun => {
                let agenda = self.agenda(None)?;
                return self.dry_run(None, agenda);
            }
            Err(DatabaseError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
        match self.options.database.file() {
            None => self.change(),
            Some(path) => match NewDatabase::begin(path, wait)? {
                Opened::New(aside) => self.build(aside),
                Opened::Existing => self.change(),
            },
        }
    }

    /// The outcome of an import that finds nothing to do, or is only to plan; `None` if there is something to write.
    fn without_writing(
        &self,
        database: &mut Database,
    ) -> Result<Option<ImportOutcome>, OperationError> {
        let mut missing = Vec::new();
        let outcome = database.snapshot(|database| {
            // A ledger of a newer version is not even read: its tables may mean something else.
            database.migration_states()?;
            let agenda = self.agenda(Some(database))?;
            match self.options.mode {
                _ if agenda.nothing_to_do() => {
                    missing = database.missing_parts(self.directory.layout)?;
                    Ok(Some(self.nothing_to_do(&agenda)))
                }
                ImportMode::DryRun => self.dry_run(Some(database), agenda).map(Some),
                ImportMode::Apply => Ok(None),
            }
        })?;
        Ok(outcome.map(|outcome| self.mended(outcome, &missing)))
    }

    /// Which unchanged files are read again.
    fn again(&self) -> Again {
        match (self.options.unchanged, self.options.invalid) {
            (UnchangedPolicy::Reread, _) => Again::All,
            (UnchangedPolicy::Skip, InvalidPolicy::Refuse) => Again::Rejected,
            (UnchangedPolicy::Skip, InvalidPolicy::Skip) => Again::Waiting,
        }
    }
}

impl From<diesel::result::Error> for OperationError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(DatabaseError::from(error))
    }
}
