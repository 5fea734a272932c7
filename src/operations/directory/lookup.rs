//! Looks up the ledger entries and database rows of a round.

use std::collections::{BTreeSet, HashMap};

use crate::database::{ReadTransaction, SameKey};
use crate::model::{Fingerprint, MappedRow, TableIndex};
use crate::operations::OperationError;
use crate::plan::{Lookup, Planner, Round, RowBatch};

use super::Directory;
use super::ownership::Ownership;
use super::shared::{SharedTransaction, lock};

/// Which rows of the database to look up.
#[derive(Debug, Clone, Copy)]
pub(in crate::operations) enum LookupScope<'s> {
    /// The rows of new records, of records that changed since they were imported, and of records that others may refer
    /// to.
    Changed {
        /// Tables for which the audit log is asked who changed a row last, because the ledger's digests may cover other
        /// columns than those mapped now.
        by_audit_log: &'s BTreeSet<TableIndex>,
    },
    /// The rows of all records. A row that the ledger's entry does not lead to is also searched by its unique keys:
    /// another program may have replaced it.
    All,
}

impl Directory<'_> {
    /// Looks up the ledger entries and database rows of a round. Claims to rows of other records are left to
    /// [`Ownership::resolve_claims`].
    ///
    /// # Errors
    /// When the ledger or the database cannot be read.
    pub(in crate::operations) fn look_up(
        &self,
        database: &SharedTransaction<'_>,
        planner: &Planner<'_>,
        ownership: &mut Ownership,
        batch: &RowBatch,
        round: &Round,
        scope: LookupScope<'_>,
    ) -> Result<Lookup, OperationError> {
        let mut lookup = Lookup::default();
        let occupied = self
            .layout
            .tables
            .indexes()
            .any(|table| planner.occupied(table));
        if !ownership.knows_rows && !occupied && round.parents.is_empty() {
            // A first import needs no lookups, so that it never waits for the writer thread.
            return Ok(lookup);
        }
        let _span = tracing::debug_span!("look-up").entered();
        let mut database = lock(database);
        if ownership.knows_rows {
            let identities: Vec<_> = batch.round(round).map(|row| row.identity).collect();
            lookup.known = database.ledger().known_rows(&self.source, &identities)?;
            ownership.compare_files(self, batch.round(round), &mut lookup);
        }
        for table in self.layout.tables.indexes() {
            let rows: Vec<&MappedRow> = batch
                .round(round)
                .filter(|row| row.table == table)
                .collect();
            if rows.is_empty() || !planner.occupied(table) {
                continue;
            }
            let found = self.rows_of(&mut database, planner, table, &rows, scope, &mut lookup)?;
            match scope {
                LookupScope::Changed { .. } => {
                    ownership.assign(self, &mut database, planner, table, found, &mut lookup)?;
                }
                LookupScope::All => {
                    let first = |(identity, rows): (Fingerprint, Vec<SameKey>)| {
                        let row = rows.into_iter().next()?;
                        Some((identity, (row.record_id, row.values)))
                    };
                    lookup.current.extend(found.into_iter().filter_map(first));
                }
            }
        }
        if !round.parents.is_empty() {
            lookup.parents = database
                .tables()
                .existing_parents(self.layout, &round.parents)?;
        }
        Ok(lookup)
    }

    /// Looks up the rows of known records of a table; returns the rows that records found by a unique key.
    fn rows_of(
        &self,
        database: &mut ReadTransaction,
        planner: &Planner<'_>,
        index: TableIndex,
        rows: &[&MappedRow],
        scope: LookupScope<'_>,
        lookup: &mut Lookup,
    ) -> Result<HashMap<Fingerprint, Vec<SameKey>>, OperationError> {
        let table = &self.layout.tables[index];
        // New rows may refer to this row, so check that it still exists.
        let asked_for = planner.has_children(index);
        let mut known = Vec::new();
        let mut by_key = Vec::new();
        for &row in rows {
            match (lookup.known.get(&row.identity), scope) {
                (Some(entry), LookupScope::Changed { .. })
                    if entry.digest == row.digest && !asked_for => {}
                (Some(entry), LookupScope::Changed { .. } | LookupScope::All) => {
                    known.push((row.identity, entry));
                }
                (None, LookupScope::Changed { .. } | LookupScope::All) => by_key.push(row),
            }
        }
        let found = database.tables().rows_by_record_id(table, &known)?;
        let entry = |row: &&&MappedRow| lookup.known.get(&row.identity);
        match scope {
            LookupScope::All if found.len() < known.len() => {
                let lost =
                    |row: &&&MappedRow| entry(row).is_some() && !found.contains_key(&row.identity);
                by_key.extend(rows.iter().filter(lost));
            }
            LookupScope::All => {}
            // Unique values may be held by rows of other records.
            LookupScope::Changed { .. } if planner.has_unique_keys(index) => {
                let changed =
                    |row: &&&MappedRow| entry(row).is_some_and(|known| known.digest != row.digest);
                by_key.extend(rows.iter().filter(changed));
            }
            LookupScope::Changed { .. } => {}
        }
        lookup.current.extend(found);
        if let LookupScope::Changed { by_audit_log } = scope
            && by_audit_log.contains(&index)
        {
            self.untouched(database, index, rows, lookup)?;
        }
        Ok(database.tables().rows_by_unique_key(table, &by_key)?)
    }

    /// Finds the rows that have not changed since the last import, according to the audit log.
    fn untouched(
        &self,
        database: &mut ReadTransaction,
        table: TableIndex,
        rows: &[&MappedRow],
        lookup: &mut Lookup,
    ) -> Result<(), OperationError> {
        let changed = rows.iter().filter_map(|row| {
            let known = lookup.known.get(&row.identity)?;
            let differs = known.digest != row.digest;
            let there = lookup.current.contains_key(&row.identity);
            (differs && there).then_some((row.identity, known.record_id.as_str()))
        });
        let changed: Vec<(Fingerprint, &str)> = changed.collect();
        let name = &self.layout.tables[table].table.name;
        let record_ids: Vec<&str> = changed.iter().map(|(_, id)| *id).collect();
        let found = database.audit_log().untouched_rows(name, &record_ids)?;
        let untouched = changed.iter().filter(|(_, id)| found.contains(*id));
        let untouched: Vec<Fingerprint> = untouched.map(|(identity, _)| *identity).collect();
        lookup.untouched.extend(untouched);
        Ok(())
    }
}
