//! Whose row it is that a record finds by a key: a row is one record's, however it is found.

use std::collections::HashMap;

use crate::database::ledger::LedgerRow;
use crate::database::{Database, DatabaseError};
use crate::model::{Fingerprint, Hasher};
use crate::plan::LedgerKey;

/// Whose a row is.
pub(super) enum Owner {
    /// No record's of the directory.
    Nobody,
    /// This record's.
    Record(LedgerRow),
    /// A record's that this run read already: what the ledger said of it is no longer so.
    Read,
}

/// The ledger's entries by the rows they are of; of each table that is asked for, all, since the ledger has no index of
/// rows. Rarely needed: only where a new record finds a row that is there.
#[derive(Default)]
pub(super) struct Owners {
    tables: HashMap<String, HashMap<Fingerprint, (LedgerKey, bool)>>,
}

impl Owners {
    /// Which record of `source` became this row.
    pub(super) fn of(
        &mut self,
        database: &mut Database,
        source: &str,
        (table, record_id): (&str, &str),
    ) -> Result<Owner, DatabaseError> {
        if !self.tables.contains_key(table) {
            let mut entries: HashMap<Fingerprint, (LedgerKey, bool)> = HashMap::new();
            database.each_entry_of_table(source, table, &mut |key, record_id, gone| {
                let entry = entries.entry(of_text(record_id)).or_insert((key, gone));
                if entry.1 && !gone {
                    *entry = (key, gone);
                }
            })?;
            self.tables.insert(table.to_owned(), entries);
        }
        match self.tables[table].get(&of_text(record_id)) {
            Some((key, _)) => Ok(match database.entry_at(source, *key)? {
                Some(row) => Owner::Record(row),
                None => Owner::Read,
            }),
            None => Ok(Owner::Nobody),
        }
    }
}

fn of_text(text: &str) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.bytes(text.as_bytes());
    hasher.fingerprint()
}
