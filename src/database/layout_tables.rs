//! The layout's tables and their triggers: made where missing, held while a run writes.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::layout::Layout;
use crate::model::TableDigest;
use crate::plan::TableCounts;

use super::select::MaxKey;
use super::target_tables::TargetTables;
use super::{Database, DatabaseError};

impl Database {
    /// Makes the missing tables with their indexes, and the audit triggers of all that lack or outdated them.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn prepare_tables(
        &mut self,
        layout: &Layout,
        target: &TargetTables,
    ) -> Result<(), DatabaseError> {
        let dialect = self.connection.dialect();
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if !found.existed {
                self.connection
                    .batch_execute(&dialect.create_table(&table.table))?;
                for statement in dialect.create_indexes(&table.table) {
                    self.connection.batch_execute(&statement)?;
                }
            }
            self.connection.replace_triggers(&table.table)?;
        }
        // Triggers on the parents of a table: all tables must be there.
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if !found.existed {
                for trigger in dialect.cascades(&table.table) {
                    self.connection.batch_execute(&trigger.create)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps other programs from changing the layout's tables until the transaction ends.
    ///
    /// # Errors
    /// When another program holds one of them for too long.
    pub fn hold_tables(&mut self, layout: &Layout) -> Result<(), DatabaseError> {
        let mut held = Vec::new();
        for table in &layout.tables {
            let name = table.table.name.as_str();
            if self.connection.has_table(name)? {
                held.push(name);
            }
        }
        Ok(self.connection.hold_tables(&held)?)
    }

    /// The numbers that this run gave new rows are not given again by the database.
    pub(super) fn note_numbers(
        &mut self,
        layout: &Layout,
        planned: &[(TableCounts, TableDigest)],
    ) -> Result<(), DatabaseError> {
        for (table, (counts, _)) in layout.tables.iter().zip(planned) {
            let table = &table.table;
            let Some(key) = table.generated_key().filter(|_| counts.inserted > 0) else {
                continue;
            };
            let column = table.columns[key].name.as_str();
            let max = MaxKey {
                table: &table.name,
                column,
            };
            let last: Option<i64> = max.get_result(&mut self.connection)?;
            let place = (table.name.as_str(), column);
            self.connection.note_number(place, last.unwrap_or(1))?;
        }
        Ok(())
    }
}
