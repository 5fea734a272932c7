//! Reading a legacy directory: what every operation shares that wants to know what the files say.
//!
//! Files are read, validated and mapped wave by wave; a [`Consumer`] takes the rows and decides what becomes of them.
//! Nothing here writes, and nothing knows what the rows are wanted for.

mod complete;
mod lookup;
mod owners;
mod pipeline;
mod places;
mod read;
mod reading;
mod resolve;
mod shared;
mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::database::{Database, DatabaseError};
use crate::layout::Layout;
use crate::map::Mapper;
use crate::model::{FileId, Finding, Keep, Level, Rule, ShowValues};
use crate::parse::Limits;
use crate::source::{self, Survey};
use crate::validate::DocumentValidator;

use super::{OperationError, Stage, Surroundings};

pub(super) use lookup::LookUp;
pub(super) use read::Consumer;
pub(super) use reading::{EndOfFile, Reading, RejectedRecord};
pub use reading::{FileOutcome, InvalidPolicy};
pub(super) use shared::{SharedDatabase, lock};
pub(super) use stand_in::{AnyReference, stand_ins};

/// What to read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions<'a> {
    /// The legacy directory.
    pub(super) directory: &'a Path,
    /// Its name in the ledger; its absolute path unless given.
    pub(super) source: Option<&'a str>,
    /// `--set name=value`.
    pub(super) parameters: &'a BTreeMap<String, String>,
    /// Bounds on what is parsed.
    pub(super) limits: Limits,
    /// Whether findings may quote values.
    pub(super) show: ShowValues,
    /// How many findings are kept.
    pub(super) keep: Keep,
}

/// A surveyed directory, ready to be read. Does not change while an operation runs.
pub(super) struct Directory<'a> {
    pub(super) layout: &'a Layout,
    pub(super) around: Surroundings<'a>,
    pub(super) survey: Survey,
    /// Its name in the ledger.
    pub(super) source: String,
    options: ReadOptions<'a>,
    validators: Vec<DocumentValidator>,
    mapper: Mapper<'a>,
}

impl<'a> Directory<'a> {
    /// Finds and hashes the files.
    ///
    /// # Errors
    /// When a parameter is unknown, the layout's schemas or constants cannot be used, or the directory not be read.
    pub(super) fn survey(
        options: ReadOptions<'a>,
        layout: &'a Layout,
        around: Surroundings<'a>,
    ) -> Result<Self, OperationError> {
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
            around,
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

    /// Other names under which files with the same contents were imported: the directory may have been moved.
    pub(super) fn other_names(
        &self,
        database: &mut Database,
    ) -> Result<Vec<OtherName>, DatabaseError> {
        let files = self.survey.files.iter();
        let contents: BTreeSet<_> = files.map(|file| file.sha256.to_string()).collect();
        let contents: Vec<_> = contents.into_iter().collect();
        let others = database.other_sources_with(&self.source, &self.layout.name, &contents)?;
        let gone = |name: &Path| name.is_absolute() && !source::is_directory(name);
        let others = others.into_iter().map(|(name, common)| OtherName {
            moved: 2 * common >= contents.len() && gone(Path::new(&name)),
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
    /// Whether nothing is at that path any more, and half of the files here were there, or more.
    pub(super) moved: bool,
}

/// A mistyped path, or a disk that is not mounted, looks like this: all rows of the directory would be called gone.
fn no_files(layout: &Layout) -> Finding {
    let message = format!(
        "no file of the directory belongs to the layout `{}`",
        layout.name
    );
    Finding::new(Level::Error, Rule::NoFiles, None, message).remedy(format!(
        "check the path, and that its disk is mounted; `accession layout show {}` tells which files are meant",
        layout.name
    ))
}
