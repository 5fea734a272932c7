//! Putting a plan into effect, or only showing it.

use std::path::Path;
use std::time::Duration;

use crate::archive::{
    Archive, ArchiveError, BACKUPS, FileToStore, ManifestHeader, RunToStore, Stored,
};
use crate::database::ledger::RunHeader;
use crate::database::{Access, Backup, Database, NewDatabase, TargetTables, Writer};
use crate::model::{Findings, Level, Rule};
use crate::operations::archive::ArchiveProgress;
use crate::operations::directory::{InvalidPolicy, Reading, SharedDatabase};
use crate::operations::{OperationError, Stage};
use crate::source::SourceFile;

use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::outcome::{ConversionCount, ImportOutcome, ImportStatus, RunOutcome};
use super::sink::{PlanList, queue};
use super::{BackupPolicy, Import};

/// How often an archive that another run is storing into is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// How the part inside the transaction ended.
enum Ended {
    /// To be committed, once the originals are kept.
    Written(Box<ImportOutcome>, Box<Stored>),
    /// To be rolled back.
    Refused(Box<ImportOutcome>),
}

/// Rolls the transaction back without being a failure.
enum Rollback {
    Refused(Box<ImportOutcome>),
    Failed(OperationError),
}

impl<E: Into<OperationError>> From<E> for Rollback {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'l> Import<'l> {
    /// Builds the database aside and puts it in place, whole.
    pub(super) fn build(&self, aside: NewDatabase) -> Result<ImportOutcome, OperationError> {
        let mut database = Database::open(aside.path(), Access::Build, self.options.wait)?;
        let (outcome, stored) = match self.transaction(&mut database, None)? {
            Ended::Refused(outcome) => return Ok(*outcome),
            Ended::Written(outcome, stored) => (outcome, stored),
        };
        database.publish()?;
        aside.put_in_place()?;
        stored.keep();
        Ok(*outcome)
    }

    /// Changes an existing database, after copying it.
    pub(super) fn change(&self) -> Result<ImportOutcome, OperationError> {
        let mut database = Database::open(
            self.options.database.path(),
            Access::Write,
            self.options.wait,
        )?;
        let backups = self.options.archive.join(BACKUPS);
        match self.transaction(&mut database, Some(&backups))? {
            Ended::Refused(outcome) => Ok(*outcome),
            Ended::Written(outcome, stored) => {
                stored.keep();
                Ok(*outcome)
            }
        }
    }

    fn transaction(
        &self,
        database: &mut Database,
        backups: Option<&Path>,
    ) -> Result<Ended, OperationError> {
        let mut backup = None;
        let done = database.transaction(|database| {
            let agenda = self.agenda(Some(database))?;
            if agenda.nothing_to_do() && backups.is_some() {
                return Err(Rollback::Refused(Box::new(self.nothing_to_do(&agenda))));
            }
            if let (Some(directory), BackupPolicy::Always) = (backups, self.options.backup) {
                self.directory.around.progress.begin(Stage::Backup, None);
                backup = Some(Backup::make(
                    self.options.database.path(),
                    directory,
                    &self.run.id.to_string(),
                )?);
            }
            self.write(database, agenda, backup.as_ref().map(Backup::path))
        });
        match done {
            Ok((outcome, stored)) => {
                if let Some(backup) = backup {
                    backup.keep();
                }
                Ok(Ended::Written(outcome, stored))
            }
            Err(Rollback::Refused(outcome)) => Ok(Ended::Refused(outcome)),
            Err(Rollback::Failed(error)) => Err(error),
        }
    }

    /// Everything between BEGIN and COMMIT.
    fn write(
        &self,
        database: &mut Database,
        agenda: ImportAgenda,
        backup: Option<&Path>,
    ) -> Result<(Box<ImportOutcome>, Box<Stored>), Rollback> {
        let target = database.inspect_tables(self.directory.layout)?;
        let header = RunHeader {
            kind: "import",
            layout: self.directory.layout.name.clone(),
            layout_digest: self.directory.layout.digest,
            source: self.directory.source.clone(),
            archive: self.options.archive.display().to_string(),
        };
        database.migrate()?;
        let mut writer =
            Writer::begin(database, self.directory.layout, &target, &header, self.run)?;
        let mut gathered = self.start(Some(database), &target, &agenda)?;
        self.write_rows(database, &agenda, &mut gathered, &mut writer)?;
        if gathered.refuses() {
            return Err(Rollback::Refused(Box::new(self.outcome(
                agenda,
                gathered,
                ImportStatus::Invalid,
            ))));
        }
        let run = RunOutcome {
            id: self.run.id.to_string(),
            archive: self.options.archive.display().to_string(),
            backup: backup.map(|path| path.display().to_string()),
        };
        let to_archive = self.files_to_archive(&agenda);
        let planned: Vec<_> = gathered
            .reading
            .planner
            .counts()
            .clone()
            .into_iter()
            .zip(gathered.reading.planner.written().iter().copied())
            .collect();
        let mut outcome = self.outcome(agenda, gathered, ImportStatus::Imported);
        outcome.run = Some(run);
        // Nothing is committed before the originals are safe; indexes are built meanwhile.
        let stored = std::thread::scope(|scope| {
            let progress = self.directory.around.progress;
            let archive = scope.spawn(|| {
                let stored = self.archive(&to_archive);
                // What is left to be waited for.
                progress.begin(Stage::Check, None);
                stored
            });
            let counts = outcome.counts().to_string();
            let mismatches = writer.finish(database, &planned, || {
                ((self.directory.around.clock)(), counts)
            });
            let stored = archive.join().expect("the archive thread does not panic");
            match mismatches? {
                mismatches if mismatches.is_empty() => Ok(stored?),
                mismatches => Err(OperationError::NotAsPlanned(mismatches)),
            }
        })?;
        self.directory.around.check_interrupt()?;
        Ok((Box::new(outcome), Box::new(stored)))
    }

    /// Reads and plans on this thread while another one writes what is planned.
    fn write_rows(
        &self,
        database: &mut Database,
        agenda: &ImportAgenda,
        gathered: &mut Gathered<'l>,
        writer: &mut Writer<'l>,
    ) -> Result<(), OperationError> {
        let database = &SharedDatabase::new(database);
        std::thread::scope(|scope| {
            let (mut queue, commands) = queue();
            let writing = scope.spawn(move || commands.execute(writer, database));
            let planned = self
                .gather(Some(database), agenda, gathered, &mut queue)
                .and_then(|()| self.gone(database, agenda, gathered, &mut queue));
            drop(queue);
            let written = writing.join().expect("the writing thread does not panic");
            match planned {
                Err(OperationError::WriterStopped) => written,
                planned => planned.and(written),
            }
        })
    }

    /// Plans without writing.
    pub(super) fn dry_run(
        &self,
        mut database: Option<&mut Database>,
        agenda: ImportAgenda,
    ) -> Result<ImportOutcome, OperationError> {
        let target = match database.as_deref_mut() {
            Some(database) => database.inspect_tables(self.directory.layout)?,
            None => TargetTables::absent(self.directory.layout),
        };
        let mut list = PlanList::new(self.directory.layout);
        let mut gathered = self.start(database.as_deref_mut(), &target, &agenda)?;
        let database = database.map(SharedDatabase::new);
        self.gather(database.as_ref(), &agenda, &mut gathered, &mut list)?;
        if let Some(database) = database.as_ref().filter(|_| gathered.reading.knows_rows) {
            self.gone(database, &agenda, &mut gathered, &mut list)?;
        }
        let status = if gathered.refuses() {
            ImportStatus::Invalid
        } else {
            ImportStatus::Planned
        };
        let mut outcome = self.outcome(agenda, gathered, status);
        outcome.changes = list.changes;
        outcome.changes_not_kept = list.not_kept;
        Ok(outcome)
    }

    fn start(
        &self,
        database: Option<&mut Database>,
        target: &TargetTables,
        agenda: &ImportAgenda,
    ) -> Result<Gathered<'l>, OperationError> {
        let policies = (self.options.conflict, self.options.invalid);
        let mut reading = Reading::new(&self.directory, target, policies, self.run.started_at);
        if let Some(database) = database {
            reading.knows_rows = database.knows_rows_of(&self.directory.source)?;
            let unread = agenda.files.unchanged.iter();
            reading.unread = unread
                .map(|&id| self.directory.path(id).to_owned())
                .collect();
        }
        Ok(Gathered::new(reading))
    }

    /// The files that were read, and those that an earlier run archived.
    fn files_to_archive(&self, agenda: &ImportAgenda) -> [Vec<FileToStore>; 2] {
        [&agenda.files.read, &agenda.files.unchanged].map(|ids| {
            let files = ids
                .iter()
                .map(|id| &self.directory.survey.files[id.0 as usize]);
            let to_store = |file: &SourceFile| FileToStore {
                path: file.path.clone(),
                bytes: file.bytes,
                modified: file.modified,
                sha256: file.sha256,
            };
            files.map(to_store).collect()
        })
    }

    /// Stores the originals, once no other run is storing into the same archive.
    fn archive(&self, files: &[Vec<FileToStore>; 2]) -> Result<Stored, OperationError> {
        let mut pauses = self.options.wait.as_millis() / PAUSE.as_millis();
        loop {
            match self.store(files) {
                Err(ArchiveError::Busy(_)) if pauses > 0 => {
                    self.directory.around.check_interrupt()?;
                    std::thread::sleep(PAUSE);
                    pauses -= 1;
                }
                stored => return Ok(stored?),
            }
        }
    }

    /// The manifest names all files of the directory, also those that did not change.
    fn store(&self, [read, unchanged]: &[Vec<FileToStore>; 2]) -> Result<Stored, ArchiveError> {
        let header = ManifestHeader {
            run: self.run.id,
            layout: self.directory.layout.name.clone(),
            root: self.directory.survey.root.display().to_string(),
            created_at: self.run.started_at,
        };
        let archive = Archive::open_or_create(&self.options.archive)?;
        let run = RunToStore {
            header: &header,
            root: &self.directory.survey.root,
            files: read,
            unchanged,
        };
        archive.store(
            &run,
            &ArchiveProgress {
                progress: self.directory.around.progress,
                stage: Stage::Archive,
            },
            self.directory.around.interrupted,
        )
    }

    pub(super) fn nothing_to_do(&self, agenda: &ImportAgenda) -> ImportOutcome {
        let mut findings = Findings::default();
        findings.extend(self.directory.survey.findings.clone().sorted());
        findings.extend(agenda.findings.iter().cloned());
        let status = if findings.has_errors() {
            ImportStatus::Invalid
        } else {
            ImportStatus::NothingToDo
        };
        let mut outcome = self.empty_outcome(agenda, status);
        outcome.findings_not_kept = findings.not_kept();
        outcome.findings = findings.sorted();
        outcome
    }

    fn outcome(
        &self,
        agenda: ImportAgenda,
        mut gathered: Gathered<'l>,
        status: ImportStatus,
    ) -> ImportOutcome {
        let level = |rule: Rule| match (rule, self.options.invalid) {
            (Rule::Conflict, _) | (_, InvalidPolicy::Skip) => Level::Warning,
            (_, InvalidPolicy::Refuse) => Level::Error,
        };
        let placed = self.directory.placed(&gathered.reading.problems, level);
        gathered.reading.findings.extend(placed);
        gathered
            .reading
            .findings
            .extend(agenda.findings.iter().cloned());
        let status = match status {
            ImportStatus::Invalid
                if !gathered.reading.findings.has_errors() && gathered.conflicts > 0 =>
            {
                ImportStatus::Conflict
            }
            status => status,
        };
        let mut outcome = self.empty_outcome(&agenda, status);
        outcome.tables = self
            .directory
            .layout
            .tables
            .iter()
            .zip(gathered.reading.planner.counts().iter())
            .map(|(table, counts)| (table.table.name.clone(), *counts))
            .collect();
        outcome.conversions = gathered
            .conversions
            .iter()
            .map(|(&(table, column, rule), &count)| ConversionCount {
                table: self.directory.layout.tables[table].table.name.clone(),
                column: self.directory.layout.tables[table].table.columns[column]
                    .name
                    .clone(),
                rule: rule.name(),
                count,
            })
            .collect();
        outcome.files = gathered.reading.files;
        outcome.rejected = gathered.reading.rejected;
        outcome.findings_not_kept = gathered.reading.findings.not_kept();
        outcome.findings = gathered.reading.findings.sorted();
        outcome
    }

    fn empty_outcome(&self, agenda: &ImportAgenda, status: ImportStatus) -> ImportOutcome {
        ImportOutcome {
            status,
            layout: self.directory.layout.name.clone(),
            source: self.directory.source.clone(),
            database: self.options.database.to_string(),
            run: None,
            files_found: self.directory.survey.files.len() as u64,
            files_unchanged: agenda.files.unchanged.len() as u64,
            files_vanished: agenda
                .files
                .vanished
                .iter()
                .map(|file| file.path.clone())
                .collect(),
            files: Vec::new(),
            tables: Vec::new(),
            conversions: Vec::new(),
            rejected: 0,
            still_rejected: agenda.files.still_rejected,
            // What is pruned now was decided anew, and is counted with its table.
            kept_gone: if agenda.prune_earlier {
                0
            } else {
                agenda.kept_gone
            },
            changes: Vec::new(),
            changes_not_kept: 0,
            findings: Vec::new(),
            findings_not_kept: 0,
        }
    }
}
