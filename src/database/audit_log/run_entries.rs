//! Reads the entries of a run that is reverted, and those that were written after it.

use std::ops::ControlFlow;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::with_hexadecimal_blobs;
use crate::database::ledger::tables::audit_log;
use crate::database::pages::{PageRow, Pages};
use crate::database::stored_text::{OptionalText, StoredText};
use crate::database::{DatabaseError, RecordedChange};
use crate::model::{EntryId, RecordId, RunId};

use super::AuditLog;
use super::is_of_rows;

/// Number of later entries read at a time, unless they are large.
const PAGE: i64 = 2000;

/// An entry that was written after the run that is reverted.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct LaterEntry {
    /// Id.
    pub id: EntryId,
    /// Primary key as text.
    #[diesel(deserialize_as = StoredText)]
    pub record_id: RecordId,
    /// `INSERT`, `UPDATE` or `DELETE`.
    #[diesel(deserialize_as = StoredText)]
    pub action: String,
    /// JSON.
    #[diesel(deserialize_as = OptionalText)]
    pub old_value: Option<String>,
    /// JSON.
    #[diesel(deserialize_as = OptionalText)]
    pub new_value: Option<String>,
    /// The actor.
    #[diesel(deserialize_as = StoredText)]
    pub changed_by: String,
    /// When.
    #[diesel(deserialize_as = StoredText)]
    pub changed_at: String,
    /// The run.
    #[diesel(deserialize_as = OptionalText)]
    pub run_id: Option<RunId>,
}

impl PageRow for LaterEntry {
    fn bytes(&self) -> usize {
        self.old_value.bytes() + self.new_value.bytes() + self.record_id.len()
    }
}

impl AuditLog<'_> {
    /// Returns the next page of entries of a run, the last first, with ids below `before` and above `after`; no entry
    /// if there are no more.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn last_steps_of_run(
        &mut self,
        run: &RunId,
        after: EntryId,
        before: EntryId,
        pages: &mut Pages,
    ) -> Result<Vec<RecordedChange>, DatabaseError> {
        let rows = audit_log::table
            .filter(audit_log::id.gt(after))
            .filter(audit_log::id.lt(before))
            .filter(audit_log::run_id.eq(run))
            .order(audit_log::id.desc())
            .limit(pages.limit())
            .select(RecordedChange::as_select())
            .load_iter::<RecordedChange, DefaultLoadingMode>(&mut self.database.connection)?;
        Ok(pages.take(rows)?.rows)
    }

    /// Visits the entries of these rows of a table after the entry `after`, those of each row oldest first, until
    /// `visit` breaks.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn each_later_entry(
        &mut self,
        table: &str,
        record_ids: &[RecordId],
        after: EntryId,
        visit: &mut dyn FnMut(LaterEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        let types_values = !self.database.connection.dialect().types_columns();
        for some in record_ids.chunks(500) {
            let (mut after, mut pages) = (after, Pages::of(PAGE));
            loop {
                let rows = audit_log::table
                    .filter(audit_log::table_name.eq(table))
                    .filter(is_of_rows(some, types_values))
                    .filter(audit_log::id.gt(after))
                    .order(audit_log::id)
                    .limit(pages.limit())
                    .select(LaterEntry::as_select())
                    .load_iter::<LaterEntry, DefaultLoadingMode>(&mut self.database.connection)?;
                let page = pages.take(rows)?;
                for mut entry in page.rows {
                    after = entry.id;
                    if types_values {
                        let images = [entry.old_value.as_deref(), entry.new_value.as_deref()];
                        let record_id = std::mem::take(&mut entry.record_id);
                        entry.record_id = with_hexadecimal_blobs(record_id, images);
                    }
                    if visit(entry).is_break() {
                        return Ok(());
                    }
                }
                if page.is_last {
                    break;
                }
            }
        }
        Ok(())
    }
}
