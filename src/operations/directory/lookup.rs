//! Fetching what the ledger and the database know of the rows of a round.

use crate::operations::OperationError;
use crate::plan::{Knowledge, Round, Wanted};

use super::Directory;
use super::reading::Reading;
use super::shared::{SharedDatabase, lock};

/// Which rows of the database are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::operations) enum LookUp {
    /// Those of new records, of records that changed since they were imported, and of those that others may refer to.
    Changed,
    /// Those of all records. A row that is not where the ledger says is looked for by its unique keys too: another
    /// program may have written it anew.
    All,
}

impl Directory<'_> {
    /// What the ledger and the database know of a round.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(in crate::operations) fn know(
        &self,
        database: &SharedDatabase<'_>,
        reading: &Reading<'_>,
        wanted: &Wanted,
        (round, look_up): (&Round, LookUp),
    ) -> Result<Knowledge, OperationError> {
        let mut knowledge = Knowledge::default();
        let occupied = (0..self.layout.tables.len()).any(|table| reading.planner.occupied(table));
        if !reading.knows_rows && !occupied && round.parents.is_empty() {
            // A first import asks nothing, and so never waits for the thread that writes.
            return Ok(knowledge);
        }
        let mut database = lock(database);
        if reading.knows_rows {
            let identities: Vec<_> = wanted.round(round).map(|row| row.identity).collect();
            knowledge.known = database.known_rows(&self.source, &identities)?;
            for row in wanted.round(round) {
                // What moved to another file is gone from its own, and entered anew where it is now. A file that did
                // not change still holds the record.
                if let Some(known) = knowledge.known.get_mut(&row.identity) {
                    let elsewhere = known.path != self.path(row.origin.file);
                    known.gone |= elsewhere && !reading.unread.contains(&known.path);
                }
            }
        }
        for (index, table) in self.layout.tables.iter().enumerate() {
            if !reading.planner.occupied(index) {
                continue;
            }
            // Whether it is still there matters to new rows that refer to it.
            let asked_for = reading.planner.has_children(index);
            let mut known = Vec::new();
            let mut new = Vec::new();
            for row in wanted.round(round).filter(|row| row.table == index) {
                match (knowledge.known.get(&row.identity), look_up) {
                    (Some(entry), LookUp::Changed) if entry.digest == row.digest && !asked_for => {}
                    (Some(entry), LookUp::Changed | LookUp::All) => {
                        known.push((row.identity, entry));
                    }
                    (None, LookUp::Changed | LookUp::All) => new.push(row),
                }
            }
            let found = database.rows_by_record_id(table, &known)?;
            if look_up == LookUp::All && found.len() < known.len() {
                new.extend(wanted.round(round).filter(|row| {
                    row.table == index
                        && knowledge.known.contains_key(&row.identity)
                        && !found.contains_key(&row.identity)
                }));
            }
            knowledge.current.extend(found);
            knowledge
                .current
                .extend(database.rows_by_unique_key(table, &new)?);
        }
        if !round.parents.is_empty() {
            knowledge.parents = database.existing_parents(self.layout, &round.parents)?;
        }
        Ok(knowledge)
    }
}
