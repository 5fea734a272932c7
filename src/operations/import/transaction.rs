//! The transaction of an import: a new database is built aside, an existing one is copied first.

use std::path::Path;

use crate::archive::Stored;
use crate::database::{Access, Backup, Database, DatabaseError, DatabaseUrl, NewDatabase};
use crate::operations::proof::log_seal;
use crate::operations::{OperationError, Stage};

use super::agenda::ImportAgenda;
use super::outcome::ImportOutcome;
use super::{BackupPolicy, Import};

/// The outcome of an import's transaction.
pub(super) enum TransactionOutcome {
    /// To be committed, once the originals are stored.
    Written(Box<ImportOutcome>, Box<Stored>),
    /// To be rolled back without an error.
    Aborted(Box<ImportOutcome>),
    /// To be rolled back because of an error.
    Failed(OperationError),
}

impl<E: Into<OperationError>> From<E> for TransactionOutcome {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Import<'_> {
    /// Builds the database in a temporary file and moves it into place when it is complete.
    pub(super) fn build(
        &self,
        aside: NewDatabase,
        agenda: &ImportAgenda,
    ) -> Result<ImportOutcome, OperationError> {
        let mut database = Database::open(
            &DatabaseUrl::File(aside.path().to_owned()),
            Access::Build,
            self.options.wait,
        )?;
        let (outcome, stored) = match self.transaction(&mut database, agenda, None) {
            TransactionOutcome::Written(outcome, stored) => (outcome, stored),
            TransactionOutcome::Aborted(outcome) => return Ok(*outcome),
            TransactionOutcome::Failed(error) => return Err(error),
        };
        {
            let _span = tracing::info_span!("publish").entered();
            database.publish()?;
            aside.put_in_place()?;
        }
        stored.keep();
        Ok(self.logged(*outcome))
    }

    /// Copies the database into `backups`, then writes the run and commits.
    pub(super) fn transaction(
        &self,
        database: &mut Database,
        agenda: &ImportAgenda,
        backups: Option<&Path>,
    ) -> TransactionOutcome {
        let mut backup = None;
        let mut written = None;
        let done = database.transaction(|database| {
            // Another run may have been written since the agenda was made.
            let newer;
            let agenda = match database.ledger().ledger_version()? == agenda.as_of {
                true => agenda,
                false => {
                    newer = self.agenda(Some(database))?;
                    &newer
                }
            };
            if agenda.nothing_to_do() {
                let outcome = Box::new(self.nothing_to_do(agenda));
                return Err(TransactionOutcome::Aborted(outcome));
            }
            if let (Some(directory), Some(path), BackupPolicy::Always) =
                (backups, self.options.database.file(), self.options.backup)
            {
                self.directory.ctx.progress.begin(Stage::Backup, None);
                let _span = tracing::info_span!("backup").entered();
                backup = Some(Backup::make(path, directory, &self.run.id.to_string())?);
            } else if let Some(directory) = backups {
                Backup::remove_leftovers(directory);
            }
            let copy = backup.as_ref().map(Backup::path);
            let copy = copy.map(|path| path.display().to_string());
            let (outcome, stored) = self.write(database, agenda, copy)?;
            written = Some((Box::new(outcome), Box::new(stored)));
            Ok(())
        });
        match (done, written) {
            (Ok(()), written) => {
                if let Some(backup) = backup {
                    backup.keep();
                }
                let (outcome, stored) = written.expect("a committed transaction was written");
                TransactionOutcome::Written(outcome, stored)
            }
            (Err(TransactionOutcome::Failed(error)), Some((outcome, stored))) => {
                self.after_failed_commit(error, outcome, stored)
            }
            (Err(outcome), _) => outcome,
        }
    }

    /// The outcome of a failed commit. If the connection was lost, the server may have committed, and is asked.
    fn after_failed_commit(
        &self,
        error: OperationError,
        outcome: Box<ImportOutcome>,
        stored: Box<Stored>,
    ) -> TransactionOutcome {
        if !matches!(
            error,
            OperationError::Database(DatabaseError::LostAtCommit(_))
        ) {
            return TransactionOutcome::Failed(error);
        }
        let place = &self.options.database;
        let found =
            Database::open(place, Access::Read, self.options.wait).and_then(|mut database| {
                database.snapshot(|database| database.ledger().has_run(self.run.id))
            });
        match found {
            Ok(true) => TransactionOutcome::Written(outcome, stored),
            Ok(false) => TransactionOutcome::Failed(error),
            Err(_) => {
                // The run may have been committed, so its originals must be kept.
                stored.keep();
                TransactionOutcome::Failed(error)
            }
        }
    }

    /// Records the seal next to the originals. The run is committed, so a failure is a warning.
    pub(super) fn logged(&self, mut outcome: ImportOutcome) -> ImportOutcome {
        let run = outcome.run.iter();
        let seals = run.flat_map(|run| run.gaps.iter().chain(&run.baseline).chain([&run.seal]));
        let log = |seal| log_seal(&self.options.database, &self.options.archive, seal);
        let warnings: Vec<_> = seals.filter_map(log).collect();
        outcome.findings.extend(warnings);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Level;
    use crate::operations::directory::Directory;
    use crate::operations::import::ImportStatus;
    use crate::operations::testing::{Home, PROFILES, WAIT, run, with_context};

    use super::*;

    /// Imports a change with an agenda that `alter` was given before.
    fn changed(alter: impl FnOnce(&Home, &mut ImportAgenda)) -> ImportOutcome {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        home.write(PROFILES, r#"[{"id": "a", "name": "New"}]"#);
        let options = home.options(WAIT);
        with_context(|ctx| {
            let import = Import {
                options: &options,
                run: run(3),
                directory: Directory::survey(options.read(), &home.layout, ctx).expect("found"),
                late_rejects: std::sync::Mutex::default(),
            };
            let mut database = home.database(options.database.file().expect("a file"));
            let read = database.snapshot(|database| import.agenda(Some(database)));
            let mut agenda = read.expect("read");
            drop(database);
            alter(&home, &mut agenda);
            import.change(&agenda).expect("no failure")
        })
    }

    #[test]
    fn agenda_is_made_again_if_another_run_was_written_meanwhile() {
        let outcome = changed(|home, agenda| {
            assert!(!agenda.nothing_to_do());
            home.import(2, WAIT).expect("imported");
        });
        assert_eq!(outcome.status, ImportStatus::NothingToDo);
    }

    #[test]
    fn agenda_is_made_once_if_no_other_run_was_written() {
        let outcome = changed(|_, _| {});
        assert_eq!(outcome.status, ImportStatus::Imported);
        let outcome = changed(|_, agenda| agenda.files.read.clear());
        assert_eq!(outcome.status, ImportStatus::NothingToDo);
        let mut findings = outcome.findings.iter();
        assert!(findings.all(|finding| finding.level != Level::Error));
    }
}
