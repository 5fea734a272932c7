//! Reading files wave by wave: each wave may refer to rows of the waves before it.

use crate::map::Resolved;
use crate::model::{FileId, Row};
use crate::operations::{OperationError, Stage};
use crate::source::SourceFile;

use super::Directory;
use super::pipeline::{Delivery, Pipeline, files_of_wave};
use super::reading::{EndOfFile, Reading};
use super::resolve::{known_references, parameters};
use super::shared::SharedDatabase;
use super::stand_in::{AnyReference, stand_ins};

/// Takes the rows of the files, file by file, in the order of the waves.
pub(in crate::operations) trait Consumer<'l> {
    /// The state of reading, which it keeps.
    fn reading(&mut self) -> &mut Reading<'l>;
    /// A file begins.
    fn begin_file(&mut self, _file: &SourceFile) -> Result<(), OperationError> {
        Ok(())
    }
    /// No more rows of the file come.
    fn last_rows(&mut self) -> Result<(), OperationError> {
        Ok(())
    }
    /// Some rows of the file, parents before children.
    fn rows(
        &mut self,
        database: Option<&SharedDatabase<'_>>,
        rows: Vec<Row>,
    ) -> Result<(), OperationError>;
    /// The file was read to its end.
    fn end_file(&mut self, _file: &SourceFile, _end: EndOfFile) -> Result<(), OperationError> {
        Ok(())
    }
}

impl<'l> Directory<'l> {
    /// Reads `files` and hands their rows to `consumer`.
    ///
    /// # Errors
    /// Those of the consumer, and when the database cannot be read or somebody interrupts.
    pub(in crate::operations) fn read(
        &self,
        stage: Stage,
        database: Option<&SharedDatabase<'_>>,
        files: &[FileId],
        consumer: &mut dyn Consumer<'l>,
    ) -> Result<(), OperationError> {
        self.begin(stage, files);
        for wave in &self.layout.waves {
            let files = files_of_wave(&self.survey.files, wave, files);
            if files.is_empty() {
                continue;
            }
            let planner = &consumer.reading().planner;
            let references =
                known_references(self.layout, (wave, &self.survey.files), planner, database)?;
            let resolved = Resolved {
                parameters: parameters(
                    self.layout,
                    (self.options.parameters, self.options.show),
                    planner,
                    database,
                )?,
                references: &references,
            };
            self.read_files(&files, &resolved, database, consumer)?;
        }
        consumer.reading().finish(self);
        Ok(())
    }

    /// Reads all files without a database, each by itself: what a record refers to is taken to be there, and so are
    /// parameters that were not given.
    ///
    /// # Errors
    /// Those of the consumer, and when somebody interrupts.
    pub(in crate::operations) fn read_alone(
        &self,
        stage: Stage,
        consumer: &mut dyn Consumer<'l>,
    ) -> Result<(), OperationError> {
        let all: Vec<FileId> = self.survey.files.iter().map(|file| file.id).collect();
        self.begin(stage, &all);
        let resolved = Resolved {
            parameters: stand_ins(self.layout, self.options.parameters),
            references: &AnyReference,
        };
        let files: Vec<&SourceFile> = self.survey.files.iter().collect();
        self.read_files(&files, &resolved, None, consumer)?;
        consumer.reading().finish(self);
        Ok(())
    }

    fn begin(&self, stage: Stage, files: &[FileId]) {
        let bytes = files
            .iter()
            .map(|id| self.survey.files[id.0 as usize].bytes);
        self.around.progress.begin(stage, Some(bytes.sum()));
    }

    fn read_files(
        &self,
        files: &[&SourceFile],
        resolved: &Resolved<'_>,
        database: Option<&SharedDatabase<'_>>,
        consumer: &mut dyn Consumer<'l>,
    ) -> Result<(), OperationError> {
        let pipeline = Pipeline {
            root: &self.survey.root,
            layout: self.layout,
            validators: &self.validators,
            mapper: &self.mapper,
            resolved,
            limits: self.options.limits,
            show: self.options.show,
            interrupted: self.around.interrupted,
        };
        pipeline.run(files, |delivery| {
            self.around.check_interrupt()?;
            match delivery {
                Delivery::Begin(file) => {
                    consumer.reading().begin();
                    consumer.begin_file(file)
                }
                Delivery::Product(file, product) => {
                    self.around.progress.advance(product.bytes);
                    match consumer.reading().product(file, product) {
                        Some(rows) => consumer.rows(database, rows),
                        None => Ok(()),
                    }
                }
                Delivery::End(file, findings) => {
                    consumer.last_rows()?;
                    let end = consumer.reading().end(self, file, findings);
                    consumer.end_file(file, end)
                }
            }
        })?;
        consumer.reading().check_scratch()?;
        self.around.check_interrupt()
    }
}
