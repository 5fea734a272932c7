//! Determines from the audit log who changed rows last.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::database::stored_text::{OptionalText, StoredText};
use crate::database::{Database, DatabaseError};

use super::tables::audit_log;

impl Database {
    /// Returns those of these rows that were last changed by a run.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn last_changed_by_runs(
        &mut self,
        table: &str,
        record_ids: &[&str],
    ) -> Result<HashSet<String>, DatabaseError> {
        let mut by_runs = HashSet::new();
        for some in record_ids.chunks(500) {
            let entries: Vec<(StoredText, OptionalText)> = audit_log::table
                .filter(audit_log::table_name.eq(table))
                .filter(audit_log::record_id.eq_any(some))
                .order(audit_log::id)
                .select((audit_log::record_id, audit_log::run_id))
                .load(&mut self.connection)?;
            for (record_id, run) in entries {
                let record_id = String::from(record_id);
                match Option::<String>::from(run) {
                    Some(_) => by_runs.insert(record_id),
                    None => by_runs.remove(&record_id),
                };
            }
        }
        Ok(by_runs)
    }
}
