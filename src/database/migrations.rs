//! The ledger's schema, versioned with Diesel migrations.
//!
//! Diesel keeps applied versions in `__diesel_schema_migrations`, which an application may use for its own
//! migrations too. Ours are recognized by their version, which begins with `accession`.

use diesel::migration::{
    Migration, MigrationConnection as _, MigrationSource as _, MigrationVersion,
};
use diesel::prelude::*;
use diesel_migrations::MigrationHarness as _;
use serde::Serialize;

use super::engine::MultiBackend;
use super::{AnyConnection, DatabaseError};

const PREFIX: &str = "accession";

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> VarChar,
        run_on -> Timestamp,
    }
}

/// One migration of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MigrationState {
    /// Its name, `accession-0001_ledger`.
    pub name: String,
    /// Whether it was applied.
    pub status: MigrationStatus,
}

/// Whether a migration was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MigrationStatus {
    /// The database has it.
    Applied,
    /// It is pending.
    Pending,
}

impl AnyConnection {
    /// All migrations of the ledger that this version of accession knows, oldest first. Writes nothing.
    ///
    /// # Errors
    /// When the database has ledger migrations that this version of accession does not know.
    pub fn migration_states(&mut self) -> Result<Vec<MigrationState>, DatabaseError> {
        let applied = self.applied_versions()?;
        let known = self.embedded()?;
        let is_known = |version: &String| {
            known
                .iter()
                .any(|one| one.name().version().to_string() == *version)
        };
        if let Some(newer) = applied.iter().find(|version| !is_known(version)) {
            return Err(DatabaseError::NewerLedger(newer.clone()));
        }
        let state = |migration: &dyn Migration<MultiBackend>| MigrationState {
            name: migration.name().to_string(),
            status: if applied.contains(&migration.name().version().to_string()) {
                MigrationStatus::Applied
            } else {
                MigrationStatus::Pending
            },
        };
        Ok(known.iter().map(|one| state(one.as_ref())).collect())
    }

    /// Runs all pending migrations; inside a transaction they are part of it.
    ///
    /// # Errors
    /// When one fails, or the ledger is newer than this version of accession.
    pub fn migrate_up(&mut self) -> Result<Vec<String>, DatabaseError> {
        let states = self.migration_states()?;
        let is_pending = |state: &&MigrationState| state.status == MigrationStatus::Pending;
        let pending = states.iter().filter(is_pending);
        let pending: Vec<String> = pending.map(|state| state.name.clone()).collect();
        if !pending.is_empty() {
            self.ensure_names_are_free(&states)?;
            self.setup()?;
        }
        for migration in self
            .embedded()?
            .iter()
            .filter(|one| pending.contains(&one.name().to_string()))
        {
            self.run_migration(migration)
                .map_err(failed(migration.as_ref()))?;
        }
        Ok(pending)
    }

    /// Reverts the latest applied migration and returns its name; `None` if there is none.
    ///
    /// # Errors
    /// When it fails, or the ledger is newer than this version of accession.
    pub fn migrate_down(&mut self) -> Result<Option<String>, DatabaseError> {
        let applied = self
            .migration_states()?
            .into_iter()
            .rfind(|one| one.status == MigrationStatus::Applied);
        let Some(latest) = applied else {
            return Ok(None);
        };
        for migration in self
            .embedded()?
            .iter()
            .filter(|one| one.name().to_string() == latest.name)
        {
            self.revert_migration(migration)
                .map_err(failed(migration.as_ref()))?;
        }
        Ok(Some(latest.name))
    }

    /// The migrations for this kind of database, oldest first.
    fn embedded(&self) -> Result<Vec<Box<dyn Migration<MultiBackend>>>, DatabaseError> {
        let source = self.engine().migrations();
        let mut migrations = source
            .migrations()
            .map_err(|source| DatabaseError::Migration {
                name: "accession".to_owned(),
                source,
            })?;
        migrations.sort_by(|a, b| version(a).cmp(&version(b)));
        Ok(migrations)
    }

    /// The applied migrations of the ledger.
    pub(super) fn applied_versions(&mut self) -> Result<Vec<String>, DatabaseError> {
        // Query tables that may only be hidden, so that the server's error names the missing right.
        if !self.has_table("__diesel_schema_migrations")? && !self.hides_tables()? {
            return Ok(Vec::new());
        }
        let versions = __diesel_schema_migrations::table
            .select(__diesel_schema_migrations::version)
            .order(__diesel_schema_migrations::version)
            .load::<String>(self)?;
        Ok(versions
            .into_iter()
            .filter(|version| version.starts_with(PREFIX))
            .collect())
    }

    /// Whether there is a ledger, some tables of which may be hidden from the user.
    fn hides_tables(&mut self) -> Result<bool, DatabaseError> {
        let may_hide = self.engine().hides_tables();
        Ok(may_hide && self.has_table("import_runs")? && self.has_table("audit_log")?)
    }
}

fn version(migration: &dyn Migration<MultiBackend>) -> MigrationVersion<'_> {
    migration.name().version()
}

fn failed(
    migration: &dyn Migration<MultiBackend>,
) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> DatabaseError {
    let name = migration.name().to_string();
    move |source| DatabaseError::Migration { name, source }
}
