//! Makes the audit log account for every row of a table, deciding row by row from the existing entries.
//!
//! If a table has no entry, its rows are recorded as inserted. Otherwise entries and rows are compared as in `audit
//! reconcile`, and missing entries are added: an INSERT for a row without entries, an UPDATE for a row whose values
//! differ from its entries, a DELETE for a row that no longer exists. No other program may change the table meanwhile
//! (`lock_whole_tables`).

use crate::audit::reconcile::{self, Correction, Summing, Sums};
use crate::audit::{Action, Image, Key};
use crate::database::{DatabaseError, FoundEntry, WriteTransaction};
use crate::model::{RecordId, RunContext, Table};
use crate::operations::proof::{AT_A_TIME, add, moved, replayed};
use crate::operations::{Context, OperationError};

use super::accounted::Accounted;

/// Adds the missing entries of the table as entries of the run.
pub(super) fn account_for(
    database: &mut WriteTransaction,
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
    database: &'a mut WriteTransaction,
    table: &'a Table,
    run: &'a RunContext,
    ctx: Context<'a>,
}

impl<'a> Accounting<'a> {
    fn run(&mut self) -> Result<Accounted, OperationError> {
        let was_known = self.database.audited_tables().is_traced(&self.table.name)?;
        // A row whose key changed has entries under its former key.
        let is_plain = !was_known || !self.has_moved()?;
        let recorded = match is_plain {
            true => self
                .database
                .audited_tables()
                .enter_unknown_rows(self.table, self.run)?,
            false => 0,
        };
        if is_plain && !self.database.foreign_rules()?.is_empty() {
            self.check_entered(recorded as u64, was_known)?;
        }
        let mut accounted = Accounted {
            recorded: recorded as u64,
            was_known,
            ..Accounted::default()
        };
        if was_known {
            self.differences(&mut accounted)?;
        }
        accounted.until = self.database.seals().last_entry_id()?;
        Ok(accounted)
    }

    /// Triggers of others on the audit log may have kept entries from being written.
    fn check_entered(&mut self, recorded: u64, was_known: bool) -> Result<(), OperationError> {
        let mut rows = 0;
        self.database.tables().each_live_row(self.table, &mut |_| {
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
        self.database
            .audit_log()
            .each_recorded_change(&mut |entry| {
                has_moved |= entry.table_name == name && moved(&entry, &key).is_some();
                Ok::<_, OperationError>(())
            })?;
        Ok(has_moved)
    }

    /// Adds the entries that are missing for rows that differ, and counts them, and the earlier entries that are
    /// inconsistent with the previous ones.
    fn differences(&mut self, counts: &mut Accounted) -> Result<(), OperationError> {
        let (summing, mut sums) = (Summing::default(), Sums::default());
        let (name, key) = (self.table.name.as_str(), self.key());
        self.database
            .audit_log()
            .each_recorded_change(&mut |entry| {
                if entry.table_name == name {
                    add(&mut sums, &summing, &entry, Some(&key));
                }
                Ok::<_, OperationError>(())
            })?;
        self.database
            .tables()
            .each_live_row(self.table, &mut |row| {
                sums.row(&summing, &row.record_id, &key, &row.image);
                Ok::<_, OperationError>(())
            })?;
        let accounted = self
            .database
            .audited_tables()
            .accounted()?
            .remove(name)
            .unwrap_or_default();
        for group in sums.uneven(AT_A_TIME) {
            self.ctx.check_interrupt()?;
            let wanted = |record_id: &str| group[summing.bucket(record_id)];
            let found = self.missing(&accounted, &wanted, counts)?;
            self.database
                .audited_tables()
                .enter_found(self.table, &found, self.run)?;
        }
        Ok(())
    }

    /// Compares the selected rows with their entries and returns the missing entries.
    fn missing(
        &mut self,
        accounted: &reconcile::Accounted,
        wanted: &dyn Fn(&str) -> bool,
        counts: &mut Accounted,
    ) -> Result<Vec<FoundEntry>, OperationError> {
        let mut replay = replayed(self.database, self.table, accounted, wanted)?;
        for (entry, record_id) in replay.broken_entries() {
            counts.count_broken(entry, record_id);
        }
        let key = self.key();
        self.database
            .tables()
            .each_live_row(self.table, &mut |row| {
                if wanted(&row.record_id) {
                    let now: Image = serde_json::from_str(&row.image).unwrap_or_default();
                    replay.row(row.record_id, &now, &key);
                }
                Ok::<_, OperationError>(())
            })?;
        let missing = replay.missing(&key).into_iter().map(|(record_id, found)| {
            counts.count(&found);
            entry(record_id, found)
        });
        Ok(missing.collect())
    }
}

fn entry(record_id: RecordId, correction: Correction) -> FoundEntry {
    let text = |image: Image| Some(serde_json::Value::Object(image).to_string());
    let (action, old_value, new_value) = match correction {
        Correction::Insert { new } => (Action::Insert, None, text(new)),
        Correction::Update { old, new } => (Action::Update, text(old), text(new)),
        Correction::Complete { row, .. } => (Action::Update, text(row.clone()), text(row)),
        Correction::Delete { old } => (Action::Delete, text(old), None),
    };
    FoundEntry {
        record_id,
        action,
        old_value,
        new_value,
    }
}
