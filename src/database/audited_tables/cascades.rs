//! The triggers that implement the actions of a layout's foreign keys, where those of the database fire no triggers.

use std::collections::BTreeMap;

use crate::audit::Trigger;
use crate::database::DatabaseError;
use crate::layout::Layout;

use super::AuditedTables;
use super::triggers::fault;

impl AuditedTables<'_> {
    /// The triggers for actions of foreign keys that were dropped or altered since an import created their tables, each
    /// with the referring table. Without them, a row that others refer to cannot be deleted.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn missing_cascades(
        &mut self,
        layout: &Layout,
    ) -> Result<Vec<(String, Trigger)>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        let mut stored = BTreeMap::new();
        let mut missing = Vec::new();
        for table in &layout.tables {
            let table = &table.table;
            let mut is_faulty = false;
            for (parent, trigger) in dialect.cascades(table) {
                if !stored.contains_key(parent) {
                    let triggers = self.database.connection.stored_triggers(parent)?;
                    stored.insert(parent.to_owned(), triggers);
                }
                is_faulty |= fault(&*dialect, &stored[parent], &trigger).is_some();
            }
            if !is_faulty {
                continue;
            }
            // The database's own key may have an action, or be missing.
            let engine = self.database.connection.engine_mut();
            let keys = engine.restricting_keys(&table.name)?;
            let mut restricting = table.clone();
            restricting
                .foreign_keys
                .retain(|key| keys.iter().any(|one| one.is(table, key)));
            let wanted = dialect.cascades(&restricting).into_iter();
            let faulty =
                wanted.filter(|(parent, one)| fault(&*dialect, &stored[*parent], one).is_some());
            missing.extend(faulty.map(|(_, one)| (table.name.clone(), one)));
        }
        // An account that sees no triggers would find all of them missing.
        Ok(match missing.is_empty() || self.sees_triggers()? {
            true => missing,
            false => Vec::new(),
        })
    }
}
