//! The ledger's schema: what the database has of it, bringing it up to date, and taking it away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::database::ledger::LedgerSize;
use crate::database::{Access, Backup, Database, DatabaseUrl, MigrationState, MigrationStatus};
use crate::model::Timestamp;

use super::OperationError;

/// A migration that was reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    /// Its name.
    pub migration: String,
    /// The copy of the database as it was before.
    pub backup: PathBuf,
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
    let mut database = Database::open(url.path(), Access::Read, wait)?;
    Ok(database.migration_states()?)
}

/// Runs the pending migrations in one transaction and gives their names.
///
/// # Errors
/// When the database cannot be written, a migration fails, or the ledger is newer than this program.
pub fn migrate_up(url: &DatabaseUrl, wait: Duration) -> Result<Vec<String>, OperationError> {
    let mut database = Database::open(url.path(), Access::Write, wait)?;
    Ok(database.transaction(Database::migrate)?)
}

/// What [`migrate_down`] would take away; `None` if no migration is applied.
///
/// # Errors
/// When the database cannot be read.
pub fn ledger_at_stake(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Option<LedgerSize>, OperationError> {
    let mut database = Database::open(url.path(), Access::Read, wait)?;
    match database.has_ledger()? {
        true => Ok(Some(database.ledger_size()?)),
        false => Ok(None),
    }
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
    let mut database = Database::open(url.path(), Access::Write, wait)?;
    let mut backup = None;
    let reverted = database.transaction(|database| -> Result<_, OperationError> {
        let states = database.migration_states()?;
        if states
            .iter()
            .all(|one| one.status == MigrationStatus::Pending)
        {
            return Ok(None);
        }
        // Within the transaction, so that nobody else writes between the copy and the change.
        let name = format!("migrate-down-{}", now.to_string().replace(':', "-"));
        let made = backup.insert(Backup::make(url.path(), &archive.join(BACKUPS), &name)?);
        let copy = made.path().to_owned();
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
