//! Reads all entries of the audit log, and rows as the triggers write them, to compare the two.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::with_hexadecimal_blobs;
use crate::database::DatabaseError;
use crate::database::ledger::tables::audit_log;
use crate::database::pages::{PageRow, Pages};
use crate::database::stored_text::{OptionalText, StoredText};
use crate::model::{EntryId, RecordId};

use super::AuditLog;

/// The parts of an entry that describe the change of a row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct RecordedChange {
    /// Id.
    pub id: EntryId,
    /// The table.
    #[diesel(deserialize_as = StoredText)]
    pub table_name: String,
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
}

/// Number of entries read at a time, unless they are large.
const PAGE: i64 = 4096;

impl PageRow for RecordedChange {
    fn bytes(&self) -> usize {
        self.old_value.bytes() + self.new_value.bytes() + self.record_id.len()
    }
}

impl AuditLog<'_> {
    /// Visits all entries of the audit log in the order of their ids, page by page.
    ///
    /// # Errors
    /// Those of `visit`, and when the audit log cannot be read.
    pub fn each_recorded_change<E: From<DatabaseError>>(
        &mut self,
        visit: &mut dyn FnMut(RecordedChange) -> Result<(), E>,
    ) -> Result<(), E> {
        let types_values = !self.database.connection.dialect().types_columns();
        let (mut after, mut pages) = (EntryId::MIN, Pages::of(PAGE));
        loop {
            let query = audit_log::table
                .filter(audit_log::id.gt(after))
                .order(audit_log::id)
                .limit(pages.limit())
                .select(RecordedChange::as_select());
            let rows = query
                .load_iter::<RecordedChange, DefaultLoadingMode>(&mut self.database.connection)
                .map_err(DatabaseError::from)?;
            let page = pages.take(rows).map_err(DatabaseError::from)?;
            for mut step in page.rows {
                after = step.id;
                if types_values {
                    let images = [step.old_value.as_deref(), step.new_value.as_deref()];
                    step.record_id = with_hexadecimal_blobs(step.record_id, images);
                }
                visit(step)?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }
}
