//! Partitions of recorded tables that were detached and are in another schema, as when old ones are moved to an archive.
//! They are no tables of the application, but their rows still have entries.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;

use crate::database::engine::TriggerElsewhere;
use crate::database::{DatabaseError, TableTriggers, TriggerState, Writing};

use super::AuditedTables;
use super::altered::before_state;

impl AuditedTables<'_> {
    /// Adds those whose rows still have entries of a recorded table.
    pub(in crate::database) fn add_tables_detached_elsewhere(
        &mut self,
        tables: &mut Vec<TableTriggers>,
        logged: &BTreeSet<String>,
    ) -> Result<(), DatabaseError> {
        let found = self.database.connection.engine_mut().triggers_elsewhere()?;
        for of_table in found.chunk_by(|one, next| one.of_table == next.of_table) {
            let stored = of_table.iter().map(|one| &one.trigger);
            // A table that was moved to another schema is missing here, which is reported.
            if before_state(stored.clone()) != TriggerState::Detached {
                continue;
            }
            let dialect = self.database.connection.dialect();
            let writes = |name: &&String| {
                let mut stored = stored.clone();
                stored.any(|trigger| dialect.writes_entries_of(&trigger.definition, name))
            };
            let Some(before) = logged.iter().find(writes).cloned() else {
                continue;
            };
            tables.push(TableTriggers {
                faulty: stored.map(|trigger| trigger.name.clone()).collect(),
                before: Some(before),
                ..TableTriggers::without_triggers(
                    of_table[0].of_table.clone(),
                    TriggerState::Detached,
                )
            });
        }
        Ok(())
    }
}

impl Writing<AuditedTables<'_>> {
    /// Drops the triggers of a detached partition, also in another schema, after the table that it was a part of was
    /// accounted for.
    ///
    /// # Errors
    /// When the database reports an error, as without the rights of the table's owner.
    pub fn forget_detached(&mut self, table: &str) -> Result<(), DatabaseError> {
        if let Some(here) = self.database.tables().defined_table(table)? {
            self.stop_recording(&here)?;
            return Ok(());
        }
        let mut found = self.database.connection.engine_mut().triggers_elsewhere()?;
        found.retain(|one: &TriggerElsewhere| one.of_table == table);
        for one in found {
            self.database
                .connection
                .batch_execute(&one.trigger.drop_statement)?;
        }
        Ok(())
    }
}
