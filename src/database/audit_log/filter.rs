//! Selects the entries of the audit log that are read.

use diesel::connection::Connection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable, Text};

use crate::audit::unreadable;
use crate::database::AnyConnection;
use crate::model::{EntryId, RecordId, Timestamp};

use crate::database::ledger::tables::audit_log;

/// The fields that entries can be selected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryField {
    /// The table.
    Table,
    /// The record id of the row.
    Record,
    /// The action.
    Action,
    /// The run, by its full id.
    Run,
    /// The actor; `external` means all other programs.
    Actor,
}

/// Whether entries with a value are selected or excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Only these.
    Only,
    /// All but these.
    Not,
}

/// A selection of entries; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Values of fields. Several [`Choice::Only`] of the same field match any of them.
    pub fields: Vec<(EntryField, Choice, String)>,
    /// From this timestamp on.
    pub since: Option<Timestamp>,
    /// Before this timestamp.
    pub until: Option<Timestamp>,
    /// Entries with higher ids only.
    pub after: Option<EntryId>,
}

type Backend = <AnyConnection as Connection>::Backend;

/// A condition on entries, for the WHERE clause of any query on them.
pub(in crate::database) type Condition<'f> =
    Box<dyn BoxableExpression<audit_log::table, Backend, SqlType = Nullable<Bool>> + 'f>;

impl EntryFilter {
    /// Selects the entries of this table and row.
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

    /// The filter as SQL. Except for the id and the row, fields are compared as expressions, so that no index is used:
    /// the results of an index on the time or on the table alone would have to be sorted by id for every page.
    ///
    /// `any_bytes`: strings need not be UTF-8, so a record id can be one that is shown by its bytes.
    pub(in crate::database) fn condition(&self, any_bytes: bool) -> Condition<'_> {
        let after = self.after.unwrap_or(EntryId::MIN);
        let mut all: Condition<'_> = Box::new(audit_log::id.gt(after).nullable());
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
                let bytes = field.shown_bytes(&only).filter(|_| any_bytes);
                let any = field.is_any_of(only.clone());
                let any = bytes.fold(any, |any, bytes| Box::new(any.or(is_record(bytes))));
                all = Box::new(all.and(any));
            }
            let not = self.values(field, Choice::Not);
            if !not.is_empty() {
                let bytes = field.shown_bytes(&not).filter(|_| any_bytes);
                let none = field.is_none_of(not.clone());
                let none = bytes.fold(none, |none, bytes| {
                    Box::new(none.and(diesel::dsl::not(is_record(bytes))))
                });
                all = Box::new(all.and(none));
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

    /// The record ids among these values that are shown by their bytes.
    fn shown_bytes(self, values: &[&str]) -> impl Iterator<Item = Vec<u8>> {
        let values = values.iter().filter(move |_| self == Self::Record);
        values.filter_map(|value| unreadable(value))
    }

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
            // Changes of other programs belong to no run, so they are not excluded.
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

/// Whether the entry is of one of these rows.
pub(in crate::database) fn is_of_rows(record_ids: &[RecordId], any_bytes: bool) -> Condition<'_> {
    let ids: Vec<&str> = record_ids.iter().map(RecordId::as_str).collect();
    let bytes = EntryField::Record
        .shown_bytes(&ids)
        .filter(|_| any_bytes)
        .collect::<Vec<_>>();
    let any = EntryField::Record.is_any_of(ids);
    let bytes = bytes.into_iter();
    bytes.fold(any, |any, bytes| Box::new(any.or(is_record(bytes))))
}

/// Whether the record id is the text with these bytes.
fn is_record<'f>(bytes: Vec<u8>) -> Condition<'f> {
    let text = sql::<Text>("CAST(").bind::<Binary, _>(bytes);
    Box::new(audit_log::record_id.eq(text.sql(" AS TEXT)")).nullable())
}

impl AnyConnection {
    /// Whether a text can be any bytes, so that the filter has to find those which are not UTF-8.
    pub(in crate::database) fn has_any_bytes(&self) -> bool {
        !self.dialect().types_columns()
    }
}
