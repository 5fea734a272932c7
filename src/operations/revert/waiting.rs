//! Applies changes, and keeps those that violate a foreign key until others were applied: rows of several tables can
//! refer to each other, and a database may check each statement at once.

use std::sync::Arc;

use crate::database::{DatabaseError, RestoredTable, RowFault, RowUndo, WriteTransaction};
use crate::model::Finding;

use super::not_restorable;

/// Changes that wait for others, in the order in which they are to be applied.
#[derive(Default)]
pub(super) struct Waiting(Vec<(Arc<RestoredTable>, Vec<RowUndo>)>);

impl Waiting {
    /// Applies changes; returns findings for rows that the database does not accept whatever the order.
    pub(super) fn restore(
        &mut self,
        database: &mut WriteTransaction,
        table: &Arc<RestoredTable>,
        undos: Vec<RowUndo>,
    ) -> Result<impl Iterator<Item = Finding> + use<>, DatabaseError> {
        // Changes of one row are applied in their order.
        let (mut waiting, undos): (Vec<_>, Vec<_>) =
            undos.into_iter().partition(|undo| self.has(table, undo));
        let restored = database.tables().restore_rows(table, undos)?;
        waiting.extend(restored.waiting);
        if !waiting.is_empty() {
            self.0.push((Arc::clone(table), waiting));
        }
        let name = table.table().name.clone();
        let rejected = restored.rejected.into_iter();
        Ok(rejected.map(move |row| not_restorable::rejected(&name, &row)))
    }

    /// Applies the changes as long as the database accepts some of them; returns findings for the others.
    pub(super) fn resolve(
        &mut self,
        database: &mut WriteTransaction,
    ) -> Result<impl Iterator<Item = Finding> + use<>, DatabaseError> {
        let mut findings = Vec::new();
        while self.count() > 0 {
            let before = self.count();
            for (table, undos) in std::mem::take(&mut self.0) {
                findings.extend(self.restore(database, &table, undos)?);
            }
            if self.count() < before {
                continue;
            }
            for (table, undos) in std::mem::take(&mut self.0) {
                if let Some(undo) = undos.first() {
                    let row = database
                        .tables()
                        .rejected_row(&table, undo, RowFault::ForeignKey)?;
                    findings.push(not_restorable::rejected(&table.table().name, &row));
                }
            }
        }
        Ok(findings.into_iter())
    }

    fn count(&self) -> usize {
        self.0.iter().map(|(_, undos)| undos.len()).sum()
    }

    fn has(&self, table: &RestoredTable, undo: &RowUndo) -> bool {
        let mut waiting = self.0.iter();
        waiting.any(|(other, undos)| {
            other.table().name == table.table().name
                && undos.iter().any(|other| other.key == undo.key)
        })
    }
}
