//! Names the rows that do not have the values of the plan, before the import is rolled back.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::database::audit_log::{EntryFilter, EntryOrder};
use crate::database::{Mismatch, ReadTransaction};
use crate::model::RunId;
use crate::operations::OperationError;
use crate::operations::verify::{Difference, DifferenceKind, differences_of};

use super::Import;

/// The number of differences that are searched for.
const SEARCHED: usize = 1000;

/// The number of rows that are named per table.
const NAMED: usize = 3;

impl Import<'_> {
    /// The error about tables that differ from the plan. Their rows are compared with the files, which are read again:
    /// the plan is not kept.
    pub(super) fn not_as_planned(
        &self,
        database: &mut ReadTransaction,
        mut mismatches: Vec<Mismatch>,
    ) -> OperationError {
        match self.changed_rows(database) {
            Ok(rows) => {
                let differs = |table: &str| mismatches.iter().any(|one| one.table == table);
                let rows: Vec<_> = rows.into_iter().filter(|one| differs(&one.table)).collect();
                mismatches.extend(rows);
                mismatches.sort_by(|one, other| one.table.cmp(&other.table));
                OperationError::NotAsPlanned(mismatches)
            }
            // The rows are only part of the message.
            Err(_) => OperationError::NotAsPlanned(mismatches),
        }
    }

    fn changed_rows(
        &self,
        database: &mut ReadTransaction,
    ) -> Result<Vec<Mismatch>, OperationError> {
        let mut found: BTreeMap<String, [Vec<Mismatch>; 2]> = BTreeMap::new();
        for difference in differences_of(&self.directory, database, SEARCHED)? {
            let table = difference.table.clone();
            let has_written = self.has_written(database, &difference)?;
            let message = described(&difference);
            let rows = &mut found.entry(table.clone()).or_default()[usize::from(!has_written)];
            if rows.len() < NAMED {
                rows.push(Mismatch { table, message });
            }
        }
        let rows = found.into_values();
        Ok(rows
            .flat_map(|[written, others]| if written.is_empty() { others } else { written })
            .collect())
    }

    /// Whether the run wrote the row. Others may differ from the files on purpose, so they are named only if no written
    /// row differs.
    fn has_written(
        &self,
        database: &mut ReadTransaction,
        difference: &Difference,
    ) -> Result<bool, OperationError> {
        let Some(record_id) = &difference.record_id else {
            return Ok(true);
        };
        let (run, mut written) = (RunId::from(self.run.id), false);
        let filter = EntryFilter::of_row(&difference.table, record_id);
        database
            .audit_log()
            .each_entry(&filter, EntryOrder::NewestFirst, &mut |entry| {
                written = entry.run_id.as_ref() == Some(&run);
                ControlFlow::Break(())
            })?;
        Ok(written)
    }
}

fn described(difference: &Difference) -> String {
    let record = difference.record_id.as_deref().unwrap_or_default();
    let place = &difference.place;
    match &difference.kind {
        DifferenceKind::Different { column, .. } => {
            format!("row `{record}`: `{column}` does not have the value of the record ({place})")
        }
        DifferenceKind::Missing | DifferenceKind::Removed | DifferenceKind::Unread => {
            format!("row `{record}` is missing, or has another key than its record ({place})")
        }
    }
}
