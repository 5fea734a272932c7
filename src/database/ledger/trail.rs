//! The entries of the trail, read in pages along their ids: there may be millions.

use std::ops::ControlFlow;

use diesel::connection::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use crate::database::{AnyConnection, Database, DatabaseError};
use crate::model::Timestamp;

use super::tables::audit_log;

/// How many entries are read at a time.
const PAGE: i64 = 2_000;

/// An entry of the trail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct AuditEntry {
    /// Number of the entry; later entries have higher ones.
    pub id: i64,
    /// The table.
    pub table_name: String,
    /// Primary key of the row as text, before the change.
    pub record_id: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// JSON object: the row before (DELETE), the key and the changed columns before (UPDATE).
    pub old_value: Option<String>,
    /// JSON object: the row after (INSERT), the key and the changed columns after (UPDATE).
    pub new_value: Option<String>,
    /// RFC 3339; of a run's entries, when the run began.
    pub changed_at: String,
    /// The run's actor, or `external`.
    pub changed_by: String,
    /// The run.
    pub run_id: Option<String>,
    /// The version of the source file that the change came from.
    pub source_file_id: Option<i64>,
    /// The database's user.
    pub db_user: Option<String>,
}

/// What an entry is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryField {
    /// The table.
    Table,
    /// The row's id.
    Record,
    /// The action.
    Action,
    /// The run, by its whole id.
    Run,
    /// Who made the change; `external` stands for all other programs.
    Actor,
}

/// Whether entries with a value are chosen or left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Only these.
    Only,
    /// All but these.
    Not,
}

/// Which entries; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Values of fields. Several [`Choice::Only`] of one field mean any of them.
    pub fields: Vec<(EntryField, Choice, String)>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Entries with higher numbers only.
    pub after: Option<i64>,
}

/// In which order entries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOrder {
    /// By rising number.
    OldestFirst,
    /// By falling number.
    NewestFirst,
}

type Backend = <AnyConnection as Connection>::Backend;

/// A condition on entries, for the WHERE of any query over them.
pub(super) type Condition<'f> =
    Box<dyn BoxableExpression<audit_log::table, Backend, SqlType = Nullable<Bool>> + 'f>;

impl EntryFilter {
    /// Only entries of this table and row.
    #[must_use]
    pub fn of_row(table: &str, record_id: &str) -> Self {
        let only = |field, value: &str| (field, Choice::Only, value.to_owned());
        Self {
            fields: vec![
                only(EntryField::Table, table),
                only(EntryField::Record, record_id),
            ],
            ..Self::default()
        }
    }

    /// The filter as SQL. But for the number and the row, fields are compared as expressions, which no index serves:
    /// what an index on the time or on the table alone finds would have to be sorted by number for every page.
    pub(super) fn condition(&self) -> Condition<'_> {
        let mut all: Condition<'_> =
            Box::new(audit_log::id.gt(self.after.unwrap_or(i64::MIN)).nullable());
        if let Some(since) = self.since {
            let from = audit_log::changed_at.concat("").ge(since.to_string());
            all = Box::new(all.and(from.nullable()));
        }
        if let Some(until) = self.until {
            let before = audit_log::changed_at.concat("").lt(until.to_string());
            all = Box::new(all.and(before.nullable()));
        }
        let rows = self.values(EntryField::Record, Choice::Only);
        for field in EntryField::ALL {
            let only = self.values(field, Choice::Only);
            if field == EntryField::Table && !rows.is_empty() && !only.is_empty() {
                let of_table = audit_log::table_name.eq_any(only).nullable();
                all = Box::new(all.and(of_table));
            } else if !only.is_empty() {
                all = Box::new(all.and(field.is_any_of(only)));
            }
            let not = self.values(field, Choice::Not);
            if !not.is_empty() {
                all = Box::new(all.and(field.is_none_of(not)));
            }
        }
        all
    }

    fn values(&self, field: EntryField, choice: Choice) -> Vec<&str> {
        let chosen = self.fields.iter();
        chosen
            .filter(|(of, how, _)| *of == field && *how == choice)
            .map(|(_, _, value)| value.as_str())
            .collect()
    }
}

impl EntryField {
    const ALL: [Self; 5] = [
        Self::Table,
        Self::Record,
        Self::Action,
        Self::Run,
        Self::Actor,
    ];

    fn is_any_of(self, values: Vec<&str>) -> Condition<'_> {
        match self {
            Self::Table => {
                let name = audit_log::table_name.concat("");
                Box::new(name.eq_any(values).nullable())
            }
            Self::Record => Box::new(audit_log::record_id.eq_any(values).nullable()),
            Self::Action => Box::new(audit_log::action.eq_any(values).nullable()),
            Self::Run => Box::new(audit_log::run_id.eq_any(values)),
            Self::Actor => Box::new(audit_log::changed_by.eq_any(values).nullable()),
        }
    }

    fn is_none_of(self, values: Vec<&str>) -> Condition<'_> {
        match self {
            Self::Table => Box::new(audit_log::table_name.ne_all(values).nullable()),
            Self::Record => Box::new(audit_log::record_id.ne_all(values).nullable()),
            Self::Action => Box::new(audit_log::action.ne_all(values).nullable()),
            // Changes of other programs belong to no run, and so not to these.
            Self::Run => Box::new(
                audit_log::run_id
                    .is_null()
                    .nullable()
                    .or(audit_log::run_id.ne_all(values)),
            ),
            Self::Actor => Box::new(audit_log::changed_by.ne_all(values).nullable()),
        }
    }
}

impl Database {
    /// Visits the entries that `filter` chooses, in `order`, until `visit` breaks.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn each_entry(
        &mut self,
        filter: &EntryFilter,
        order: EntryOrder,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        self.require_ledger()?;
        let mut last = None;
        loop {
            // One bound below: of two, SQLite begins at the first that it meets, and would skim all earlier pages.
            let mut rest = filter.clone();
            if order == EntryOrder::OldestFirst {
                rest.after = last.or(filter.after);
            }
            let mut query = audit_log::table
                .filter(rest.condition())
                .limit(PAGE)
                .select(AuditEntry::as_select())
                .into_boxed();
            query = match (order, last) {
                (EntryOrder::OldestFirst, _) => query.order(audit_log::id.asc()),
                (EntryOrder::NewestFirst, None) => query.order(audit_log::id.desc()),
                (EntryOrder::NewestFirst, Some(last)) => query
                    .order(audit_log::id.desc())
                    .filter(audit_log::id.lt(last)),
            };
            let page: Vec<AuditEntry> = query.load(&mut self.connection)?;
            let is_full = page.len() as i64 == PAGE;
            for entry in page {
                last = Some(entry.id);
                if visit(entry).is_break() {
                    return Ok(());
                }
            }
            if !is_full {
                return Ok(());
            }
        }
    }

    /// Visits the entries of a table row by row: by record id, and those of one row by rising number.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn each_entry_by_row(
        &mut self,
        table: &str,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        self.require_ledger()?;
        let mut last: Option<(String, i64)> = None;
        loop {
            let mut query = audit_log::table
                .filter(audit_log::table_name.eq(table))
                .order((audit_log::record_id, audit_log::id))
                .limit(PAGE)
                .select(AuditEntry::as_select())
                .into_boxed();
            if let Some((record, id)) = &last {
                // Said twice, so that the index serves the first and the second is only looked at.
                let later = audit_log::record_id.gt(record).or(audit_log::id.gt(id));
                query = query.filter(audit_log::record_id.ge(record)).filter(later);
            }
            let page: Vec<AuditEntry> = query.load(&mut self.connection)?;
            let is_full = page.len() as i64 == PAGE;
            last = page.last().map(|entry| (entry.record_id.clone(), entry.id));
            for entry in page {
                if visit(entry).is_break() {
                    return Ok(());
                }
            }
            if !is_full {
                return Ok(());
            }
        }
    }

    /// The highest number of an entry of a run; `None` if the run changed no row.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn last_entry_of_run(&mut self, run: &str) -> Result<Option<i64>, DatabaseError> {
        self.require_ledger()?;
        Ok(audit_log::table
            .filter(audit_log::run_id.eq(run))
            .select(diesel::dsl::max(audit_log::id))
            .first(&mut self.connection)?)
    }

    /// The entry of this number.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry(&mut self, id: i64) -> Result<Option<AuditEntry>, DatabaseError> {
        self.require_ledger()?;
        Ok(audit_log::table
            .find(id)
            .select(AuditEntry::as_select())
            .first(&mut self.connection)
            .optional()?)
    }
}
