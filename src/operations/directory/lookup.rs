//! Fetching what the ledger and the database know of the rows of a round.

use std::collections::HashMap;

use crate::database::ledger::LedgerRow;
use crate::database::{Database, SameKey};
use crate::layout::Source;
use crate::model::{Fingerprint, Row};
use crate::operations::OperationError;
use crate::plan::{Contested, Holder, Knowledge, Round, Wanted};

use super::Directory;
use super::owners::Owner;
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
        reading: &mut Reading<'_>,
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
                if let Some(known) = knowledge.known.get_mut(&row.identity)
                    && known.path != self.path(row.origin.file)
                {
                    let stays = reading.unread.contains(&known.path) && !known.gone;
                    known.gone |= !stays;
                    if stays && known.digest != row.digest {
                        let path = known.path.clone();
                        knowledge.contradicted.insert(row.identity, path);
                    }
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
            // Values that may stand once may stand in the row of another record.
            if look_up == LookUp::Changed && reading.planner.has_unique_keys(index) {
                new.extend(wanted.round(round).filter(|row| {
                    let known = knowledge.known.get(&row.identity);
                    row.table == index && known.is_some_and(|known| known.digest != row.digest)
                }));
            }
            knowledge.current.extend(found);
            if reading.layout_changed && look_up == LookUp::Changed {
                let rows = wanted.round(round).filter(|row| row.table == index);
                self.untouched(&mut database, index, rows, &mut knowledge)?;
            }
            let found = database.rows_by_unique_key(table, &new)?;
            self.assign(
                &mut database,
                reading,
                (index, look_up),
                found,
                &mut knowledge,
            )?;
        }
        if !round.parents.is_empty() {
            knowledge.parents = database.existing_parents(self.layout, &round.parents)?;
        }
        Ok(knowledge)
    }

    /// Finds out, by the trail, which rows are as the last import left them.
    fn untouched<'r>(
        &self,
        database: &mut Database,
        table: usize,
        rows: impl Iterator<Item = &'r Row>,
        knowledge: &mut Knowledge,
    ) -> Result<(), OperationError> {
        let name = &self.layout.tables[table].table.name;
        let changed = rows.filter_map(|row| {
            let known = knowledge.known.get(&row.identity)?;
            let differs = known.digest != row.digest;
            let there = knowledge.current.contains_key(&row.identity);
            (differs && there).then_some((row.identity, known.record_id.as_str()))
        });
        let changed: Vec<(Fingerprint, &str)> = changed.collect();
        if changed.is_empty() || !database.is_recorded(name)? {
            return Ok(());
        }
        let record_ids: Vec<&str> = changed.iter().map(|(_, id)| *id).collect();
        let by_runs = database.last_changed_by_runs(name, &record_ids)?;
        let untouched = changed.iter().filter(|(_, id)| by_runs.contains(*id));
        let untouched: Vec<Fingerprint> = untouched.map(|(identity, _)| *identity).collect();
        knowledge.untouched.extend(untouched);
        Ok(())
    }

    /// Says whose the rows are that records found by a key: a row is one record's.
    fn assign(
        &self,
        database: &mut Database,
        reading: &mut Reading<'_>,
        (table, look_up): (usize, LookUp),
        found: HashMap<Fingerprint, Vec<SameKey>>,
        knowledge: &mut Knowledge,
    ) -> Result<(), OperationError> {
        let name = &self.layout.tables[table].table.name;
        for (identity, rows) in found {
            if look_up == LookUp::All {
                let current = rows.into_iter().next();
                let current = current.map(|row| (identity, (row.record_id, row.values)));
                knowledge.current.extend(current);
                continue;
            }
            let own = knowledge.known.get(&identity);
            let own = own.map(|known| known.record_id.clone());
            let others = rows.into_iter();
            let others = others.filter(|row| own.as_ref() != Some(&row.record_id));
            for (place, row) in others.enumerate() {
                let owner = match reading.knows_rows {
                    true => {
                        let row = (name.as_str(), row.record_id.as_str());
                        reading.owners.of(database, &self.source, row)?
                    }
                    false => Owner::Nobody,
                };
                // A record has one row: the others that it finds by further keys are in its way.
                let may_have_it = own.is_none() && place == 0;
                let holder = |path| Holder {
                    record_id: row.record_id.clone(),
                    columns: row.columns.clone(),
                    path,
                };
                let holder = match owner {
                    Owner::Nobody if may_have_it => {
                        let current = (row.record_id, row.values);
                        knowledge.current.insert(identity, current);
                        continue;
                    }
                    Owner::Record(owner)
                        if may_have_it && self.may_be_gone(reading, table, &owner) =>
                    {
                        knowledge.contested.push(Contested {
                            table,
                            identity,
                            owner: owner.identity,
                            known: owner.known,
                            values: row.values,
                            columns: row.columns,
                        });
                        continue;
                    }
                    Owner::Record(owner) => holder(Some(owner.known.path)),
                    Owner::Nobody | Owner::Read => holder(None),
                };
                knowledge.holders.entry(identity).or_default().push(holder);
            }
        }
        Ok(())
    }

    /// Whether, as far as is known now, no file has the record of the entry any more.
    fn may_be_gone(&self, reading: &Reading<'_>, table: usize, entry: &LedgerRow) -> bool {
        // What only stands in for a record is left out once that is there, though its file did not change.
        let rules = self.layout.sources.iter().flat_map(Source::rules);
        let mut rules = rules.filter(|rule| rule.table == table);
        let stands_in = rules.any(|rule| rule.unless.is_some());
        let unread = reading.unread.contains(&entry.known.path) && !entry.known.gone;
        (!unread || stands_in) && !reading.planner.saw(table, &entry.identity)
    }
}
