//! Decides on entries whose rows were looked up, and applies the decisions.

use std::sync::Arc;

use crate::audit::revert::{Later, Reversal, RevertConflict, Undo, undo, undo_unchecked};
use crate::audit::{Image, ReplayStep, imported_record_ids};
use crate::database::{ReadTransaction, RestoredTable, RowUndo};
use crate::model::RecordId;
use crate::operations::OperationError;
use crate::operations::revert::found_rows::{DecidedEntry, FoundRows};
use crate::operations::revert::not_restorable;
use crate::operations::revert::outcome::RevertConflictAt;
use crate::operations::revert::progress::Progress;
use crate::operations::revert::referrers::{RowToDelete, RowToUpdate};

use super::{Reverting, Transaction};

impl Reverting<'_> {
    /// Reverts entries of which the rows were looked up.
    pub(super) fn revert(
        &mut self,
        database: &mut Transaction<'_>,
        table: &Arc<RestoredTable>,
        decided: Vec<DecidedEntry>,
        mut found: FoundRows,
    ) -> Result<(), OperationError> {
        let name = &table.table().name;
        let mut undos = Vec::new();
        let mut deleted = Vec::new();
        let mut updated = Vec::new();
        for one in decided {
            let DecidedEntry {
                step,
                record_id,
                former_id,
            } = one;
            let known = self.rows.of(name, &record_id);
            let row = found.rows.remove(&record_id);
            let row = row.filter(|_| Progress::compares(known));
            let key = database.tables().key_of_image(table, step.row_after());
            // The row is looked up by its key now, and by its former key once it is restored.
            let unidentified = table.unidentified(step.row_after());
            let unidentified = unidentified.or_else(|| table.unidentified(step.row()));
            // An entry whose row is unknown left it like this.
            let left = row.is_none().then(|| step.row_after().clone());
            let later = found.later.get(&record_id).map(|later| &later.changes);
            let reversal = match self.referrers.kept(name, &record_id) {
                Some(_) => Reversal::Conflict(RevertConflict::Referred),
                None => self.decide(table, known, step, row.as_ref(), later),
            };
            let exists = row.is_some();
            let forced = self.rows.forced(name, &record_id);
            let (reversal, is_forced) = match reversal {
                Reversal::Forced(undo) => (Reversal::Undo(undo), true),
                reversal => (reversal, forced.is_some()),
            };
            let before = forced.or(row).or(left).unwrap_or_default();
            let obstacle = match &reversal {
                Reversal::Undo(undo) => table.obstacle(undo, &before),
                Reversal::Forced(_)
                | Reversal::AlreadyUndone
                | Reversal::AlreadyRestored
                | Reversal::Conflict(_) => None,
            };
            if let Some(obstacle) = unidentified.or(obstacle) {
                let policy = self.options.policy;
                let finding = not_restorable::obstacle(name, &record_id, &obstacle, policy);
                self.findings.push(finding);
            }
            let reversal = match reversal {
                // The columns were dropped.
                Reversal::Undo(undo) if table.changes_nothing(&undo, &before) => {
                    Reversal::AlreadyUndone
                }
                reversal => reversal,
            };
            self.tally.count(name, &reversal);
            let progress = known.filter(|_| !Progress::compares(known));
            let progress = progress.unwrap_or_else(|| Progress::after(&reversal));
            let ids = [Some(record_id.as_str()), former_id.as_deref()];
            for id in ids.into_iter().flatten() {
                self.rows.set(name, id, progress);
            }
            let ids = || Self::ids_in_ledger(database, name, ids, &before);
            match reversal {
                Reversal::Undo(undo) | Reversal::Forced(undo) => {
                    if is_forced {
                        let id = former_id.as_ref().unwrap_or(&record_id);
                        self.rows.force(name, id, before.clone(), &undo);
                    }
                    if !self.reverts.is_empty() {
                        self.tally.changed.extend(ids());
                    }
                    match (&*database, &undo) {
                        (Transaction::Write(_), _) => undos.push(RowUndo { key, before, undo }),
                        (Transaction::Read(_), Undo::Delete) => deleted.push(RowToDelete {
                            record_id,
                            image: before,
                        }),
                        (Transaction::Read(_), Undo::Update(values)) => updated.push(RowToUpdate {
                            record_id,
                            columns: values.keys().cloned().collect(),
                            image: before,
                        }),
                        (Transaction::Read(_), Undo::Insert(_)) => {}
                    }
                }
                Reversal::Conflict(conflict) => {
                    self.tally.kept.extend(ids());
                    if Progress::compares(known) {
                        let later = found.later.remove(&record_id).unwrap_or_default();
                        let referrer = self.referrers.kept(name, &record_id);
                        let conflict = RevertConflictAt {
                            table: name.clone(),
                            record_id,
                            conflict,
                            by: later.by,
                            run: later.run,
                            referrer: referrer.cloned(),
                        };
                        self.tally.conflict(conflict, self.options.limit);
                    }
                }
                Reversal::AlreadyUndone if is_forced && progress == Progress::Undoing => {
                    let id = former_id.as_ref().unwrap_or(&record_id);
                    self.rows
                        .force(name, id, before, &Undo::Update(Image::new()));
                }
                // It is compared with the entry before this one, too.
                Reversal::AlreadyUndone if exists => {
                    found.rows.insert(record_id, before);
                }
                Reversal::AlreadyUndone | Reversal::AlreadyRestored => {}
            }
        }
        drop(found);
        let silent = self
            .referrers
            .silent(database, table, updated, &self.rows)?;
        self.findings.extend(silent);
        self.referrers.add(database, table, deleted, &self.rows)?;
        if let Transaction::Write(database) = database {
            let rejected = self.waiting.restore(database, table, undos)?;
            rejected.for_each(|finding| self.findings.push(finding));
        }
        Ok(())
    }

    /// Decides on an entry of a row with this progress.
    fn decide(
        &self,
        table: &RestoredTable,
        known: Option<Progress>,
        step: ReplayStep,
        row: Option<&Image>,
        later: Option<&Later>,
    ) -> Reversal {
        match known {
            Some(Progress::Undoing) => Reversal::Undo(undo_unchecked(step)),
            Some(Progress::Restored) => Reversal::AlreadyRestored,
            Some(Progress::Kept(conflict)) => Reversal::Conflict(conflict),
            None | Some(Progress::Undone) => {
                let written = match (&step, row) {
                    (ReplayStep::Insert { new }, Some(row)) => table.without_defaults(row, new),
                    _ => None,
                };
                let row = written.as_ref().or(row);
                undo(
                    step,
                    row,
                    later.unwrap_or(&Later::default()),
                    self.options.policy,
                )
            }
        }
    }

    /// A row by its record ids and as the ledger may spell them.
    fn ids_in_ledger(
        database: &ReadTransaction,
        table: &str,
        ids: [Option<&str>; 2],
        image: &Image,
    ) -> Vec<(String, RecordId)> {
        let ids = ids.into_iter().flatten();
        ids.flat_map(|id| {
            let others = imported_record_ids(image, id, database.key_rule());
            others.into_iter().chain([RecordId::from(id)])
        })
        .map(|id| (table.to_owned(), id))
        .collect()
    }
}
