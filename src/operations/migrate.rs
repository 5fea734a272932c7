//! The ledger's schema: what the database has of it, bringing it up to date, and taking it away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::database::ledger::Holding;
use crate::database::{Access, Backup, Database, DatabaseUrl, MigrationState, MigrationStatus};
use crate::model::Timestamp;

use super::OperationError;

/// A migration that was reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    /// Its name.
    pub migration: String,
    /// The copy of the database as it was before; servers have programs of their own for that.
    pub backup: Option<PathBuf>,
    /// Audit triggers that were dropped with the trail they wrote.
    pub triggers: Vec<String>,
}

/// The ledger's migrations, oldest first.
///
/// # Errors
/// When the database cannot be read, or its ledger is newer than this program.
pub fn migration_status(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Vec<MigrationState>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    Ok(database.migration_states()?)
}

/// Runs the pending migrations in one transaction and gives their names.
///
/// # Errors
/// When the database cannot be written, a migration fails, or the ledger is newer than this program.
pub fn migrate_up(url: &DatabaseUrl, wait: Duration) -> Result<Vec<String>, OperationError> {
    let mut database = Database::open(url, Access::Write, wait)?;
    Ok(database.change_schema(Database::migrate)?)
}

/// The migration that [`migrate_down`] would revert, and what would be lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtStake {
    /// Its name.
    pub migration: String,
    /// What its tables hold.
    pub holding: Holding,
}

/// What [`migrate_down`] would take away; `None` if no migration is applied.
///
/// # Errors
/// When the database cannot be read, or its ledger is newer than this program.
pub fn at_stake(url: &DatabaseUrl, wait: Duration) -> Result<Option<AtStake>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    let states = database.migration_states()?.into_iter();
    let mut applied = states.filter(|state| state.status == MigrationStatus::Applied);
    let Some(MigrationState { name, .. }) = applied.next_back() else {
        return Ok(None);
    };
    Ok(Some(AtStake {
        holding: database.holding(&name)?,
        migration: name,
    }))
}

/// Reverts the latest applied migration, after copying the database into `archive`; `None` if there is none.
///
/// If the trail goes with it, so do the audit triggers of the application's tables, which would otherwise make every
/// write of the application fail.
///
/// # Errors
/// When the database cannot be copied or written, or the ledger is newer than this program.
pub fn migrate_down(
    url: &DatabaseUrl,
    wait: Duration,
    archive: &Path,
    now: Timestamp,
) -> Result<Option<Reverted>, OperationError> {
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
        // Within the transaction, so that nobody else writes between the copy and the change.
        let name = format!("migrate-down-{}", now.to_string().replace(':', "-"));
        let mut copy = None;
        if let Some(file) = url.file() {
            let made = backup.insert(Backup::make(file, &archive.join(BACKUPS), &name)?);
            copy = Some(made.path().to_owned());
        }
        let Some(migration) = database.migrate_down()? else {
            return Ok(None);
        };
        Ok(Some(Reverted {
            migration,
            backup: copy,
            triggers: database.drop_orphaned_triggers()?,
        }))
    })?;
    if let (Some(backup), Some(_)) = (backup, &reverted) {
        backup.keep();
    }
    Ok(reverted)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Home, WAIT, now};
    use super::*;

    /// Reverts the latest migration; `number` tells the copies of the database apart.
    fn down(home: &Home, number: i64) -> Option<Reverted> {
        let now = Timestamp::from_micros(now().micros() + number).expect("valid");
        migrate_down(&home.url(), WAIT, &home.archive(), now).expect("reverted")
    }

    /// Reverts what was added to the ledger since it has a trail.
    fn down_to_the_ledger(home: &Home) {
        for (number, name) in (1..).zip(["accession-0003_reverts", "accession-0002_seals"]) {
            let reverted = down(home, number).expect("it was applied");
            assert_eq!(reverted.migration, name);
            assert!(reverted.triggers.is_empty());
        }
    }

    fn status(home: &Home) -> MigrationStatus {
        migration_status(&home.url(), WAIT).expect("read")[0].status
    }

    #[test]
    fn the_application_goes_on_without_the_trail_and_an_import_makes_it_again() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        down_to_the_ledger(&home);
        let reverted = down(&home, 0).expect("there was a ledger");
        assert_eq!(reverted.migration, "accession-0001_ledger");
        assert_eq!(reverted.triggers.len(), 15);
        assert_eq!(status(&home), MigrationStatus::Pending);
        home.execute("UPDATE profiles SET school = 's' WHERE id = 'a'")
            .expect("no trigger is in the way");

        let copy = home
            .database(&reverted.backup.expect("a copy"))
            .runs()
            .expect("a ledger");
        assert_eq!(copy.len(), 1);

        let applied = migrate_up(&home.url(), WAIT).expect("migrated");
        assert_eq!(applied.len(), 3);
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
    fn what_is_up_to_date_or_not_there_is_left_alone() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        let nothing = migrate_up(&home.url(), WAIT).expect("nothing to do");
        assert!(nothing.is_empty());
        let ledger = Holding::Ledger {
            runs: 1,
            audit_entries: 5,
        };
        for (number, holding) in (0..).zip([Holding::Origins(0), Holding::Seals(1), ledger]) {
            let stake = at_stake(&home.url(), WAIT).expect("read").expect("a stake");
            assert_eq!(stake.holding, holding);
            let reverted = down(&home, number).expect("it was applied");
            assert_eq!(reverted.migration, stake.migration);
        }
        assert_eq!(down(&home, 9), None);
        assert_eq!(at_stake(&home.url(), WAIT).expect("read"), None);
    }

    #[test]
    fn a_migration_that_fails_leaves_ledger_and_archive_as_they_are() {
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
