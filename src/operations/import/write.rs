//! Putting a plan into effect, or only showing it.

use std::path::Path;

use crate::archive::{BACKUPS, Stored};
use crate::database::ledger::{Found, NewSeal, RunHeader};
use crate::database::{
    Access, Backup, Database, DatabaseError, DatabaseUrl, Finished, NewDatabase, RunEnd,
    TargetTables, Writer, repeat,
};
use crate::operations::audited_tables::{Baseline, note_what_is_there};
use crate::operations::directory::{Reading, SharedDatabase};
use crate::operations::proof::log_seal;
use crate::operations::{OperationError, Stage};

use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::outcome::{ImportOutcome, ImportStatus, RunOutcome};
use super::sink::queue;
use super::{BackupPolicy, Import};

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
        let mut database = Database::open(
            &DatabaseUrl::Sqlite(aside.path().to_owned()),
            Access::Build,
            self.options.wait,
        )?;
        let (outcome, stored) = match self.transaction(&mut database, None)? {
            Ended::Refused(outcome) => return Ok(*outcome),
            Ended::Written(outcome, stored) => (outcome, stored),
        };
        database.publish()?;
        aside.put_in_place()?;
        stored.keep();
        Ok(self.logged(*outcome))
    }

    /// Changes an existing database, after copying it. What another program disturbed is planned and written anew.
    pub(super) fn change(&self) -> Result<ImportOutcome, OperationError> {
        repeat(
            &self.options.database,
            |error| matches!(error, OperationError::Database(DatabaseError::Disturbed(_))),
            || self.change_once(),
        )
    }

    fn change_once(&self) -> Result<ImportOutcome, OperationError> {
        let mut database =
            Database::open(&self.options.database, Access::Write, self.options.wait)?;
        database.prepare(self.directory.layout)?;
        let backups = self.options.archive.join(BACKUPS);
        match self.transaction(&mut database, Some(&backups))? {
            Ended::Refused(outcome) => Ok(*outcome),
            Ended::Written(outcome, stored) => {
                stored.keep();
                Ok(self.logged(*outcome))
            }
        }
    }

    fn transaction(
        &self,
        database: &mut Database,
        backups: Option<&Path>,
    ) -> Result<Ended, OperationError> {
        let mut backup = None;
        let mut written = None;
        let done = database.transaction(|database| {
            let agenda = self.agenda(Some(database))?;
            if agenda.nothing_to_do() {
                return Err(Rollback::Refused(Box::new(self.nothing_to_do(&agenda))));
            }
            if let (Some(directory), Some(path), BackupPolicy::Always) =
                (backups, self.options.database.file(), self.options.backup)
            {
                self.directory.around.progress.begin(Stage::Backup, None);
                backup = Some(Backup::make(path, directory, &self.run.id.to_string())?);
            }
            let (outcome, stored) =
                self.write(database, agenda, backup.as_ref().map(Backup::path))?;
            written = Some(Ended::Written(outcome, stored));
            Ok(())
        });
        match (done, written) {
            (Ok(()), written) => {
                if let Some(backup) = backup {
                    backup.keep();
                }
                Ok(written.expect("what was committed was written"))
            }
            (Err(Rollback::Failed(error)), Some(written)) => self.settle(error, written),
            (Err(Rollback::Failed(error)), None) => Err(error),
            (Err(Rollback::Refused(outcome)), _) => Ok(Ended::Refused(outcome)),
        }
    }

    /// After a failed commit: if the connection was lost, the server may have committed all the same, and is asked.
    fn settle(&self, error: OperationError, written: Ended) -> Result<Ended, OperationError> {
        if !matches!(
            error,
            OperationError::Database(DatabaseError::LostAtCommit(_))
        ) {
            return Err(error);
        }
        let place = &self.options.database;
        let found = Database::open(place, Access::Read, self.options.wait)
            .and_then(|mut database| database.has_run(self.run.id));
        match found {
            Ok(Found::Yes) => Ok(written),
            Ok(Found::No) => Err(error),
            Err(_) => {
                // The run may be there: its originals must not go.
                if let Ended::Written(_, stored) = written {
                    stored.keep();
                }
                Err(error)
            }
        }
    }

    /// Notes the seal beside the originals. The run is committed: if that fails, it is a warning.
    fn logged(&self, mut outcome: ImportOutcome) -> ImportOutcome {
        let run = outcome.run.iter();
        let seals = run.flat_map(|run| run.baseline.iter().chain([&run.seal]));
        let log = |seal| log_seal(&self.options.database, &self.options.archive, seal);
        let warnings: Vec<_> = seals.filter_map(log).collect();
        outcome.findings.extend(warnings);
        outcome
    }

    /// Everything between BEGIN and COMMIT.
    fn write(
        &self,
        database: &mut Database,
        agenda: ImportAgenda,
        backup: Option<&Path>,
    ) -> Result<(Box<ImportOutcome>, Box<Stored>), Rollback> {
        database.hold_tables(self.directory.layout)?;
        let target = database.inspect_tables(self.directory.layout)?;
        let header = RunHeader {
            kind: "import",
            layout: self.directory.layout.name.clone(),
            layout_digest: self.directory.layout.digest,
            source: self.directory.source.clone(),
            archive: Some(self.options.archive.display().to_string()),
            parent: None,
        };
        database.migrate()?;
        let around = self.directory.around;
        let layout = self.directory.layout;
        let baseline = note_what_is_there(database, (layout, &target), self.run, around)?;
        let mut writer =
            Writer::begin(database, self.directory.layout, &target, &header, self.run)?;
        let mut gathered = self.start(Some(database), &target, &agenda)?;
        let (written, stored) = match database.access() {
            // Nobody else knows the database yet, so nobody minds that its archive is locked for so long; and the second
            // processor has little else to do.
            Access::Build => self.while_archiving(&agenda, || {
                self.write_rows(database, &agenda, &mut gathered, &mut writer)?;
                self.finish(database, &agenda, gathered, writer)
            }),
            Access::Read | Access::Write => {
                let changed = self.write_rows(database, &agenda, &mut gathered, &mut writer)?;
                if !changed && agenda.reads_nothing() && !gathered.refuses() {
                    // Only what earlier runs kept was looked at, and it stays.
                    let outcome = self.outcome(&agenda, gathered, ImportStatus::NothingToDo);
                    return Err(Rollback::Refused(Box::new(outcome)));
                }
                self.while_archiving(&agenda, || self.finish(database, &agenda, gathered, writer))
            }
        }?;
        self.directory.around.check_interrupt()?;
        let (written, seal) = written;
        let run = RunOutcome {
            id: self.run.id.to_string(),
            archive: self.options.archive.display().to_string(),
            backup: backup.map(|path| path.display().to_string()),
            seal,
            baseline: baseline.as_ref().map(|baseline| baseline.seal.clone()),
        };
        let mut outcome = ImportOutcome {
            run: Some(run),
            ..written
        };
        let noted = baseline.iter().flat_map(Baseline::findings);
        outcome.findings.extend(noted);
        Ok((Box::new(outcome), Box::new(stored)))
    }

    /// Everything after the last row: indexes, comparing with the plan, completing and sealing the run.
    fn finish(
        &self,
        database: &mut Database,
        agenda: &ImportAgenda,
        mut gathered: Gathered<'l>,
        writer: Writer<'l>,
    ) -> Result<(ImportOutcome, NewSeal), Rollback> {
        if gathered.refuses() {
            let refused = self.outcome(agenda, gathered, ImportStatus::Invalid);
            return Err(Rollback::Refused(Box::new(refused)));
        }
        let planner = &mut gathered.reading.planner;
        let counts = planner.counts().clone();
        let written = planner.written().iter().copied();
        let planned: Vec<_> = counts.into_iter().zip(written).collect();
        let outcome = self.outcome(agenda, gathered, ImportStatus::Imported);
        self.directory.around.progress.begin(Stage::Check, None);
        let finished = writer.finish(database, &planned, || RunEnd {
            at: (self.directory.around.clock)(),
            counts: outcome.counts().to_string(),
            facts: outcome.facts(&planned),
        })?;
        match finished {
            Finished::Sealed(seal) => Ok((outcome, seal)),
            Finished::NotAsPlanned(mismatches) => {
                Err(OperationError::NotAsPlanned(mismatches).into())
            }
        }
    }

    /// Reads and plans on this thread while another one writes what is planned. Tells whether that was anything.
    fn write_rows(
        &self,
        database: &mut Database,
        agenda: &ImportAgenda,
        gathered: &mut Gathered<'l>,
        writer: &mut Writer<'l>,
    ) -> Result<bool, OperationError> {
        let database = &SharedDatabase::new(database);
        std::thread::scope(|scope| {
            let (mut queue, commands) = queue();
            let writing = scope.spawn(move || commands.execute(writer, database));
            let planned = self
                .gather(Some(database), agenda, gathered, &mut queue)
                .and_then(|()| self.gone(database, agenda, gathered, &mut queue))
                .and_then(|()| queue.flush());
            let changed = queue.changed;
            drop(queue);
            let written = writing.join().expect("the writing thread does not panic");
            match planned {
                Err(OperationError::WriterStopped) => written,
                planned => planned.and(written),
            }?;
            Ok(changed)
        })
    }

    /// What is known before anything is read.
    pub(super) fn start(
        &self,
        database: Option<&mut Database>,
        target: &TargetTables,
        agenda: &ImportAgenda,
    ) -> Result<Gathered<'l>, OperationError> {
        let policies = (self.options.conflict, self.options.invalid);
        let mut reading = Reading::new(&self.directory, target, policies, self.run.started_at);
        if let Some(database) = database {
            reading.knows_rows = database.knows_rows_of(&self.directory.source)?;
            reading.layout_changed = agenda.layout_changed;
            let unread = agenda.files.unchanged.iter();
            reading.unread = unread
                .map(|&id| self.directory.path(id).to_owned())
                .collect();
        }
        Ok(Gathered::new(reading))
    }
}
