//! Values that may stand once, and that move from row to row: the row that gives one up is written first.
//!
//! A change whose value another row still has waits until that row gives it up, at most to the end of its file. Rows
//! that wait for each other, as where two change names, go on when one of them is without its value for a moment.

use crate::model::{Row, Rule, Table};
use crate::plan::change::{Change, Problem, TableColumns};

use super::Planner;
use super::wanted::Holder;

/// An insert or update that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) change: Change,
    /// The rows that have what it wants.
    pub(super) holders: Vec<Holder>,
}

impl Waiting {
    /// The row, its record id, and the columns that an update writes.
    fn row(&self) -> Option<(&Row, &String, &[usize])> {
        match &self.change {
            Change::Insert { row, record_id, .. } => Some((row, record_id, &[])),
            Change::Update {
                row,
                record_id,
                columns,
                ..
            } => Some((row, record_id, columns)),
            Change::Vacate { .. }
            | Change::Record { .. }
            | Change::Delete { .. }
            | Change::MarkGone { .. }
            | Change::Forget { .. } => None,
        }
    }
}

impl Planner<'_> {
    /// The changes of a file that waited, in an order in which they can be written, and what is wrong with those that
    /// cannot be.
    pub fn settle(&mut self) -> (Vec<Change>, Vec<Problem>) {
        let mut changes = Vec::new();
        loop {
            let before = self.waiting.len();
            self.take_released(&mut changes);
            if self.waiting.is_empty() {
                return (changes, Vec::new());
            }
            if self.waiting.len() == before {
                match self.vacate() {
                    Some(vacated) => changes.push(vacated),
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

    /// Those of the rows that have, for all that is known now, what may stand once.
    pub(super) fn unreleased(&self, table: usize, holders: Option<&Vec<Holder>>) -> Vec<Holder> {
        let holders = holders.into_iter().flatten();
        let released = &self.released[table];
        holders
            .filter(|holder| !released.contains(&holder.record_id))
            .cloned()
            .collect()
    }

    /// Notes that a row gives up what may stand once: changes are written in the order in which they are planned.
    pub(super) fn release(&mut self, table: usize, columns: &[usize], record_id: Option<&String>) {
        let mut unique = self.unique[table].iter();
        let gives_up = unique.any(|key| key.columns.iter().any(|column| columns.contains(column)));
        self.released[table].extend(record_id.filter(|_| gives_up).cloned());
    }

    fn take_released(&mut self, changes: &mut Vec<Change>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let Some((row, record_id, columns)) = waiting.row() else {
                continue;
            };
            if self
                .unreleased(row.table, Some(&waiting.holders))
                .is_empty()
            {
                let (table, record_id) = (row.table, record_id.clone());
                self.release(table, columns, Some(&record_id));
                changes.push(waiting.change);
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// Lets one of the rows that wait for each other give up what another waits for, where it may be NULL.
    fn vacate(&mut self) -> Option<Change> {
        let wanted = self.waiting.iter().flat_map(|waiting| {
            let table = waiting.row().map(|(row, ..)| row.table);
            waiting.holders.iter().map(move |holder| (table, holder))
        });
        let (table, record_id, column) = wanted
            .filter_map(|(table, holder)| {
                let table = table?;
                let columns = &self.layout.tables[table].table.columns;
                let updated = self.waiting.iter().find_map(|waiting| {
                    let (row, record_id, columns) = waiting.row()?;
                    (row.table == table && *record_id == holder.record_id).then_some(columns)
                })?;
                let mut own = holder.columns.iter().copied();
                let column =
                    own.find(|column| updated.contains(column) && columns[*column].nullable)?;
                Some((table, holder.record_id.clone(), column))
            })
            .next()?;
        self.released[table].insert(record_id.clone());
        Some(Change::Vacate {
            table,
            record_id,
            column,
        })
    }

    /// Takes back that the change was counted.
    fn withdraw(&mut self, waiting: Waiting) -> Option<Problem> {
        let (row, _, columns) = waiting.row()?;
        let table = &self.layout.tables[row.table];
        let counts = &mut self.counts[row.table];
        match columns {
            [] => counts.inserted -= 1,
            _ => counts.updated -= 1,
        }
        counts.converted -= row.conversions.len() as u64;
        let digest = table.digest(&self.hashers[row.table], &row.values);
        self.written[row.table].remove(digest);
        let holder = waiting.holders.first()?;
        Some(taken(&table.table, row, holder))
    }
}

/// A file that did not change has the record too.
pub(super) fn contradiction(table: &Table, row: &Row, path: &str) -> Problem {
    Problem {
        origin: row.origin.clone(),
        columns: None,
        rule: Rule::DuplicateRecord,
        message: format!(
            "a record of `{}` in {path}, which did not change, has the same identity and other values",
            table.name
        ),
        remedy: "decide which of the two is right and remove the other".to_owned(),
    }
}

/// Another row has what may stand once.
pub(super) fn taken(table: &Table, row: &Row, holder: &Holder) -> Problem {
    let names = table.names(&holder.columns);
    let whose = holder
        .path
        .as_ref()
        .map(|path| format!(", a record of {path},"));
    Problem {
        origin: row.origin.clone(),
        columns: Some(TableColumns {
            table: row.table,
            columns: holder.columns.clone(),
        }),
        rule: Rule::NotUnique,
        message: format!(
            "`{}` {}{} has the same {names}",
            table.name,
            holder.record_id,
            whose.unwrap_or_default()
        ),
        remedy: "make the value different in one of the two; if it moves from one to the other, import it in two steps: \
                 first without it in either"
            .to_owned(),
    }
}
