//! Creates the triggers of tables that are added to the audit log, in the place of others.

use crate::database::{DatabaseError, Phase, WriteTransaction};

use super::chosen::Chosen;

impl Chosen {
    /// Creates the triggers that are missing or differ, and drops those of former names and of absorbed partitions.
    pub(super) fn create_triggers(
        &self,
        database: &mut WriteTransaction,
    ) -> Result<(), DatabaseError> {
        let mut audited = database.audited_tables();
        audited.drop_triggers_of_former_names(&self.former, Phase::Before)?;
        for (table, _) in &self.unwatched {
            for (part, whole) in &self.absorbed {
                if *whole == table.name {
                    audited.stop_recording(part)?;
                }
            }
            audited.record_changes_of(table)?;
        }
        audited.drop_triggers_of_former_names(&self.former, Phase::After)
    }
}
