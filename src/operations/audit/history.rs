//! Every version of one row.

use std::time::Duration;

use crate::audit::{Action, FieldChange, ReplayError, RowState, Step};
use crate::database::ledger::AuditEntry;
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::Signature;
use super::entry::Signer;
use super::lives::{Replayer, life};
use super::names::row_named;

/// One change of a row.
#[derive(Debug, Clone)]
pub struct Version {
    /// Who made it, when and why.
    pub signature: Signature,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// What the row was called until then.
    pub record_id: String,
    /// What it is called from then on, if its key changed.
    pub moved_to: Option<String>,
    /// The version of the source file that the change came from.
    pub file: Option<i64>,
    /// The columns that changed.
    pub changes: Vec<FieldChange>,
    /// The row afterwards, as far as it is known.
    pub after: RowState,
    /// Why the entry does not follow from those before it.
    pub problem: Option<ReplayError>,
}

/// The life of a row.
#[derive(Debug, Clone)]
pub struct History {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: String,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
}

impl Version {
    /// What the row is called after it.
    fn name_after(&self) -> &str {
        self.moved_to.as_ref().unwrap_or(&self.record_id)
    }
}

impl History {
    /// The versions of the one row that had the name last, without those of rows that had it before: from when it came to
    /// be, under whatever names.
    pub(super) fn into_last_life(self) -> Vec<Version> {
        let named = |version: &&Version| {
            version.record_id == self.record_id || version.name_after() == self.record_id
        };
        let last = self.versions.iter().rev().find(named);
        let mut name = last.map(|last| last.name_after().to_owned());
        let last = last.map_or(0, |last| last.signature.entry);
        let mut life = Vec::new();
        for version in self.versions.into_iter().rev() {
            let is_its =
                version.signature.entry <= last && name.as_deref() == Some(version.name_after());
            if !is_its {
                continue;
            }
            let begins = version.action == Action::Insert.name();
            name = Some(version.record_id.clone());
            life.push(version);
            if begins {
                break;
            }
        }
        life.reverse();
        life
    }
}

/// Every version of the row `record` of `table`, oldest first.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the trail knows no such row.
pub fn history(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
) -> Result<History, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| read(database, table, record))
}

/// The history, from a database that is open.
pub(super) fn read(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<History, OperationError> {
    let record = row_named(database, table, record)?;
    let entries = life(database, table, &record)?;
    if entries.is_empty() {
        return Err(OperationError::UnknownRow {
            table: table.to_owned(),
            record,
        });
    }
    let signer = Signer::new(database)?;
    let mut replayer = Replayer::default();
    let version = |entry: AuditEntry| {
        let applied = replayer.apply(&entry);
        let id = applied.moved_to.as_ref().unwrap_or(&entry.record_id);
        let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
        let step = Step::read(&entry.action, old, new);
        Version {
            signature: signer.sign(&entry),
            after: replayer.rows.get(id).cloned().unwrap_or_default(),
            changes: step.map(FieldChange::of).unwrap_or_default(),
            moved_to: applied.moved_to,
            problem: applied.problem,
            file: entry.source_file_id,
            action: entry.action,
            record_id: entry.record_id,
        }
    };
    Ok(History {
        table: table.to_owned(),
        record_id: record,
        versions: entries.into_iter().map(version).collect(),
    })
}
