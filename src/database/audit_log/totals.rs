//! Counts entries by author, table, action and day.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::ledger::tables::audit_log;
use crate::database::stored_text::{OptionalText, StoredText};
use crate::model::{EntryId, RunId};

use super::AuditLog;
use super::entries::AuditEntry;
use super::filter::EntryFilter;

/// Entries with the same author, table, action and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTotal {
    /// The run; `None` for other programs.
    pub run_id: Option<RunId>,
    /// The run's actor, or `external`.
    pub changed_by: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// The day in UTC, `2024-05-01`.
    pub day: String,
    /// The table.
    pub table: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: String,
    /// Number of entries.
    pub count: u64,
    /// The lowest and the highest id of an entry.
    pub entries: (EntryId, EntryId),
    /// The earliest and the latest timestamp.
    pub timestamps: (String, String),
}

type OfRun = (
    Option<RunId>,
    String,
    String,
    i64,
    Option<EntryId>,
    Option<EntryId>,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl AuditLog<'_> {
    /// Totals over the entries that match `filter`.
    ///
    /// All entries of a run have the same actor and timestamp, so the database counts them. The entries of other
    /// programs, which are few, are counted one by one.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry_totals(&mut self, filter: &EntryFilter) -> Result<Vec<EntryTotal>, DatabaseError> {
        self.database.ledger().require_ledger()?;
        let mut totals = match self.database.connection.engine().sorts_to_group() {
            true => self.count_as_they_come(filter)?,
            false => self.group(filter)?,
        };
        totals.extend(self.entry_totals_of_others(filter)?);
        Ok(totals)
    }

    /// The entries of runs, grouped by the database.
    fn group(&mut self, filter: &EntryFilter) -> Result<Vec<EntryTotal>, DatabaseError> {
        let by = (audit_log::run_id, audit_log::table_name, audit_log::action);
        let groups: Vec<OfRun> = audit_log::table
            .filter(filter.condition(self.database.connection.has_any_bytes()))
            .filter(audit_log::run_id.is_not_null())
            .group_by(by)
            .select((
                audit_log::run_id,
                audit_log::table_name,
                audit_log::action,
                count_star(),
                min(audit_log::id),
                max(audit_log::id),
                min(audit_log::changed_by),
                min(audit_log::db_user),
                min(audit_log::changed_at),
            ))
            .load(&mut self.database.connection)?;
        Ok(groups.into_iter().map(of_run).collect())
    }

    /// Counts entries without sorting them, as grouping them in SQL would; most have the same group as the previous
    /// one.
    fn count_as_they_come(
        &mut self,
        filter: &EntryFilter,
    ) -> Result<Vec<EntryTotal>, DatabaseError> {
        let entries = audit_log::table
            .filter(filter.condition(self.database.connection.has_any_bytes()))
            .filter(audit_log::run_id.is_not_null())
            .order(audit_log::id)
            .select((
                audit_log::id,
                audit_log::run_id,
                audit_log::table_name,
                audit_log::action,
            ))
            .load_iter::<(EntryId, OptionalText, StoredText, StoredText), DefaultLoadingMode>(
                &mut self.database.connection,
            )?;
        let mut tally = Tally::default();
        for entry in entries {
            let (id, run_id, table_name, action) = entry?;
            let run_id = Option::<RunId>::from(run_id);
            let (table_name, action) = (String::from(table_name), String::from(action));
            // Checked first with the fields that are set: the tally also compares the fields that are empty here, and
            // comparing empty strings a million times takes longer than reading them.
            match tally.totals.last_mut() {
                Some(last)
                    if last.table == table_name
                        && last.action == action
                        && last.run_id == run_id =>
                {
                    last.count += 1;
                    last.entries.1 = id;
                }
                _ => tally.add(AuditEntry {
                    id,
                    run_id,
                    table_name,
                    action,
                    ..AuditEntry::default()
                }),
            }
        }
        for total in &mut tally.totals {
            if let Some(first) = self.entry(total.entries.0)? {
                total.day = day(&first.changed_at).to_owned();
                total.changed_by = first.changed_by;
                total.db_user = first.db_user;
                total.timestamps = (first.changed_at.clone(), first.changed_at);
            }
        }
        Ok(tally.totals)
    }

    /// Totals over the entries of other programs that match `filter`.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry_totals_of_others(
        &mut self,
        filter: &EntryFilter,
    ) -> Result<Vec<EntryTotal>, DatabaseError> {
        self.database.ledger().require_ledger()?;
        let others = audit_log::table
            .filter(filter.condition(self.database.connection.has_any_bytes()))
            .filter(audit_log::run_id.is_null())
            .order(audit_log::changed_at)
            .select((
                audit_log::id,
                audit_log::changed_by,
                audit_log::db_user,
                audit_log::changed_at,
                audit_log::table_name,
                audit_log::action,
            ))
            .load_iter::<(
                EntryId,
                StoredText,
                OptionalText,
                StoredText,
                StoredText,
                StoredText,
            ), DefaultLoadingMode>(&mut self.database.connection)?;
        let mut tally = Tally::default();
        for other in others {
            let (id, changed_by, db_user, changed_at, table_name, action) = other?;
            tally.add(AuditEntry {
                id,
                table_name: table_name.into(),
                action: action.into(),
                changed_at: changed_at.into(),
                changed_by: changed_by.into(),
                db_user: db_user.into(),
                ..AuditEntry::default()
            });
        }
        Ok(tally.totals)
    }

    /// The number of entries that belong to runs.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn count_entries_of_runs(&mut self) -> Result<u64, DatabaseError> {
        self.database.ledger().require_ledger()?;
        // Two counts that are answered from an index alone, instead of one that reads every entry.
        let all: i64 = audit_log::table
            .count()
            .get_result(&mut self.database.connection)?;
        let others: i64 = audit_log::table
            .filter(audit_log::run_id.is_null())
            .count()
            .get_result(&mut self.database.connection)?;
        Ok(u64::try_from(all - others).unwrap_or(0))
    }

    /// The number of entries that match `filter`.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn count_entries(&mut self, filter: &EntryFilter) -> Result<u64, DatabaseError> {
        self.database.ledger().require_ledger()?;
        let count: i64 = audit_log::table
            .filter(filter.condition(self.database.connection.has_any_bytes()))
            .count()
            .get_result(&mut self.database.connection)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// Counts entries one by one.
#[derive(Debug, Default)]
pub struct Tally {
    /// The totals so far.
    pub totals: Vec<EntryTotal>,
}

impl Tally {
    /// Counts an entry.
    pub fn add(&mut self, entry: AuditEntry) {
        let day = day(&entry.changed_at);
        // Entries of the same group are mostly close to each other.
        let known = self.totals.iter_mut().rev().find(|total| {
            total.table == entry.table_name
                && total.action == entry.action
                && total.run_id == entry.run_id
                && total.day == day
                && total.changed_by == entry.changed_by
                && total.db_user == entry.db_user
        });
        match known {
            Some(total) => {
                total.count += 1;
                total.entries.0 = total.entries.0.min(entry.id);
                total.entries.1 = total.entries.1.max(entry.id);
                if entry.changed_at < total.timestamps.0 {
                    total.timestamps.0 = entry.changed_at;
                } else if entry.changed_at > total.timestamps.1 {
                    total.timestamps.1 = entry.changed_at;
                }
            }
            None => self.totals.push(EntryTotal {
                day: day.to_owned(),
                run_id: entry.run_id,
                changed_by: entry.changed_by,
                db_user: entry.db_user,
                table: entry.table_name,
                action: entry.action,
                count: 1,
                entries: (entry.id, entry.id),
                timestamps: (entry.changed_at.clone(), entry.changed_at),
            }),
        }
    }
}

fn of_run(stored: OfRun) -> EntryTotal {
    let (run_id, table, action, count, first, last, changed_by, db_user, at) = stored;
    let at = at.unwrap_or_default();
    EntryTotal {
        run_id,
        changed_by: changed_by.unwrap_or_default(),
        db_user,
        day: day(&at).to_owned(),
        table,
        action,
        count: u64::try_from(count).unwrap_or(0),
        entries: (first.unwrap_or_default(), last.unwrap_or_default()),
        timestamps: (at.clone(), at),
    }
}

fn day(timestamp: &str) -> &str {
    timestamp.split('T').next().unwrap_or(timestamp)
}
