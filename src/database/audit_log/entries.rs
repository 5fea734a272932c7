//! The entries of the audit log, read in pages by id: there may be millions, and some may be large.

use std::ops::ControlFlow;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::audit::with_hexadecimal_blobs;
use crate::database::DatabaseError;
use crate::database::ledger::tables::audit_log;
use crate::database::pages::{PageRow, Pages};
use crate::database::stored_text::{OptionalText, StoredText};
use crate::model::{EntryId, RecordId, RunId};

use super::AuditLog;
use super::filter::EntryFilter;

/// Number of entries read at a time, unless they are large.
const PAGE: i64 = 2_000;
/// Number of ids in one query.
const IDS: i64 = 500;

/// An entry of the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct AuditEntry {
    /// Id of the entry; later entries have higher ids.
    pub id: EntryId,
    /// The table.
    #[diesel(deserialize_as = StoredText)]
    pub table_name: String,
    /// Primary key of the row as text, before the change.
    #[diesel(deserialize_as = StoredText)]
    pub record_id: RecordId,
    /// `INSERT`, `UPDATE` or `DELETE`.
    #[diesel(deserialize_as = StoredText)]
    pub action: String,
    /// JSON object: the row before (DELETE), the key and the changed columns before (UPDATE).
    #[diesel(deserialize_as = OptionalText)]
    pub old_value: Option<String>,
    /// JSON object: the row after (INSERT), the key and the changed columns after (UPDATE).
    #[diesel(deserialize_as = OptionalText)]
    pub new_value: Option<String>,
    /// RFC 3339; for entries of a run, the start of the run.
    #[diesel(deserialize_as = StoredText)]
    pub changed_at: String,
    /// The run's actor, or `external`.
    #[diesel(deserialize_as = StoredText)]
    pub changed_by: String,
    /// The run.
    #[diesel(deserialize_as = OptionalText)]
    pub run_id: Option<RunId>,
    /// The version of the source file that the change came from.
    pub source_file_id: Option<i64>,
    /// The database's user.
    #[diesel(deserialize_as = OptionalText)]
    pub db_user: Option<String>,
}

impl PageRow for AuditEntry {
    fn bytes(&self) -> usize {
        self.old_value.bytes() + self.new_value.bytes() + self.record_id.len()
    }
}

/// The order in which entries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOrder {
    /// By ascending id.
    OldestFirst,
    /// By descending id.
    NewestFirst,
}

impl AuditLog<'_> {
    /// Visits the entries that match `filter`, in `order`, until `visit` breaks.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn each_entry(
        &mut self,
        filter: &EntryFilter,
        order: EntryOrder,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        self.database.ledger().require_ledger()?;
        let (mut last, mut pages) = (None, Pages::of(PAGE));
        loop {
            // A single lower bound: of two, SQLite starts at the first that it meets, and would skim all earlier pages.
            let mut rest = filter.clone();
            if order == EntryOrder::OldestFirst {
                rest.after = last.or(filter.after);
            }
            let mut query = audit_log::table
                .filter(rest.condition(self.database.connection.has_any_bytes()))
                .limit(pages.limit())
                .select(AuditEntry::as_select())
                .into_boxed();
            query = match (order, last) {
                (EntryOrder::OldestFirst, _) => query.order(audit_log::id.asc()),
                (EntryOrder::NewestFirst, None) => query.order(audit_log::id.desc()),
                (EntryOrder::NewestFirst, Some(last)) => query
                    .order(audit_log::id.desc())
                    .filter(audit_log::id.lt(last)),
            };
            let rows =
                query.load_iter::<AuditEntry, DefaultLoadingMode>(&mut self.database.connection)?;
            let page = pages.take(rows)?;
            for entry in page.rows {
                last = Some(entry.id);
                if visit(self.as_written_now(entry)).is_break() {
                    return Ok(());
                }
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Visits the entries of a table row by row: by record id, and for one row by ascending id.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn each_entry_by_row(
        &mut self,
        table: &str,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        self.database.ledger().require_ledger()?;
        let before = diesel::alias!(audit_log as before);
        let (mut last, mut pages) = (None::<EntryId>, Pages::of(PAGE));
        loop {
            let mut query = audit_log::table
                .filter(audit_log::table_name.eq(table))
                .order((audit_log::record_id, audit_log::id))
                .limit(pages.limit())
                .select(AuditEntry::as_select())
                .into_boxed();
            if let Some(id) = last {
                // The database reads the record id, which may not be UTF-8. Stated twice: the first condition uses the
                // index, the second only filters.
                let record = || {
                    let last = before.filter(before.field(audit_log::id).eq(id));
                    last.select(before.field(audit_log::record_id))
                        .single_value()
                };
                let record_id = || audit_log::record_id.nullable();
                let later = record_id().gt(record()).or(audit_log::id.gt(id).nullable());
                query = query.filter(record_id().ge(record())).filter(later);
            }
            let rows =
                query.load_iter::<AuditEntry, DefaultLoadingMode>(&mut self.database.connection)?;
            let page = pages.take(rows)?;
            for entry in page.rows {
                last = Some(entry.id);
                if visit(self.as_written_now(entry)).is_break() {
                    return Ok(());
                }
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Visits the entries with these ids, which ascend, until `visit` breaks.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn each_entry_of_ids(
        &mut self,
        mut ids: &[EntryId],
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        let mut pages = Pages::of(IDS);
        while !ids.is_empty() {
            let (some, others) = ids.split_at(ids.len().min(as_length(pages.limit())));
            let rows = audit_log::table
                .filter(audit_log::id.eq_any(some.iter().map(|id| id.get())))
                .order(audit_log::id)
                .select(AuditEntry::as_select())
                .load_iter::<AuditEntry, DefaultLoadingMode>(&mut self.database.connection)?;
            let page = pages.take(rows)?;
            let last = page.rows.last().map(|entry| entry.id);
            for entry in page.rows {
                if visit(self.as_written_now(entry)).is_break() {
                    return Ok(());
                }
            }
            ids = match last {
                Some(last) => &ids[ids.partition_point(|id| *id <= last)..],
                None => others,
            };
        }
        Ok(())
    }

    /// The highest id of an entry of a run; `None` if the run changed no row.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn last_entry_of_run(&mut self, run: &RunId) -> Result<Option<EntryId>, DatabaseError> {
        self.database.ledger().require_ledger()?;
        Ok(audit_log::table
            .filter(audit_log::run_id.eq(run))
            .select(diesel::dsl::max(audit_log::id))
            .first(&mut self.database.connection)?)
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry(&mut self, id: EntryId) -> Result<Option<AuditEntry>, DatabaseError> {
        self.database.ledger().require_ledger()?;
        let entry: Option<AuditEntry> = audit_log::table
            .find(id)
            .select(AuditEntry::as_select())
            .first(&mut self.database.connection)
            .optional()?;
        Ok(entry.map(|entry| self.as_written_now(entry)))
    }

    /// Older entries identify rows whose key is a BLOB differently, on engines that type values instead of columns.
    fn as_written_now(&self, mut entry: AuditEntry) -> AuditEntry {
        if !self.database.connection.dialect().types_columns() {
            let images = [entry.old_value.as_deref(), entry.new_value.as_deref()];
            entry.record_id = with_hexadecimal_blobs(entry.record_id, images);
        }
        entry
    }
}

fn as_length(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(1)
}
