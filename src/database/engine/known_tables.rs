//! What a transaction that only reads has found out about tables, so that a server is not asked again.

use std::collections::HashMap;

use super::{AnyConnection, StoredColumn, StoredTrigger};
use crate::database::DatabaseError;

/// Answers of the catalog within one transaction that only reads: it sees one state of the database.
#[derive(Debug, Default)]
pub(in crate::database) struct KnownTables {
    /// By name, whether there is such a table.
    tables: HashMap<String, bool>,
    /// By name, the columns; none if there is no such table.
    columns: HashMap<String, Vec<StoredColumn>>,
    /// By name of the table, its audit triggers.
    triggers: HashMap<String, Vec<StoredTrigger>>,
}

/// The answers to one question, by the name of the table.
pub(in crate::database) type Answers<T> = fn(&mut KnownTables) -> &mut HashMap<String, T>;

pub(super) const TABLES: Answers<bool> = |known| &mut known.tables;
pub(super) const COLUMNS: Answers<Vec<StoredColumn>> = |known| &mut known.columns;
pub(in crate::database) const TRIGGERS: Answers<Vec<StoredTrigger>> = |known| &mut known.triggers;

impl AnyConnection {
    /// Begins or ends remembering; before and after, every question is asked.
    pub(in crate::database) fn remember_tables(&mut self, remember: bool) {
        if let Some(known) = self.engine_mut().known_tables() {
            *known = remember.then(KnownTables::default);
        }
    }

    /// The known answer, or else the one that `ask` gets.
    pub(in crate::database) fn remembered<T: Clone>(
        &mut self,
        answers: Answers<T>,
        table: &str,
        ask: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        if let Some(known) = self.engine_mut().known_tables().and_then(Option::as_mut)
            && let Some(answer) = answers(known).get(table)
        {
            return Ok(answer.clone());
        }
        let answer = ask(self)?;
        if let Some(known) = self.engine_mut().known_tables().and_then(Option::as_mut) {
            answers(known).insert(table.to_owned(), answer.clone());
        }
        Ok(answer)
    }
}
