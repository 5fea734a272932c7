//! Entries whose attribution is false: their run, actor or time is impossible.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::EXTERNAL;
use crate::database::DatabaseError;
use crate::database::ledger::tables::{audit_log, import_runs};
use crate::database::stored_text::StoredText;
use crate::model::{EntryId, RunId};

use super::AuditLog;

/// An entry that does not refer to a run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OutsideEntry {
    /// Number.
    pub id: EntryId,
    /// RFC 3339.
    #[diesel(deserialize_as = StoredText)]
    pub changed_at: String,
    /// The actor.
    #[diesel(deserialize_as = StoredText)]
    pub changed_by: String,
    /// The source file that it refers to.
    pub source_file_id: Option<i64>,
}

impl OutsideEntry {
    /// Whether it names an actor or a file, which only entries of runs have.
    #[must_use]
    pub fn names_more(&self) -> bool {
        self.changed_by != EXTERNAL || self.source_file_id.is_some()
    }
}

/// An entry with a false reference to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FalseRun {
    /// Number of the entry.
    pub id: EntryId,
    /// The run that it refers to.
    pub run: RunId,
    /// Whether the ledger has this run, but with another actor or time.
    pub is_known: bool,
}

impl AuditLog<'_> {
    /// Whether the context of the database refers to a run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_context(&mut self) -> Result<bool, DatabaseError> {
        let is_stored = self.database.connection.has_table("audit_context")?;
        Ok(is_stored && self.database.connection.engine_mut().has_context()?)
    }

    /// Visits the entries that refer to no run, in the order of their ids.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn each_outside_entry(
        &mut self,
        visit: &mut dyn FnMut(OutsideEntry),
    ) -> Result<(), DatabaseError> {
        let entries = audit_log::table
            .filter(audit_log::run_id.is_null())
            .order(audit_log::id)
            .select((
                audit_log::id,
                audit_log::changed_at,
                audit_log::changed_by,
                audit_log::source_file_id,
            ))
            .load_iter::<OutsideEntry, DefaultLoadingMode>(&mut self.database.connection)?;
        for entry in entries {
            visit(entry?);
        }
        Ok(())
    }

    /// Visits the entries that refer to a run that is not in the ledger, or that differ from its actor or start time,
    /// in the order of their ids.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn each_false_run(&mut self, visit: &mut dyn FnMut(FalseRun)) -> Result<(), DatabaseError> {
        let of_run = audit_log::run_id.eq(import_runs::id.nullable());
        let is_another = audit_log::changed_by
            .ne(import_runs::actor)
            .or(audit_log::changed_at.ne(import_runs::started_at));
        let entries = audit_log::table
            .left_join(import_runs::table.on(of_run))
            .filter(audit_log::run_id.is_not_null())
            .filter(
                import_runs::id
                    .nullable()
                    .is_null()
                    .or(is_another.nullable()),
            )
            .order(audit_log::id)
            .select((
                audit_log::id,
                audit_log::run_id.assume_not_null(),
                import_runs::id.nullable(),
            ))
            .load_iter::<(EntryId, StoredText, Option<String>), DefaultLoadingMode>(
                &mut self.database.connection,
            )?;
        for entry in entries {
            let (id, run, known) = entry?;
            visit(FalseRun {
                id,
                run: run.into(),
                is_known: known.is_some(),
            });
        }
        Ok(())
    }
}
