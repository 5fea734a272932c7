//! Makes the audit log account for every row of a table, deciding row by row from the existing entries.
//!
//! If a table has no entry, its rows are recorded as inserted. Otherwise entries and rows are compared as in `audit
//! reconcile`, and missing entries are added: an INSERT for a row without entries, an UPDATE for a row whose values
//! differ from its entries, a DELETE for a row that no longer exists. No other program may change the table meanwhile
//! ([`Database::lock_whole_tables`]).

use serde_json::{Value, json};

use crate::audit::reconcile::{self, Correction, Summing, Sums, correction};
use crate::audit::{Action, Image, Key};
use crate::database::{ACCOUNTED, Database, DatabaseError, FoundEntry};
use crate::model::{Finding, Level, Rule, RunContext, Table};
use crate::operations::proof::{AT_A_TIME, add, moved, replayed};
use crate::operations::{Context, OperationError};

/// Number of recorded rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Accounted {
    /// Rows that had no entry.
    pub(super) recorded: u64,
    /// Rows that differed from their entries.
    differences: u64,
    /// Entries that are inconsistent with the previous ones.
    broken_entries: u64,
    /// The last entry of the audit log when everything was recorded.
    until: i64,
    /// Whether the table had entries before.
    was_known: bool,
}

impl Accounted {
    pub(super) fn entries(&self) -> u64 {
        self.recorded + self.differences
    }

    /// Whether rows changed although the audit log had the table.
    pub(super) fn is_surprising(&self) -> bool {
        self.was_known && self.changes_anything()
    }

    /// Whether anything was recorded, or an inconsistent entry is accounted for now.
    pub(super) fn changes_anything(&self) -> bool {
        self.entries() > 0 || self.broken_entries > 0
    }

    /// Reports rows that changed although the audit log had the table.
    pub(super) fn surprise(&self, table: &Table, run: &RunContext) -> Finding {
        let (table, run) = (&table.name, &run.id);
        let message = match (self.entries(), self.broken_entries) {
            (0, broken) => {
                let entries = if broken == 1 {
                    "entry does"
                } else {
                    "entries do"
                };
                format!(
                    "`{table}`: {broken} {entries} not follow from those before; run {run} accepted the current rows"
                )
            }
            (count, _) => {
                let rows = rows(count);
                format!(
                    "`{table}`: {rows} changed without an entry; run {run} recorded their current values"
                )
            }
        };
        let hint = "the author and time of these changes are unknown; `accession audit log --entries --run RUN` lists them";
        Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
    }

    /// Reports entries by which the rows of a renamed table replace those of the table that had its name.
    pub(super) fn renamed(&self, table: &Table, before: &str, run: &RunContext) -> Finding {
        let (table, run, entries) = (&table.name, &run.id, rows(self.entries()));
        let message = format!(
            "`{before}` was renamed to `{table}`, the name of another table before: run {run} recorded how the rows differ ({entries})"
        );
        let hint = "rows that changed without an entry are among them, if there are any; `accession audit log --entries --run RUN` lists all";
        Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
    }

    /// The counts to store with the run.
    pub(super) fn counts(&self, table: &Table) -> Value {
        let columns = table.columns.iter().map(|column| column.name.as_str());
        json!({
            "noted": self.recorded,
            "differences": self.differences,
            ACCOUNTED: { "until": self.until, "columns": columns.collect::<Vec<_>>() },
        })
    }
}

/// `1 row`, `2 rows`.
pub(super) fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}

/// Adds the missing entries of the table as entries of the run.
pub(super) fn account_for(
    database: &mut Database,
    table: &Table,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Accounted, OperationError> {
    let mut accounting = Accounting {
        database,
        table,
        run,
        ctx,
    };
    let accounted = accounting.run();
    accounted.map_err(|error| OperationError::of_table(&table.name, error))
}

struct Accounting<'a> {
    database: &'a mut Database,
    table: &'a Table,
    run: &'a RunContext,
    ctx: Context<'a>,
}

impl<'a> Accounting<'a> {
    fn run(&mut self) -> Result<Accounted, OperationError> {
        let was_known = self.database.is_traced(&self.table.name)?;
        // A row whose key changed has entries under its former key.
        let is_plain = !was_known || !self.has_moved()?;
        let recorded = match is_plain {
            true => self.database.enter_unknown_rows(self.table, self.run)?,
            false => 0,
        };
        if is_plain && !self.database.foreign_rules()?.is_empty() {
            self.check_entered(recorded as u64, was_known)?;
        }
        let mut accounted = Accounted {
            recorded: recorded as u64,
            differences: 0,
            broken_entries: 0,
            until: 0,
            was_known,
        };
        if was_known {
            (accounted.differences, accounted.broken_entries) = self.differences()?;
        }
        accounted.until = self.database.last_entry_id()?;
        Ok(accounted)
    }

    /// Triggers of others on the audit log may have kept entries from being written.
    fn check_entered(&mut self, recorded: u64, was_known: bool) -> Result<(), OperationError> {
        let mut rows = 0;
        self.database.each_live_row(self.table, &mut |_| {
            rows += 1;
            Ok::<_, OperationError>(())
        })?;
        // Rows that were known are compared with their entries.
        match was_known || recorded >= rows {
            true => Ok(()),
            false => Err(DatabaseError::EntriesLost.into()),
        }
    }

    fn key(&self) -> Key<'a> {
        Key::of_table(self.table, self.database.key_rule())
    }

    /// Whether any entry of the table changed a row's key.
    fn has_moved(&mut self) -> Result<bool, OperationError> {
        let mut has_moved = false;
        let (name, key) = (self.table.name.as_str(), self.key());
        self.database.each_recorded_change(&mut |entry| {
            has_moved |= entry.table_name == name && moved(&entry, &key).is_some();
            Ok::<_, OperationError>(())
        })?;
        Ok(has_moved)
    }

    /// Adds the entries that are missing for rows that differ. Returns their number, and the number of earlier entries
    /// that are inconsistent with the previous ones.
    fn differences(&mut self) -> Result<(u64, u64), OperationError> {
        let (summing, mut sums) = (Summing::default(), Sums::default());
        let (name, key) = (self.table.name.as_str(), self.key());
        self.database.each_recorded_change(&mut |entry| {
            if entry.table_name == name {
                if let Some(to) = moved(&entry, &key) {
                    sums.moved(&summing, &entry.record_id, &to);
                }
                add(&mut sums, &summing, &entry);
            }
            Ok::<_, OperationError>(())
        })?;
        self.database.each_live_row(self.table, &mut |row| {
            sums.row(&summing, &row.record_id, &row.image);
            Ok::<_, OperationError>(())
        })?;
        let accounted = self.database.accounted()?.remove(name).unwrap_or_default();
        let (mut count, mut broken_entries) = (0, 0);
        for group in sums.uneven(AT_A_TIME) {
            self.ctx.check_interrupt()?;
            let wanted = |record_id: &str| group[summing.bucket(record_id)];
            let (found, broken) = self.missing(&accounted, &wanted)?;
            count += found.len() as u64;
            broken_entries += broken;
            self.database.enter_found(self.table, &found, self.run)?;
        }
        Ok((count, broken_entries))
    }

    /// Compares the selected rows with their entries and returns the missing entries.
    fn missing(
        &mut self,
        accounted: &reconcile::Accounted,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(Vec<FoundEntry>, u64), OperationError> {
        let mut replay = replayed(self.database, (self.table, accounted), wanted)?;
        let broken_entries = replay.broken_entries();
        let key = self.key();
        let mut missing = Vec::new();
        self.database.each_live_row(self.table, &mut |row| {
            if wanted(&row.record_id) {
                let now: Image = serde_json::from_str(&row.image).unwrap_or_default();
                let known = replay.take(&row.record_id, &now, &key);
                let correction = correction(&known, Some(&now), key.columns());
                missing.extend(correction.map(|found| entry(row.record_id, found)));
            }
            Ok::<_, OperationError>(())
        })?;
        for (record_id, known) in replay.rest() {
            let correction = correction(&known, None, key.columns());
            missing.extend(correction.map(|found| entry(record_id, found)));
        }
        Ok((missing, broken_entries))
    }
}

fn entry(record_id: String, correction: Correction) -> FoundEntry {
    let text = |image: Image| Some(serde_json::Value::Object(image).to_string());
    let (action, old_value, new_value) = match correction {
        Correction::Insert { new } => (Action::Insert, None, text(new)),
        Correction::Update { old, new } => (Action::Update, text(old), text(new)),
        Correction::Delete { old } => (Action::Delete, text(old), None),
    };
    FoundEntry {
        record_id,
        action,
        old_value,
        new_value,
    }
}
