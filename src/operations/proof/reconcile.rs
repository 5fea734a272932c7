//! Replaying the trail and comparing it with the rows: whatever changed without an entry is listed. Writes nothing.
//!
//! Two passes over everything settle what is as it should be (see [`audit::reconcile`](crate::audit::reconcile)); only
//! rows that may differ are replayed one by one, so many at a time as memory is meant for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::audit::reconcile::{Replay, RowDifference, Summing, Sums};
use crate::audit::{Image, Step, record_id};
use crate::database::{Access, Database, DatabaseUrl, TrailStep};
use crate::model::Table;
use crate::operations::{OperationError, Surroundings};

/// Entries and rows that are replayed at a time.
const AT_A_TIME: u64 = 200_000;

/// What to compare.
#[derive(Debug, Clone)]
pub struct ReconcileOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// How many differences are listed; all are counted.
    pub limit: usize,
}

/// What became of a comparison of trail and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileOutcome {
    /// The database.
    pub database: String,
    /// Entries that were replayed.
    pub entries: u64,
    /// One per table that the trail names, sorted.
    pub tables: Vec<ReconciledTable>,
    /// The first differences, by table and record.
    pub differences: Vec<Unrecorded>,
    /// How many more there are.
    pub differences_not_kept: u64,
}

/// A table that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciledTable {
    /// Its name.
    pub name: String,
    /// Rows that are there.
    pub rows: u64,
    /// Rows of which not every change is in the trail.
    pub differences: u64,
    /// Columns that no entry knows: they were added later, and are not compared.
    pub unknown_columns: Vec<String>,
}

/// A row of which not every change is in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The table.
    pub table: String,
    /// Primary key as text; `None` if the whole table is gone.
    pub record_id: Option<String>,
    /// How it differs; `None` if the whole table is gone.
    pub difference: Option<RowDifference>,
}

impl ReconcileOutcome {
    /// Whether the trail says exactly what the rows say.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.differences_not_kept == 0
    }
}

/// Compares trail and rows.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn reconcile(
    options: &ReconcileOptions,
    around: Surroundings<'_>,
) -> Result<ReconcileOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        database.require_ledger()?;
        let mut comparison = Comparison {
            database,
            around,
            summing: Summing::default(),
            entries: 0,
            limit: options.limit,
            differences: Vec::new(),
            not_kept: 0,
        };
        let mut tables = comparison.sum_trail()?;
        comparison.sum_rows(&mut tables)?;
        let mut reconciled = Vec::new();
        for (name, table) in &tables {
            reconciled.push(comparison.replay(name, table)?);
        }
        Ok(ReconcileOutcome {
            database: options.database.to_string(),
            entries: comparison.entries,
            tables: reconciled,
            differences: comparison.differences,
            differences_not_kept: comparison.not_kept,
        })
    })
}

/// A table that the trail names.
struct Compared {
    /// `None` if it is gone.
    definition: Option<Table>,
    sums: Sums,
    rows: u64,
}

struct Comparison<'a> {
    database: &'a mut Database,
    around: Surroundings<'a>,
    summing: Summing,
    entries: u64,
    limit: usize,
    differences: Vec<Unrecorded>,
    not_kept: u64,
}

impl Comparison<'_> {
    /// Sums up what the trail says, and finds the tables it names.
    fn sum_trail(&mut self) -> Result<BTreeMap<String, Compared>, OperationError> {
        let mut tables = BTreeMap::new();
        for name in self.database.audited_tables()? {
            let table = compared(self.database, &name)?;
            tables.insert(name, table);
        }
        let mut unknown: BTreeMap<String, Sums> = BTreeMap::new();
        let (summing, around) = (&self.summing, self.around);
        let mut entries = 0;
        self.database.each_trail_step(&mut |step| {
            entries += 1;
            if entries % 65_536 == 0 {
                around.check_interrupt()?;
            }
            match tables.get_mut(&step.table_name) {
                Some(table) => {
                    if let Some(key) = table.definition.as_ref().map(key)
                        && let Some(to) = moved(&step, &key)
                    {
                        table.sums.moved(summing, &step.record_id, &to);
                    }
                    add(&mut table.sums, summing, &step);
                }
                None => {
                    let sums = unknown.entry(step.table_name.clone()).or_default();
                    add(sums, summing, &step);
                }
            }
            Ok::<_, OperationError>(())
        })?;
        self.entries = entries;
        // Tables without triggers: they were dropped, or the table was made anew.
        for (name, sums) in unknown {
            let table = compared(self.database, &name)?;
            tables.insert(name, Compared { sums, ..table });
        }
        Ok(tables)
    }

    /// Takes away what is there.
    fn sum_rows(&mut self, tables: &mut BTreeMap<String, Compared>) -> Result<(), OperationError> {
        for table in tables.values_mut() {
            let Some(definition) = &table.definition else {
                continue;
            };
            let (sums, rows, summing) = (&mut table.sums, &mut table.rows, &self.summing);
            self.database.each_live_row(definition, &mut |row| {
                *rows += 1;
                sums.row(summing, &row.record_id, &row.image);
                Ok::<_, OperationError>(())
            })?;
            self.around.check_interrupt()?;
        }
        Ok(())
    }

    /// Replays the rows of a table whose sums do not come out even.
    fn replay(&mut self, name: &str, table: &Compared) -> Result<ReconciledTable, OperationError> {
        let mut reconciled = ReconciledTable {
            name: name.to_owned(),
            rows: table.rows,
            differences: 0,
            unknown_columns: Vec::new(),
        };
        let Some(definition) = &table.definition else {
            let rows_left = !table.sums.uneven(AT_A_TIME).is_empty();
            if rows_left {
                reconciled.differences = 1;
                self.keep(Unrecorded {
                    table: name.to_owned(),
                    record_id: None,
                    difference: None,
                });
            }
            return Ok(reconciled);
        };
        let mut unknown = BTreeSet::new();
        for group in table.sums.uneven(AT_A_TIME) {
            let mut replay = Replay::default();
            let summing = self.summing.clone();
            let wanted = |record_id: &str| group[summing.bucket(record_id)];
            let key = key(definition);
            self.database.each_trail_step(&mut |step| {
                if step.table_name == name && wanted(&step.record_id) {
                    let (old, new) = (step.old_value.as_deref(), step.new_value.as_deref());
                    let read = Step::read(&step.action, old, new);
                    replay.entry(step.id, &step.record_id, read, &key);
                }
                Ok::<_, OperationError>(())
            })?;
            self.database.each_live_row(definition, &mut |row| {
                if wanted(&row.record_id) {
                    let image: Image = serde_json::from_str(&row.image).unwrap_or_default();
                    replay.row(row.record_id, &image);
                }
                Ok::<_, OperationError>(())
            })?;
            self.around.check_interrupt()?;
            let (differences, columns) = replay.finish();
            unknown.extend(columns);
            reconciled.differences += differences.len() as u64;
            for (record_id, difference) in differences {
                self.keep(Unrecorded {
                    table: name.to_owned(),
                    record_id: Some(record_id),
                    difference: Some(difference),
                });
            }
        }
        reconciled.unknown_columns = unknown.into_iter().collect();
        Ok(reconciled)
    }

    fn keep(&mut self, difference: Unrecorded) {
        if self.differences.len() < self.limit {
            self.differences.push(difference);
        } else {
            self.not_kept += 1;
        }
    }
}

fn compared(database: &mut Database, name: &str) -> Result<Compared, OperationError> {
    Ok(Compared {
        definition: database.defined_table(name)?,
        sums: Sums::default(),
        rows: 0,
    })
}

fn key(table: &Table) -> Vec<&str> {
    let key = table.primary_key.iter();
    key.map(|&at| table.columns[at].name.as_str()).collect()
}

fn add(sums: &mut Sums, summing: &Summing, step: &TrailStep) {
    let (old, new) = (step.old_value.as_deref(), step.new_value.as_deref());
    sums.entry(summing, &step.record_id, old, new);
}

/// The record id after an UPDATE that changed the key. Images begin with the key, so equal beginnings settle it.
fn moved(step: &TrailStep, key: &[&str]) -> Option<String> {
    let (Some(old), Some(new)) = (&step.old_value, &step.new_value) else {
        return None;
    };
    let image = |text: &str| serde_json::from_str::<Image>(text).ok();
    let (old, new) = (image(old)?, image(new)?);
    let changed = key.iter().any(|&column| old.get(column) != new.get(column));
    changed.then(|| record_id(&new, key))
}
