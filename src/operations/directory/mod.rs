//! Reads a source directory, for every operation that needs its records.
//!
//! Files are read, parsed, validated and mapped wave by wave; an operation pulls the rows (`events.rs`) and decides
//! what to do with them. Nothing here writes or depends on the purpose of the rows.

mod complete;
mod dispatch;
mod events;
mod first_record;
mod identity_index;
mod lookup;
mod memory;
mod ownership;
mod pipeline;
mod places;
mod read;
mod read_state;
mod referring;
mod resolve;
mod shared;
mod substitutes;
mod unmapped;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::database::{DatabaseError, ReadTransaction, TargetTables, TemporaryFiles};
use crate::layout::Layout;
use crate::map::Mapper;
use crate::model::{
    FileId, Finding, Keep, Level, PerSource, Rule, ShowValues, TableIndex, Timestamp, shell_word,
};
use crate::parse::Limits;
use crate::plan::{ConflictPolicy, Planner};
use crate::source::{self, SourceFile, Survey};
use crate::validate::DocumentValidator;

use super::{Context, OperationError, Stage};

pub(super) use events::ReadEvent;
pub(super) use lookup::LookupScope;
pub(super) use memory::Permit;
pub(super) use ownership::{Ownership, remove_found_elsewhere};
pub use read_state::{FileOutcome, InvalidPolicy};
pub(super) use read_state::{ReadState, RejectedRecord};
pub(super) use referring::{
    each_referring_row, is_of_layout, is_same_key, other_keys_to, table_named,
};
pub(super) use shared::{SharedTransaction, Writable, lock};
pub(super) use substitutes::{AnyReference, parameter_substitutes};

/// What to read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions<'a> {
    /// The source directory.
    pub(super) directory: &'a Path,
    /// The directory's name in the ledger; by default its absolute path.
    pub(super) source: Option<&'a str>,
    /// `--set name=value`.
    pub(super) parameters: &'a BTreeMap<String, String>,
    /// Limits of the parser.
    pub(super) limits: Limits,
    /// Whether findings may show values.
    pub(super) show: ShowValues,
    /// How many findings to keep.
    pub(super) keep: Keep,
}

/// A surveyed directory, ready to be read. It is constant while an operation runs.
pub(super) struct Directory<'a> {
    pub(super) layout: &'a Layout,
    pub(super) ctx: Context<'a>,
    pub(super) survey: Survey,
    /// The directory's name in the ledger.
    pub(super) source: String,
    options: ReadOptions<'a>,
    validators: PerSource<DocumentValidator>,
    mapper: Mapper<'a>,
}

impl<'a> Directory<'a> {
    /// Finds and hashes the files.
    ///
    /// # Errors
    /// When a parameter is unknown, the layout's schemas or constants are invalid, or the directory cannot be read.
    pub(super) fn survey(
        options: ReadOptions<'a>,
        layout: &'a Layout,
        ctx: Context<'a>,
    ) -> Result<Self, OperationError> {
        let _span = tracing::info_span!("survey").entered();
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
        ctx.progress.begin(Stage::Survey, None);
        let observer = source::Observer {
            progress: &|bytes| ctx.progress.advance(bytes),
            interrupted: ctx.interrupted,
        };
        let mut survey = source::survey(options.directory, layout, observer)?;
        survey.findings = survey.findings.keeping(options.keep);
        if survey.files.is_empty() && !survey.findings.has_errors() {
            survey.findings.push(no_files(layout));
        }
        let source = match options.source {
            Some(name) => name.to_owned(),
            None => survey.root.display().to_string(),
        };
        Ok(Self {
            layout,
            ctx,
            survey,
            source,
            options,
            validators,
            mapper,
        })
    }

    /// Relative path of a file.
    pub(super) fn path(&self, file: FileId) -> &str {
        &self.survey.files[file.0 as usize].path
    }

    /// The file with this path.
    pub(super) fn file_named(&self, path: &str) -> Option<&SourceFile> {
        let files = &self.survey.files;
        let at = files.binary_search_by(|file| file.path.as_str().cmp(path));
        at.ok().map(|at| &files[at])
    }

    /// Index of the layout's table with this name.
    pub(super) fn table_named(&self, name: &str) -> Option<TableIndex> {
        self.layout
            .tables
            .position(|table| table.table.name == name)
    }

    /// A planner for the tables of a database; it also records the values that later waves refer to.
    pub(super) fn planner(
        &self,
        target: &TargetTables,
        conflict: ConflictPolicy,
        now: Timestamp,
    ) -> Planner<'a> {
        let states = target.tables.iter().map(|table| table.state).collect();
        let mut planner =
            Planner::new(self.layout, states, conflict, now).with_scratch(Box::new(TemporaryFiles));
        resolve::watch(self.layout, &mut planner);
        planner.limit(target.tables.iter().map(|table| table.limits.clone()));
        planner
    }

    /// Other names under which files with the same contents were imported: the directory may have been moved.
    pub(super) fn other_names(
        &self,
        database: &mut ReadTransaction,
    ) -> Result<Vec<OtherName>, DatabaseError> {
        let files = self.survey.files.iter();
        let contents: BTreeSet<_> = files.map(|file| file.sha256.to_string()).collect();
        let contents: Vec<_> = contents.into_iter().collect();
        let others =
            database
                .ledger()
                .other_sources_with(&self.source, &self.layout.name, &contents)?;
        let removed = |name: &Path| name.is_absolute() && !source::is_directory(name);
        let others = others.into_iter().map(|(name, common)| OtherName {
            moved: 2 * common >= contents.len() && removed(Path::new(&name)),
            name,
        });
        Ok(others.collect())
    }
}

/// Another name under which files with the same contents were imported.
#[derive(Debug)]
pub(super) struct OtherName {
    /// Usually a path.
    pub(super) name: String,
    /// Whether that path no longer exists, and at least half of this directory's files were there.
    pub(super) moved: bool,
}

/// Checks that the plan is valid.
///
/// # Errors
/// When the planner's scratch files failed.
pub(super) fn check_scratch(planner: &Planner<'_>) -> Result<(), OperationError> {
    match planner.failure() {
        None => Ok(()),
        Some(error) => {
            let error = io::Error::new(error.kind(), error.to_string());
            Err(OperationError::Scratch(error))
        }
    }
}

/// An error, because a mistyped path or an unmounted disk looks the same, and all rows would be reported as removed.
fn no_files(layout: &Layout) -> Finding {
    let message = format!(
        "no file in the directory matches the layout `{}`",
        layout.name
    );
    Finding::new(Level::Error, Rule::NoFiles, None, message).hint(format!(
        "check the path, and that its disk is mounted; `accession layout show {}` shows which files it matches",
        shell_word(&layout.reference)
    ))
}
