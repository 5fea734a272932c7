//! The statistics that the database's query planner uses.

use crate::database::{DatabaseError, Writing};
use crate::layout::Layout;

use super::Tables;

/// Number of changed rows from which updating the statistics, which takes up to a second, pays off.
const MANY: u64 = 10_000;

const LEDGER: [&str; 5] = [
    "import_runs",
    "source_files",
    "row_sources",
    "conversions",
    "audit_log",
];

impl Writing<Tables<'_>> {
    /// Updates the statistics of the tables of a large load.
    pub(in crate::database) fn refresh_statistics(
        &mut self,
        layout: &Layout,
        changed: u64,
    ) -> Result<(), DatabaseError> {
        if changed >= MANY {
            let tables = layout.tables.iter().map(|table| &*table.table.name);
            let all: Vec<&str> = LEDGER.into_iter().chain(tables).collect();
            self.database.connection.engine_mut().analyze(&all)?;
        }
        Ok(())
    }
}
