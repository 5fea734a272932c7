//! The ledger's schema: its state, applying migrations, and reverting them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::database::ledger::Holding;
use crate::database::{
    Access, Backup, Database, DatabaseUrl, MigrationState, MigrationStatus, WriteTransaction,
};
use crate::model::{FindingList, RunContext, Timestamp};

use super::OperationError;
use super::audited_tables::{lost_guards_finding, make_ready};
use super::proof::SealPlace;

/// A migration that was reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertedMigration {
    /// Its name.
    pub migration: String,
    /// The copy of the database made before; `None` on servers, which have their own backup tools.
    pub backup: Option<PathBuf>,
    /// Audit triggers that were dropped together with the audit log they wrote to.
    pub triggers: Vec<String>,
}

/// The ledger's migrations, oldest first.
///
/// # Errors
/// When the database cannot be read, its ledger is newer than this version, or another program removed a part of it.
pub fn migration_status(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Vec<MigrationState>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let states = database.migration_states()?;
        database.has_ledger()?;
        Ok(states)
    })
}

/// Applies the pending migrations in one transaction; returns their names and findings.
///
/// # Errors
/// When the database cannot be written, a migration fails, or the ledger is newer than this version.
pub fn migrate_up(
    url: &DatabaseUrl,
    wait: Duration,
    place: &SealPlace,
    run: &RunContext,
) -> Result<(Vec<String>, FindingList), OperationError> {
    let mut database = Database::open(url, Access::Write, wait)?;
    let lost = database.snapshot(lost_guards_finding)?;
    let applied = database.change_schema(WriteTransaction::migrate)?;
    let completed = make_ready(&mut database, place, run, run.started_at)?;
    Ok((applied, lost.into_iter().chain(completed).collect()))
}

/// The migration that [`migrate_down`] would revert, and the data that would be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationLoss {
    /// Its name.
    pub migration: String,
    /// The contents of its tables.
    pub holding: Holding,
}

/// The data that [`migrate_down`] would delete; `None` if no migration is applied.
///
/// # Errors
/// When the database cannot be read, or its ledger is newer than this version.
pub fn migration_loss(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Option<MigrationLoss>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let states = database.migration_states()?.into_iter();
        let mut applied = states.filter(|state| state.status == MigrationStatus::Applied);
        let Some(MigrationState { name, .. }) = applied.next_back() else {
            return Ok(None);
        };
        Ok(Some(MigrationLoss {
            holding: database.ledger().holding(&name)?,
            migration: name,
        }))
    })
}

/// Reverts the last applied migration, after copying the database into `archive`; returns `None` if there is none.
///
/// If the audit log is dropped, the audit triggers of the application's tables are dropped as well. Otherwise every
/// write of the application would fail.
///
/// # Errors
/// When the database cannot be copied or written, or the ledger is newer than this version.
pub fn migrate_down(
    url: &DatabaseUrl,
    wait: Duration,
    archive: &Path,
    now: Timestamp,
) -> Result<Option<RevertedMigration>, OperationError> {
    let mut database = Database::open(url, Access::Write, wait)?;
    let mut backup = None;
    let reverted = database.change_schema(|database| -> Result<_, OperationError> {
        let states = database.migration_states()?;
        if states
            .iter()
            .all(|one| one.status == MigrationStatus::Pending)
        {
            return Ok(None);
        }
        // The copy is made within the transaction, so that no one else writes between copy and change.
        let name = format!("migrate-down-{}", now.to_string().replace(':', "-"));
        let mut copy = None;
        if let Some(file) = url.file() {
            let made = backup.insert(Backup::make(file, &archive.join(BACKUPS), &name)?);
            copy = Some(made.path().to_owned());
        }
        let Some(migration) = database.migrate_down()? else {
            return Ok(None);
        };
        Ok(Some(RevertedMigration {
            migration,
            backup: copy,
            triggers: database.audited_tables().drop_orphaned_triggers()?,
        }))
    })?;
    if let (Some(backup), Some(_)) = (backup, &reverted) {
        backup.keep();
    }
    Ok(reverted)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Home, WAIT, now, run};
    use super::*;

    /// Reverts the last migration; `number` distinguishes the copies of the database.
    fn down(home: &Home, number: i64) -> Option<RevertedMigration> {
        let now = Timestamp::from_micros(now().micros() + number).expect("valid");
        migrate_down(&home.url(), WAIT, &home.archive(), now).expect("reverted")
    }

    fn up(home: &Home) -> (Vec<String>, FindingList) {
        let place = SealPlace {
            named: None,
            usual: home.archive(),
        };
        migrate_up(&home.url(), WAIT, &place, &run(9)).expect("migrated")
    }

    /// Reverts all migrations after the ledger's first.
    fn down_to_the_ledger(home: &Home) {
        let names = [
            "accession-0005_staged_rows",
            "accession-0004_replaced_rows",
            "accession-0003_reverts",
            "accession-0002_seals",
        ];
        for (number, name) in (1..).zip(names) {
            let reverted = down(home, number).expect("it was applied");
            assert_eq!(reverted.migration, name);
            assert!(reverted.triggers.is_empty());
        }
    }

    fn status(home: &Home) -> MigrationStatus {
        migration_status(&home.url(), WAIT).expect("read")[0].status
    }

    #[test]
    fn application_works_without_the_audit_log_and_an_import_recreates_it() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        down_to_the_ledger(&home);
        let reverted = down(&home, 0).expect("there was a ledger");
        assert_eq!(reverted.migration, "accession-0001_ledger");
        assert_eq!(reverted.triggers.len(), 26);
        assert_eq!(status(&home), MigrationStatus::Pending);
        home.execute("UPDATE profiles SET school = 's' WHERE id = 'a'")
            .expect("no trigger is in the way");

        let copy = home
            .database(&reverted.backup.expect("a copy"))
            .snapshot(|database| database.ledger().runs())
            .expect("a ledger");
        assert_eq!(copy.len(), 1);

        let (applied, _) = up(&home);
        assert_eq!(applied.len(), 5);
        assert_eq!(applied[0], reverted.migration);
        home.execute("UPDATE profiles SET school = NULL WHERE id = 'a'")
            .expect("still free");
        home.import(2, WAIT).expect("imported");
        assert_eq!(home.number("SELECT count(*) FROM mastered_words"), 2);
        home.execute("UPDATE profiles SET school = 't' WHERE id = 'a'")
            .expect("changed");
        let recorded = "SELECT count(*) FROM audit_log WHERE changed_by = 'external'";
        assert_eq!(home.number(recorded), 1);
    }

    #[test]
    fn current_or_missing_ledger_is_not_changed() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        let (applied, findings) = up(&home);
        assert!(applied.is_empty() && findings.iter().next().is_none());
        let ledger = Holding::Ledger {
            runs: 1,
            audit_entries: 5,
        };
        let holdings = [
            Holding::Nothing,
            Holding::Nothing,
            Holding::Origins(0),
            Holding::Seals(1),
            ledger,
        ];
        for (number, holding) in (0..).zip(holdings) {
            let stake = migration_loss(&home.url(), WAIT)
                .expect("read")
                .expect("a stake");
            assert_eq!(stake.holding, holding);
            let reverted = down(&home, number).expect("it was applied");
            assert_eq!(reverted.migration, stake.migration);
        }
        assert_eq!(down(&home, 9), None);
        assert_eq!(migration_loss(&home.url(), WAIT).expect("read"), None);
    }

    #[test]
    fn failed_migration_changes_neither_ledger_nor_archive() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        down_to_the_ledger(&home);
        std::fs::remove_dir_all(home.archive().join(BACKUPS)).expect("removed");
        // Reverting drops the table, which the key of this one forbids.
        home.execute("CREATE TABLE mine (run TEXT REFERENCES import_runs (id)); INSERT INTO mine SELECT id FROM import_runs;")
            .expect("created");
        let failed = migrate_down(&home.url(), WAIT, &home.archive(), now());
        assert!(failed.is_err());
        assert_eq!(status(&home), MigrationStatus::Applied);
        assert!(!home.has_backups());
    }
}
