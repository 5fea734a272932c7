//! Detects tables of an application that have the name of a table of the ledger.

use std::collections::BTreeSet;

use super::created_tables::created_tables;
use super::guards::migration;
use super::{AnyConnection, DatabaseError, MigrationState, MigrationStatus};

impl AnyConnection {
    /// Rejects migrations that create tables whose names an application uses. A table with all columns of the ledger's
    /// table was left by an interrupted migration, on a database that commits each table.
    ///
    /// # Errors
    /// [`DatabaseError::NamesTaken`].
    pub(super) fn ensure_names_are_free(
        &mut self,
        states: &[MigrationState],
    ) -> Result<(), DatabaseError> {
        let folder = self.engine().name();
        let (mut ours, mut taken) = (BTreeSet::new(), Vec::new());
        for state in states {
            for created in created_tables(migration(folder, &state.name)) {
                // A later migration may create a table of an earlier one again.
                if !ours.insert(created.name) || state.status == MigrationStatus::Applied {
                    continue;
                }
                let stored = self.stored_columns(created.name)?;
                let is_there = |column: &&str| stored.iter().any(|stored| stored.name == **column);
                if !stored.is_empty() && !created.columns.iter().all(is_there) {
                    taken.push(created.name.to_owned());
                }
            }
        }
        match taken.is_empty() {
            true => Ok(()),
            false => Err(DatabaseError::NamesTaken(taken)),
        }
    }
}
