//! The main job: a directory becomes rows, once, and again whenever its files change.

mod agenda;
mod gather;
mod gone;
mod outcome;
mod places;
mod resolve;
mod sink;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::{Access, Database, DatabaseError, DatabaseUrl, NewDatabase, Opened};
use crate::layout::Layout;
use crate::map::Mapper;
use crate::model::{RunContext, ShowValues};
use crate::parse::Limits;
use crate::plan::{ConflictPolicy, GonePolicy, Rejected};
use crate::source::{self, Survey};
use crate::validate::DocumentValidator;

use super::{OperationError, Stage, Surroundings};

pub use outcome::{
    ConversionCount, FileOutcome, ImportOutcome, ImportStatus, PlannedChange, RunOutcome,
};

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
    /// What to do about invalid records.
    pub invalid: InvalidPolicy,
    /// What to do about records that are no longer in the files.
    pub gone: GonePolicy,
    /// What to do where file and database both changed.
    pub conflict: ConflictPolicy,
    /// Whether findings may quote values.
    pub show: ShowValues,
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

/// What to do about invalid records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPolicy {
    /// Nothing at all is written.
    Refuse,
    /// The valid ones are imported, the others remembered.
    Skip,
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
    layout: &'a Layout,
    run: &'a RunContext,
    around: Surroundings<'a>,
    survey: Survey,
    source: String,
    validators: Vec<DocumentValidator>,
    mapper: Mapper<'a>,
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
    if let Some(name) = options
        .parameters
        .keys()
        .find(|name| !layout.parameters.iter().any(|p| p.name == **name))
    {
        return Err(OperationError::UnknownParameter {
            layout: layout.name.clone(),
            name: name.clone(),
        });
    }
    let validators = layout
        .sources
        .iter()
        .map(DocumentValidator::compile)
        .collect::<Result<_, _>>()?;
    let mapper = Mapper::new(layout)?;
    around.progress.begin(Stage::Survey, None);
    let observer = source::Observer {
        progress: &|bytes| around.progress.advance(bytes),
        interrupted: around.interrupted,
    };
    let survey =
        source::survey(&options.directory, layout, observer).map_err(|error| match error {
            crate::source::SourceError::Interrupted => OperationError::Interrupted,
            other => OperationError::Source(other),
        })?;
    let source = options
        .source
        .clone()
        .unwrap_or_else(|| survey.root.display().to_string());
    let import = Import {
        options,
        layout,
        run,
        around,
        survey,
        source,
        validators,
        mapper,
    };
    let outcome = import.run();
    around.progress.end();
    outcome
}

impl Import<'_> {
    fn run(&self) -> Result<ImportOutcome, OperationError> {
        let path = self.options.database.path();
        let wait = self.options.wait;
        if path.try_exists().unwrap_or(true) {
            let mut database = Database::open(path, Access::Read, wait)?;
            let outcome = database.snapshot(|database| {
                let agenda = self.agenda(Some(database))?;
                match self.options.mode {
                    _ if agenda.nothing_to_do() => Ok(Some(self.nothing_to_do(&agenda))),
                    ImportMode::DryRun => self.dry_run(Some(database), agenda).map(Some),
                    ImportMode::Apply => Ok(None),
                }
            });
            match outcome {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        } else if self.options.mode == ImportMode::DryRun {
            let agenda = self.agenda(None)?;
            return self.dry_run(None, agenda);
        }
        match NewDatabase::begin(path, wait)? {
            Opened::New(aside) => self.into_new(aside),
            Opened::Existing => self.into_existing(),
        }
    }

    /// What unchanged files with rejected records are: with `--skip-invalid` they stay rejected.
    fn rejected(&self) -> Rejected {
        match self.options.invalid {
            InvalidPolicy::Refuse => Rejected::Retry,
            InvalidPolicy::Skip => Rejected::Keep,
        }
    }
}

impl From<diesel::result::Error> for OperationError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(DatabaseError::from(error))
    }
}
