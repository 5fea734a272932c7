//! Matches names of rows, tables, columns and actors given by users with those in the audit log.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::audit::{EXTERNAL, rewritten_record_id};
use crate::database::audit_log::{Choice, EntryField, EntryFilter, EntryOrder};
use crate::database::{
    Access, Database, DatabaseUrl, ReadTransaction, TableTriggers, TriggerState,
};
use crate::model::{RecordId, nearest};
use crate::operations::OperationError;

use super::{AuditQuery, Criterion};

/// A reason why a query found nothing, or a name in it that excludes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmatched {
    /// The audit log has no entry for this table.
    Table {
        /// The name.
        name: String,
        /// The former name, under which its changes are recorded.
        before: Option<String>,
        /// Tables that have entries.
        tables: Vec<String>,
    },
    /// None of the tables currently has this column.
    Column {
        /// The name.
        name: String,
        /// The tables that the query selects, with their columns.
        tables: Vec<(String, Vec<String>)>,
    },
    /// No run has this actor.
    Actor {
        /// The name.
        name: String,
        /// The actors of the runs, and `external`.
        actors: Vec<String>,
    },
    /// The audit log has no entry for a row with this primary key.
    Record(String),
    /// All entries were written outside of the time that the query selects: from the first to the last timestamp.
    Time(String, String),
    /// Each condition is met by some entry, but no entry meets all of them.
    Together,
}

/// Explains why `query` found nothing; returns nothing for a query without conditions.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn unmatched(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
) -> Result<Vec<Unmatched>, OperationError> {
    if query.is_everything() {
        return Ok(Vec::new());
    }
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let mut found = Vec::new();
        for criterion in &query.only {
            found.extend(match criterion {
                Criterion::Field(EntryField::Table, name) => untraced(database, name)?,
                Criterion::Field(EntryField::Actor, name) => unknown_actor(database, name)?,
                Criterion::Field(EntryField::Record, name) => unknown_record(database, name)?,
                Criterion::Field(EntryField::Action | EntryField::Run, _)
                | Criterion::Column(_) => None,
            });
        }
        if found.is_empty() {
            found = unknown_columns(database, query)?;
        }
        if found.is_empty() {
            found.extend(other_time(database, query)?);
        }
        if found.is_empty() {
            found.push(Unmatched::Together);
        }
        Ok(found)
    })
}

/// Tables that `query` excludes, although the audit log has no entries for them.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn excluded_in_vain(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
) -> Result<Vec<Unmatched>, OperationError> {
    let names = query.not.iter().filter_map(|criterion| match criterion {
        Criterion::Field(EntryField::Table, name) => Some(name),
        Criterion::Field(
            EntryField::Record | EntryField::Action | EntryField::Run | EntryField::Actor,
            _,
        )
        | Criterion::Column(_) => None,
    });
    let names: Vec<&String> = names.collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let mut unknown = Vec::new();
        for name in names {
            unknown.extend(untraced(database, name)?);
        }
        Ok(unknown)
    })
}

type Found = Result<Option<Unmatched>, OperationError>;

fn untraced(database: &mut ReadTransaction, name: &str) -> Found {
    Ok(match database.audited_tables().is_traced(name)? {
        true => None,
        false => Some(Unmatched::Table {
            name: name.to_owned(),
            before: recorded_as(database, name)?,
            tables: database
                .audited_tables()
                .traced_tables()?
                .into_iter()
                .collect(),
        }),
    })
}

fn unknown_actor(database: &mut ReadTransaction, name: &str) -> Found {
    let actors = database.ledger().runs()?.into_iter().map(|run| run.actor);
    let actors: BTreeSet<String> = actors.chain([EXTERNAL.to_owned()]).collect();
    Ok((!actors.contains(name)).then(|| Unmatched::Actor {
        name: name.to_owned(),
        actors: actors.into_iter().collect(),
    }))
}

fn unknown_record(database: &mut ReadTransaction, name: &str) -> Found {
    let names = [Some(name.to_owned()), rewritten_record_id(name)];
    let filter = EntryFilter {
        fields: (names.into_iter().flatten())
            .map(|name| (EntryField::Record, Choice::Only, name))
            .collect(),
        ..EntryFilter::default()
    };
    let unknown = database.audit_log().count_entries(&filter)? == 0;
    Ok(unknown.then(|| Unmatched::Record(name.to_owned())))
}

fn unknown_columns(
    database: &mut ReadTransaction,
    query: &AuditQuery,
) -> Result<Vec<Unmatched>, OperationError> {
    let (mut named, mut columns) = (Vec::new(), Vec::new());
    for criterion in &query.only {
        match criterion {
            Criterion::Field(EntryField::Table, name) => named.push(name.clone()),
            Criterion::Column(name) => columns.push(name.clone()),
            Criterion::Field(
                EntryField::Record | EntryField::Action | EntryField::Run | EntryField::Actor,
                _,
            ) => {}
        }
    }
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let tables = match named.is_empty() {
        true => database
            .audited_tables()
            .traced_tables()?
            .into_iter()
            .collect(),
        false => named.clone(),
    };
    let mut there = Vec::with_capacity(tables.len());
    for table in tables {
        let defined = database.tables().defined_table(&table)?;
        let defined = defined.map_or_else(Vec::new, |table| table.columns);
        let names = defined.into_iter().map(|column| column.name);
        there.push((table, names.collect::<Vec<String>>()));
    }
    let is_there = |name: &String| there.iter().any(|(_, columns)| columns.contains(name));
    columns.retain(|name| !is_there(name));
    there.retain(|(table, _)| named.contains(table));
    let column = |name| Unmatched::Column {
        name,
        tables: there.clone(),
    };
    Ok(columns.into_iter().map(column).collect())
}

/// Whether the query selects a time, and no entry was written in it.
fn other_time(database: &mut ReadTransaction, query: &AuditQuery) -> Found {
    if query.since.is_none() && query.until.is_none() {
        return Ok(None);
    }
    let filter = EntryFilter {
        since: query.since,
        until: query.until,
        ..EntryFilter::default()
    };
    if database.audit_log().count_entries(&filter)? > 0 {
        return Ok(None);
    }
    let all = EntryFilter::default();
    let first = time_of_first(database, &all, EntryOrder::OldestFirst)?;
    let last = time_of_first(database, &all, EntryOrder::NewestFirst)?;
    Ok(first
        .zip(last)
        .map(|(first, last)| Unmatched::Time(first, last)))
}

/// When the first entry of this table was written.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn first_entry(
    database: &mut ReadTransaction,
    table: &str,
) -> Result<Option<String>, OperationError> {
    let filter = EntryFilter {
        fields: vec![(EntryField::Table, Choice::Only, table.to_owned())],
        ..EntryFilter::default()
    };
    time_of_first(database, &filter, EntryOrder::OldestFirst)
}

fn time_of_first(
    database: &mut ReadTransaction,
    filter: &EntryFilter,
    order: EntryOrder,
) -> Result<Option<String>, OperationError> {
    let mut time = None;
    database
        .audit_log()
        .each_entry(filter, order, &mut |entry| {
            time = Some(entry.changed_at);
            ControlFlow::Break(())
        })?;
    Ok(time)
}

/// The former name of a renamed table, under which its changes are still recorded.
fn recorded_as(
    database: &mut ReadTransaction,
    table: &str,
) -> Result<Option<String>, OperationError> {
    let states = database.audited_tables().table_triggers()?;
    let renamed =
        |state: &TableTriggers| state.table == table && state.state == TriggerState::Renamed;
    let state = states.into_iter().find(renamed);
    Ok(state.and_then(|state| state.before))
}

/// The error for a table without entries, with the name that was probably meant.
///
/// # Errors
/// When the database cannot be read.
pub(super) fn unknown_table(
    database: &mut ReadTransaction,
    table: &str,
) -> Result<OperationError, OperationError> {
    let traced = database.audited_tables().traced_tables()?;
    Ok(OperationError::UnknownTable {
        table: table.to_owned(),
        before: recorded_as(database, table)?,
        near: nearest(table, traced.iter().map(String::as_str)).map(str::to_owned),
    })
}

/// The row that a user named: the name as given, or, if there is no such row, normalized as the audit log writes keys
/// of several columns.
pub(in crate::operations) fn row_named(
    database: &mut ReadTransaction,
    table: &str,
    record: &str,
) -> Result<RecordId, OperationError> {
    Ok(RecordId::from(match rewritten_record_id(record) {
        Some(rewritten)
            if database
                .audit_log()
                .count_entries(&EntryFilter::of_row(table, record))?
                == 0 =>
        {
            rewritten
        }
        Some(_) | None => record.to_owned(),
    }))
}
