//! Orders changes of unique values that move from row to row: the row that releases a value is written first.
//!
//! A change that needs a value of another row waits until that row releases it, at most until the end of its file. If
//! rows wait for each other, for example because two rows exchange names, one of them is set to NULL for a moment.

use crate::model::{MappedRow, Origin, RecordId, Rule, Table, TableIndex};
use crate::plan::change::{Change, PlannedRow, RowProblem, TableColumns};
use crate::plan::decide::Decision;

use super::row_batch::ConflictingRow;
use super::{Lookup, Planner};

/// An insert or update that waits for unique values.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) change: Change,
    /// The rows that hold these values.
    pub(super) conflicting: Vec<ConflictingRow>,
}

impl Waiting {
    /// The row, and the columns that an update writes.
    fn row(&self) -> Option<(&PlannedRow, &[usize])> {
        match &self.change {
            Change::Insert(row) => Some((row, &[])),
            Change::Update { row, columns } => Some((row, columns)),
            Change::ClearColumn { .. }
            | Change::Record(_)
            | Change::Delete { .. }
            | Change::MarkRemoved { .. }
            | Change::Forget { .. } => None,
        }
    }
}

impl Planner<'_> {
    /// The waiting changes of a file, in an order that satisfies the constraints, and problems for those that cannot be
    /// ordered.
    pub fn resolve_moves(&mut self) -> (Vec<Change>, Vec<RowProblem>) {
        let mut changes = Vec::new();
        loop {
            let before = self.waiting.len();
            self.take_released(&mut changes);
            if self.waiting.is_empty() {
                return (changes, Vec::new());
            }
            if self.waiting.len() == before {
                match self.clear_column() {
                    Some(cleared) => changes.push(cleared),
                    None => break,
                }
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        let problems = waiting
            .into_iter()
            .filter_map(|waiting| self.withdraw(waiting));
        (changes, problems.collect())
    }

    /// The rows that hold unique values of a row to be written, and have not released them yet. The change waits for
    /// them. A row whose own values are not held releases those that it changes.
    ///
    /// # Errors
    /// When a value is held and the row cannot wait: the children of a new row follow it directly.
    pub(super) fn order_unique_moves(
        &mut self,
        row: &MappedRow,
        decision: &Decision,
        record_id: Option<&RecordId>,
        lookup: &Lookup,
    ) -> Result<Vec<ConflictingRow>, RowProblem> {
        let index = row.table;
        let conflicting = self.unreleased(index, lookup.conflicting.get(&row.identity));
        match (decision, conflicting.first()) {
            (Decision::Update(columns), None) => self.release(index, columns, record_id),
            (Decision::Insert, Some(conflict)) if self.has_children(index) => {
                let table = &self.layout.tables[index].table;
                return Err(taken(table, index, &row.origin, conflict));
            }
            (Decision::Update(_), Some(_))
            | (Decision::Insert | Decision::Record | Decision::Unchanged, _) => {}
        }
        Ok(conflicting)
    }

    /// The rows among `conflicting` that have not released their values yet.
    fn unreleased(
        &self,
        table: TableIndex,
        conflicting: Option<&Vec<ConflictingRow>>,
    ) -> Vec<ConflictingRow> {
        let conflicting = conflicting.into_iter().flatten();
        let released = &self.tables[table].released;
        conflicting
            .filter(|conflict| !released.contains(&conflict.record_id))
            .cloned()
            .collect()
    }

    /// Records that a row releases its unique values. Changes are written in the order in which they are planned.
    fn release(&mut self, table: TableIndex, columns: &[usize], record_id: Option<&RecordId>) {
        let plan = &mut self.tables[table];
        let mut unique = plan.unique.iter();
        let gives_up = unique.any(|key| key.columns.iter().any(|column| columns.contains(column)));
        plan.released
            .extend(record_id.filter(|_| gives_up).cloned());
    }

    fn take_released(&mut self, changes: &mut Vec<Change>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let Some((row, columns)) = waiting.row() else {
                continue;
            };
            if self
                .unreleased(row.table, Some(&waiting.conflicting))
                .is_empty()
            {
                let (table, record_id) = (row.table, row.record_id.clone());
                self.release(table, columns, Some(&record_id));
                changes.push(waiting.change);
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// Sets a nullable unique column to NULL in one of the rows that wait for each other.
    fn clear_column(&mut self) -> Option<Change> {
        let wanted = self.waiting.iter().flat_map(|waiting| {
            let table = waiting.row().map(|(row, _)| row.table);
            waiting
                .conflicting
                .iter()
                .map(move |conflict| (table, conflict))
        });
        let (table, record_id, column) = wanted
            .filter_map(|(table, conflict)| {
                let table = table?;
                let columns = &self.layout.tables[table].table.columns;
                let updated = self.waiting.iter().find_map(|waiting| {
                    let (row, columns) = waiting.row()?;
                    let holds = row.table == table && row.record_id == conflict.record_id;
                    holds.then_some(columns)
                })?;
                let mut own = conflict.columns.iter().copied();
                let column =
                    own.find(|column| updated.contains(column) && columns[*column].nullable)?;
                Some((table, conflict.record_id.clone(), column))
            })
            .next()?;
        self.tables[table].released.insert(record_id.clone());
        Some(Change::ClearColumn {
            table,
            record_id,
            column,
        })
    }

    /// Removes the change from the counts and reports why it is impossible.
    fn withdraw(&mut self, waiting: Waiting) -> Option<RowProblem> {
        let (row, columns) = waiting.row()?;
        let table = &self.layout.tables[row.table];
        let plan = &mut self.tables[row.table];
        match columns {
            [] => plan.counts.inserted -= 1,
            _ => plan.counts.updated -= 1,
        }
        plan.counts.converted -= row.conversions.len() as u64;
        let digest = table.digest(&plan.hasher, &row.values);
        plan.written.remove(digest);
        let conflict = waiting.conflicting.first()?;
        Some(taken(&table.table, row.table, &row.origin, conflict))
    }
}

/// Reports that an unchanged file has a different record with the same identity.
pub(super) fn contradiction(table: &Table, row: &MappedRow, path: &str) -> RowProblem {
    RowProblem {
        origin: row.origin.clone(),
        columns: None,
        shared: None,
        cause: None,
        rule: Rule::DuplicateRecord,
        message: format!(
            "a record of `{}` in {path}, which did not change, has the same identity but different values",
            table.name
        ),
        hint: "keep the correct record and remove the other".to_owned(),
    }
}

/// Reports that another row holds the unique value.
pub(super) fn taken(
    table: &Table,
    index: TableIndex,
    origin: &Origin,
    conflict: &ConflictingRow,
) -> RowProblem {
    let names = table.names(&conflict.columns);
    let whose = conflict
        .path
        .as_ref()
        .map(|path| format!(", a record of {path},"));
    RowProblem {
        origin: origin.clone(),
        columns: Some(Box::new(TableColumns {
            table: index,
            columns: conflict.columns.clone(),
        })),
        shared: None,
        cause: None,
        rule: Rule::NotUnique,
        message: format!(
            "`{}` {}{} has the same {names}",
            table.name,
            conflict.record_id,
            whose.unwrap_or_default()
        ),
        hint: "give one of the two a different value; if the value moves from one to the other, import in two steps: \
                 first without it in either row"
            .to_owned(),
    }
}
