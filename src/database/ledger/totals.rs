//! How many entries there are, by who made them, where and how.

use diesel::connection::DefaultLoadingMode;
#[cfg(feature = "servers")]
use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use crate::database::{AnyConnection, Database, DatabaseError};

use super::tables::audit_log;
use super::trail::{AuditEntry, EntryFilter};

/// Entries that have the author, the table and the action in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTotal {
    /// The run; `None` for other programs.
    pub run_id: Option<String>,
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
    /// How many entries.
    pub count: u64,
    /// The lowest number of an entry, and the highest.
    pub entries: (i64, i64),
    /// The earliest instant, and the latest.
    pub instants: (String, String),
}

#[cfg(feature = "servers")]
type OfRun = (
    Option<String>,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl Database {
    /// Totals over the entries that `filter` chooses.
    ///
    /// All entries of a run have its actor and one instant, so they are counted by the database; those of other
    /// programs, which are few, one by one.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry_totals(&mut self, filter: &EntryFilter) -> Result<Vec<EntryTotal>, DatabaseError> {
        self.require_ledger()?;
        let mut totals = match &self.connection {
            AnyConnection::Sqlite(_) => self.count_as_they_come(filter)?,
            #[cfg(feature = "servers")]
            _ => self.group(filter)?,
        };
        totals.extend(self.entry_totals_of_others(filter)?);
        Ok(totals)
    }

    /// The entries of runs, grouped by the database.
    #[cfg(feature = "servers")]
    fn group(&mut self, filter: &EntryFilter) -> Result<Vec<EntryTotal>, DatabaseError> {
        let by = (audit_log::run_id, audit_log::table_name, audit_log::action);
        let groups: Vec<OfRun> = audit_log::table
            .filter(filter.condition())
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
            .load(&mut self.connection)?;
        Ok(groups.into_iter().map(of_run).collect())
    }

    /// The same for SQLite, which would sort all entries to group them; most have everything in common with the one
    /// before.
    fn count_as_they_come(
        &mut self,
        filter: &EntryFilter,
    ) -> Result<Vec<EntryTotal>, DatabaseError> {
        let entries = audit_log::table
            .filter(filter.condition())
            .filter(audit_log::run_id.is_not_null())
            .order(audit_log::id)
            .select((
                audit_log::id,
                audit_log::run_id,
                audit_log::table_name,
                audit_log::action,
            ))
            .load_iter::<(i64, Option<String>, String, String), DefaultLoadingMode>(
                &mut self.connection,
            )?;
        let mut tally = Tally::default();
        for entry in entries {
            let (id, run_id, table_name, action) = entry?;
            // Asked first for what is known of these entries: the tally also compares the fields that are empty here,
            // and comparing empty texts a million times takes longer than reading them.
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
                total.instants = (first.changed_at.clone(), first.changed_at);
            }
        }
        Ok(tally.totals)
    }

    /// Totals over the entries of other programs that `filter` chooses.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn entry_totals_of_others(
        &mut self,
        filter: &EntryFilter,
    ) -> Result<Vec<EntryTotal>, DatabaseError> {
        self.require_ledger()?;
        let others = audit_log::table
            .filter(filter.condition())
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
            .load_iter::<(i64, String, Option<String>, String, String, String), DefaultLoadingMode>(
                &mut self.connection,
            )?;
        let mut tally = Tally::default();
        for other in others {
            let (id, changed_by, db_user, changed_at, table_name, action) = other?;
            tally.add(AuditEntry {
                id,
                table_name,
                action,
                changed_at,
                changed_by,
                db_user,
                ..AuditEntry::default()
            });
        }
        Ok(tally.totals)
    }

    /// How many entries belong to runs.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn count_entries_of_runs(&mut self) -> Result<u64, DatabaseError> {
        self.require_ledger()?;
        // Two counts that an index alone answers, rather than one that looks at every entry.
        let all: i64 = audit_log::table.count().get_result(&mut self.connection)?;
        let others: i64 = audit_log::table
            .filter(audit_log::run_id.is_null())
            .count()
            .get_result(&mut self.connection)?;
        Ok(u64::try_from(all - others).unwrap_or(0))
    }

    /// How many entries `filter` chooses.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn count_entries(&mut self, filter: &EntryFilter) -> Result<u64, DatabaseError> {
        self.require_ledger()?;
        let count: i64 = audit_log::table
            .filter(filter.condition())
            .count()
            .get_result(&mut self.connection)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// Counts entries one by one.
#[derive(Debug, Default)]
pub struct Tally {
    /// What was counted so far.
    pub totals: Vec<EntryTotal>,
}

impl Tally {
    /// Counts an entry.
    pub fn add(&mut self, entry: AuditEntry) {
        let day = day(&entry.changed_at);
        // Entries that have everything in common are mostly near each other.
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
                if entry.changed_at < total.instants.0 {
                    total.instants.0 = entry.changed_at;
                } else if entry.changed_at > total.instants.1 {
                    total.instants.1 = entry.changed_at;
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
                instants: (entry.changed_at.clone(), entry.changed_at),
            }),
        }
    }
}

#[cfg(feature = "servers")]
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
        instants: (at.clone(), at),
    }
}

fn day(instant: &str) -> &str {
    instant.split('T').next().unwrap_or(instant)
}
