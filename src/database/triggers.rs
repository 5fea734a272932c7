//! Audit triggers that outlive the trail: they would make every write of the application fail.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::sqlite::{TRIGGER_PREFIX, identifier};

use super::{AnyConnection, Database, DatabaseError};

#[derive(QueryableByName)]
struct StoredTrigger {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Database {
    /// Drops the audit triggers of the application's tables if there is no audit trail for them to write to, and gives
    /// their names.
    ///
    /// # Errors
    /// When the schema cannot be read or changed.
    pub fn drop_orphaned_triggers(&mut self) -> Result<Vec<String>, DatabaseError> {
        if self.connection.has_table("audit_log")? {
            return Ok(Vec::new());
        }
        let AnyConnection::Sqlite(connection) = &mut self.connection;
        let query = "SELECT name FROM sqlite_master WHERE type = 'trigger' \
                     AND substr(name, 1, length(?1)) = ?1 ORDER BY name";
        let stored: Vec<StoredTrigger> = diesel::sql_query(query)
            .bind::<Text, _>(TRIGGER_PREFIX)
            .load(connection)?;
        for trigger in &stored {
            connection.batch_execute(&format!("DROP TRIGGER {}", identifier(&trigger.name)))?;
        }
        Ok(stored.into_iter().map(|trigger| trigger.name).collect())
    }
}
