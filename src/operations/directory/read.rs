//! Reads files wave by wave: the records of a wave may refer to rows of earlier waves.

use std::collections::BTreeSet;
use std::thread;

use crate::map::Resolved;
use crate::model::{FileId, SourceIndex};
use crate::operations::{OperationError, Stage};
use crate::plan::Planner;
use crate::source::SourceFile;

use super::events::ReadEvents;
use super::pipeline::Pipeline;
use super::resolve::{known_references, parameters};
use super::shared::SharedTransaction;
use super::substitutes::{AnyReference, parameter_substitutes};
use super::{Directory, ReadOptions};

/// Files that are read together.
pub(in crate::operations) struct Wave<'d> {
    /// Indexes of their sources.
    sources: &'d [SourceIndex],
    /// The files in the order of their sources, so that parents declared first come first.
    pub(in crate::operations) files: Vec<&'d SourceFile>,
}

impl Directory<'_> {
    /// The waves in which to read `files`.
    pub(in crate::operations) fn waves<'d>(
        &'d self,
        stage: Stage,
        files: &'d [FileId],
    ) -> impl Iterator<Item = Wave<'d>> {
        let survey = &self.survey.files;
        self.begin(stage, files.iter().map(|id| &survey[id.0 as usize]));
        let waves = self.layout.waves.iter().map(|sources| Wave {
            sources,
            files: self.files_of_wave(sources, files),
        });
        waves.filter(|wave| !wave.files.is_empty())
    }

    /// Begins a stage that reads `files`.
    pub(in crate::operations) fn begin<'f>(
        &self,
        stage: Stage,
        files: impl Iterator<Item = &'f SourceFile>,
    ) {
        let bytes = files.map(|file| file.bytes).sum();
        self.ctx.progress.begin(stage, Some(bytes));
    }

    fn files_of_wave(&self, sources: &[SourceIndex], wanted: &[FileId]) -> Vec<&SourceFile> {
        let wanted: BTreeSet<FileId> = wanted.iter().copied().collect();
        let in_wave =
            |file: &&SourceFile| sources.contains(&file.source) && wanted.contains(&file.id);
        let mut files: Vec<&SourceFile> = self.survey.files.iter().filter(in_wave).collect();
        files.sort_by_key(|file| {
            (
                sources.iter().position(|&source| source == file.source),
                file.id,
            )
        });
        files
    }

    /// The parameters of a wave, and the rows that its records may refer to: those of earlier waves, which `planner`
    /// has, and those in the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(in crate::operations) fn resolve(
        &self,
        wave: &Wave<'_>,
        planner: Option<&Planner<'_>>,
        database: Option<&SharedTransaction<'_>>,
    ) -> Result<Resolved<'_>, OperationError> {
        let files = &self.survey.files;
        let references = known_references(self.layout, wave.sources, files, planner, database)?;
        let ReadOptions {
            parameters: given,
            show,
            ..
        } = self.options;
        Ok(Resolved {
            parameters: parameters(self.layout, given, show, planner, database)?,
            references: Box::new(references),
        })
    }

    /// Substitutes for reading without a database: references, and parameters that were not given, are assumed to have
    /// values.
    pub(in crate::operations) fn assumed(&self) -> Resolved<'_> {
        Resolved {
            parameters: parameter_substitutes(self.layout, self.options.parameters),
            references: Box::new(AnyReference),
        }
    }

    /// Reads, parses, validates and maps `files` on worker threads while `pull` takes the events.
    ///
    /// # Errors
    /// Those of `pull`.
    pub(in crate::operations) fn read<T>(
        &self,
        files: &[&SourceFile],
        resolved: &Resolved<'_>,
        pull: impl FnOnce(ReadEvents<'_>) -> Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        let pipeline = Pipeline {
            root: &self.survey.root,
            layout: self.layout,
            validators: &self.validators,
            mapper: &self.mapper,
            resolved,
            limits: self.options.limits,
            show: self.options.show,
            interrupted: self.ctx.interrupted,
        };
        thread::scope(|scope| pull(pipeline.start(scope, files, self.ctx)))
    }
}
