//! What the planner of a server knows of its tables.

use super::{Database, DatabaseError};
use crate::layout::Layout;

/// From so many changed rows on it is worth a second.
#[cfg(feature = "postgres")]
const MANY: u64 = 10_000;

impl Database {
    /// Lets PostgreSQL look at the tables of a large load at once: until its daemon does, a minute or so later, it plans
    /// as if they were as empty as before. MySQL looks by itself, and would commit.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(
            unused_variables,
            clippy::unused_self,
            reason = "only PostgreSQL is told"
        )
    )]
    pub(super) fn refresh_statistics(
        &mut self,
        layout: &Layout,
        changed: u64,
    ) -> Result<(), DatabaseError> {
        #[cfg(feature = "postgres")]
        if let super::AnyConnection::Postgres(connection) = &mut self.connection
            && changed >= MANY
        {
            let ledger = [
                "import_runs",
                "source_files",
                "row_sources",
                "conversions",
                "audit_log",
            ];
            let tables = layout.tables.iter().map(|table| &*table.table.name);
            let all: Vec<&str> = ledger.into_iter().chain(tables).collect();
            super::postgres::analyze(connection, &all)?;
        }
        Ok(())
    }
}
