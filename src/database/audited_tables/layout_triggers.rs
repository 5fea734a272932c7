//! The audit triggers of a layout's tables, read once for all questions about them.

use crate::database::engine::StoredTrigger;
use crate::database::{DatabaseError, ReadTransaction};
use crate::layout::Layout;

use super::AuditedTables;

/// The stored audit triggers of each table of a layout.
pub struct LayoutTriggers<'l> {
    layout: &'l Layout,
    stored: Vec<Vec<StoredTrigger>>,
}

impl AuditedTables<'_> {
    /// Reads the triggers of a layout's tables; `None` if this account cannot see triggers, or if there is no ledger
    /// yet.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn layout_triggers<'l>(
        &mut self,
        layout: &'l Layout,
    ) -> Result<Option<LayoutTriggers<'l>>, DatabaseError> {
        if !self.database.has_ledger()? || !self.sees_triggers()? {
            return Ok(None);
        }
        let tables = layout.tables.iter();
        let stored =
            tables.map(|table| self.database.connection.stored_triggers(&table.table.name));
        Ok(Some(LayoutTriggers {
            stored: stored.collect::<Result<_, _>>()?,
            layout,
        }))
    }
}

impl<'l> LayoutTriggers<'l> {
    /// The tables without any audit trigger.
    pub fn missing(&self) -> impl Iterator<Item = &'l str> {
        let tables = self.layout.tables.iter().zip(&self.stored);
        let without = tables.filter(|(_, stored)| stored.is_empty());
        without.map(|(table, _)| table.table.name.as_str())
    }

    /// The triggers that are missing or different: table and trigger.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn faulty(
        &self,
        database: &mut ReadTransaction,
    ) -> Result<Vec<(&'l str, String)>, DatabaseError> {
        let mut faulty = Vec::new();
        for (table, stored) in self.layout.tables.iter().zip(&self.stored) {
            let name = table.table.name.as_str();
            if database.connection.has_table(name)? {
                let faults = database.connection.faults_among(stored, &table.table)?;
                faulty.extend(faults.into_iter().map(|(trigger, _)| (name, trigger)));
            }
        }
        Ok(faulty)
    }
}
