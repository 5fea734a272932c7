//! Replays the audit log and compares it with the rows: changes without an entry are listed. Writes nothing.
//!
//! Two passes over all data exclude unchanged rows (see [`audit::reconcile`](crate::audit::reconcile)); only rows that
//! may differ are replayed individually, in groups that fit the intended memory.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audit::reconcile::{Accounted, Summing, Sums, UnknownColumns};
use crate::audit::{Image, Key};
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction, TriggerState};
use crate::model::{RecordId, Table};
use crate::operations::unfinished_run::unfinished_words;
use crate::operations::{Context, OperationError};

use super::reconciled::{Difference, ReconcileOutcome, ReconciledTable, Unrecorded};
use super::replayed::{AT_A_TIME, add, replayed, rows_are_left};

/// What to compare.
#[derive(Debug, Clone)]
pub struct ReconcileOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// How many differences to list; all are counted.
    pub limit: usize,
}

/// Compares the audit log with the rows.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn reconcile(
    options: &ReconcileOptions,
    ctx: Context<'_>,
) -> Result<ReconcileOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        database.ledger().require_ledger()?;
        let mut comparison = Comparison {
            accounted: database.audited_tables().accounted()?,
            renamed: renamed_tables(database)?,
            database,
            ctx,
            summing: Summing::default(),
            entries: 0,
            limit: options.limit,
            differences: Vec::new(),
            not_kept: 0,
        };
        let mut tables = comparison.sum_audit_log()?;
        comparison.sum_rows(&mut tables)?;
        let mut reconciled = Vec::new();
        for (name, table) in &tables {
            reconciled.push(comparison.replay(name, table)?);
        }
        let (entries, not_kept) = (comparison.entries, comparison.not_kept);
        let differences = comparison.differences;
        let unfinished = database.ledger().unfinished_runs()?;
        Ok(ReconcileOutcome {
            database: options.database.to_string(),
            entries,
            tables: reconciled,
            differences,
            differences_not_kept: not_kept,
            unfinished: unfinished.iter().map(unfinished_words).collect(),
        })
    })
}

/// A table of the audit log.
struct Compared {
    /// `None` if the table was removed, or is a partition whose rows are recorded as those of another table.
    definition: Option<Table>,
    sums: Sums,
    rows: u64,
}

impl Compared {
    /// The table, if its rows can be identified.
    fn keyed(&self) -> Option<&Table> {
        self.definition.as_ref().filter(is_keyed)
    }
}

fn is_keyed(table: &&Table) -> bool {
    !table.primary_key.is_empty()
}

struct Comparison<'a> {
    database: &'a mut ReadTransaction,
    /// What runs of kind `enable` have accounted for, by table.
    accounted: BTreeMap<String, Accounted>,
    /// The former names of tables that were renamed and not recorded again since, by the present ones.
    renamed: BTreeMap<String, String>,
    ctx: Context<'a>,
    summing: Summing,
    entries: u64,
    limit: usize,
    differences: Vec<Unrecorded>,
    not_kept: u64,
}

impl Comparison<'_> {
    /// Adds the entries of the audit log to the sums, and finds its tables.
    fn sum_audit_log(&mut self) -> Result<BTreeMap<String, Compared>, OperationError> {
        let mut tables = BTreeMap::new();
        for name in self.database.audited_tables().with_triggers()? {
            let table = compared(self.database, &name)?;
            tables.insert(name, table);
        }
        let mut unknown: BTreeMap<String, Sums> = BTreeMap::new();
        let (summing, ctx, rule) = (&self.summing, self.ctx, self.database.key_rule());
        let mut entries = 0;
        self.database
            .audit_log()
            .each_recorded_change(&mut |step| {
                entries += 1;
                if entries % 65_536 == 0 {
                    ctx.check_interrupt()?;
                }
                match tables.get_mut(&step.table_name) {
                    Some(table) => {
                        let keyed = table.definition.as_ref().filter(is_keyed);
                        let key = keyed.map(|table| Key::of_table(table, rule));
                        add(&mut table.sums, summing, &step, key.as_ref());
                    }
                    None => {
                        let sums = unknown.entry(step.table_name.clone()).or_default();
                        add(sums, summing, &step, None);
                    }
                }
                Ok::<_, OperationError>(())
            })?;
        self.entries = entries;
        // Tables without triggers: these were dropped, or the table was recreated.
        for (name, sums) in unknown {
            let table = compared(self.database, &name)?;
            tables.insert(name, Compared { sums, ..table });
        }
        Ok(tables)
    }

    /// Subtracts the current rows from the sums.
    fn sum_rows(&mut self, tables: &mut BTreeMap<String, Compared>) -> Result<(), OperationError> {
        for table in tables.values_mut() {
            let Some(definition) = table.keyed().cloned() else {
                continue;
            };
            let (sums, rows, summing) = (&mut table.sums, &mut table.rows, &self.summing);
            let key = Key::of_table(&definition, self.database.key_rule());
            self.database
                .tables()
                .each_live_row(&definition, &mut |row| {
                    *rows += 1;
                    sums.row(summing, &row.record_id, &key, &row.image);
                    Ok::<_, OperationError>(())
                })?;
            self.ctx.check_interrupt()?;
        }
        Ok(())
    }

    /// Replays the rows of a table whose sums are not zero.
    fn replay(&mut self, name: &str, table: &Compared) -> Result<ReconciledTable, OperationError> {
        let mut reconciled = ReconciledTable {
            name: name.to_owned(),
            rows: table.rows,
            differences: 0,
            unknown_columns: Vec::new(),
        };
        let Some(definition) = table.keyed() else {
            let difference = match table.definition {
                Some(_) => Difference::NoKey,
                None => match self.renamed.iter().find(|(_, before)| *before == name) {
                    Some((now, _)) => Difference::TableRenamed { now: now.clone() },
                    None => Difference::TableGone,
                },
            };
            // A run records that a table was removed, renamed or disabled.
            if (difference == Difference::NoKey
                || rows_are_left(self.database, name, &table.sums, &self.summing)?)
                && self.database.audited_tables().is_recorded(name)?
            {
                reconciled.differences = 1;
                self.keep(name, None, difference);
            }
            return Ok(reconciled);
        };
        let accounted = self.accounted.remove(name).unwrap_or_default();
        let mut unknown = UnknownColumns::default();
        for group in table.sums.uneven(AT_A_TIME) {
            let summing = self.summing.clone();
            let wanted = |record_id: &str| group[summing.bucket(record_id)];
            let mut replay = replayed(self.database, definition, &accounted, &wanted)?;
            let key = Key::of_table(definition, self.database.key_rule());
            self.database
                .tables()
                .each_live_row(definition, &mut |row| {
                    if wanted(&row.record_id) {
                        let image: Image = serde_json::from_str(&row.image).unwrap_or_default();
                        replay.row(row.record_id, &image, &key);
                    }
                    Ok::<_, OperationError>(())
                })?;
            self.ctx.check_interrupt()?;
            let (differences, found) = replay.finish(&key);
            unknown.columns.extend(found.columns);
            unknown.rows += found.rows;
            reconciled.differences += differences.len() as u64;
            for (record_id, difference) in differences {
                self.keep(name, Some(record_id), Difference::Row(difference));
            }
        }
        reconciled.unknown_columns = unknown.columns.into_iter().collect();
        if unknown.rows > 0 {
            reconciled.differences += 1;
            let difference = Difference::UnknownColumns {
                columns: reconciled.unknown_columns.clone(),
                rows: unknown.rows,
            };
            self.keep(name, None, difference);
        }
        Ok(reconciled)
    }

    fn keep(&mut self, table: &str, record_id: Option<RecordId>, difference: Difference) {
        if self.differences.len() < self.limit {
            self.differences.push(Unrecorded {
                table: table.to_owned(),
                record_id,
                difference,
                before: self.renamed.get(table).cloned(),
            });
        } else {
            self.not_kept += 1;
        }
    }
}

fn renamed_tables(
    database: &mut ReadTransaction,
) -> Result<BTreeMap<String, String>, OperationError> {
    let states = database.audited_tables().table_triggers()?.into_iter();
    let renamed = states.filter(|state| state.state == TriggerState::Renamed);
    Ok(renamed
        .filter_map(|state| Some((state.table, state.before?)))
        .collect())
}

fn compared(database: &mut ReadTransaction, name: &str) -> Result<Compared, OperationError> {
    let definition = match database.tables().shared_partitions()?.contains(name) {
        true => None,
        false => database.tables().defined_table(name)?,
    };
    Ok(Compared {
        definition,
        sums: Sums::default(),
        rows: 0,
    })
}
