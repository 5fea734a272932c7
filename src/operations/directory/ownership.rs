//! Decides which record of the directory owns a row. A row belongs to exactly one record, and a record has one row.
//!
//! The cases:
//!
//! 1. **The ledger has the record.** It keeps its row. In another file than before, it has moved: the entry of the old
//!    file is replaced. If the old file is not read, it still has the record, and both must have the same values
//!    ([`Ownership::compare_files`]); otherwise `duplicate-record` is reported.
//! 2. **A new record finds a row by a unique key, and no record of the directory owns the row.** It adopts the row. If
//!    two new records find the same row, the planner reports `not-unique` for the second.
//! 3. **A new record finds the row of another record that is still in the files**: one that was read in this run, or
//!    whose file is not read. The owner keeps its row; `not-unique` is reported, unless the owner releases the value.
//! 4. **A new record finds the row of another record that may have been removed**, because its file is to be read or
//!    no longer exists. That is a claim, which [`Ownership::resolve_claims`] resolves by looking for the owner in all
//!    files to be read: they are read ahead, once, and only if there is a claim. If they have the owner, this is case 3.
//!    Otherwise the new record succeeds the owner: it takes over the row and the entry in the ledger.
//! 5. **A record finds further rows by further keys.** They are in conflict with it, as in case 3.
//! 6. **A record of the ledger is in none of the files that were read, although its own file was read or no longer
//!    exists.** It was removed, unless a file that is not read has it ([`remove_found_elsewhere`]). A record that was
//!    succeeded does not count as removed.
//!
//! Rows that other directories own too are kept by `import/removed.rs`.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::database::ledger::LedgerRow;
use crate::database::{DatabaseError, ReadTransaction, SameKey};
use crate::layout::Source;
use crate::model::{FileId, Fingerprint, Hasher, MappedRow, TableIndex};
use crate::operations::OperationError;
use crate::plan::{ConflictingRow, KnownRow, LedgerKey, Lookup, Planner};

use super::Directory;
use super::identity_index::IdentityIndex;
use super::shared::SharedTransaction;

/// The ownership of rows, as the ledger has it and as this run changes it.
#[derive(Default)]
pub(in crate::operations) struct Ownership {
    /// Whether the ledger has rows of the directory.
    pub(in crate::operations) knows_rows: bool,
    /// Paths of files that are not read because they did not change or are unavailable.
    pub(in crate::operations) unread: BTreeSet<String>,
    /// Per table, the ledger's entries by record id: key, and whether the record was found removed. The ledger has no
    /// index of rows, so all entries of a table are loaded when first needed, which is rare: only a new record that
    /// matches an existing row needs them.
    entries: HashMap<TableIndex, Entries>,
    /// Claims that are not resolved yet.
    claims: Vec<Claim>,
    /// The records of the files to be read, if there was a claim.
    ahead: Option<IdentityIndex>,
    /// Records whose rows now belong to other records.
    succeeded: HashSet<(TableIndex, Fingerprint)>,
}

/// The ledger's entries of a table, by record id.
type Entries = HashMap<Fingerprint, (LedgerKey, bool)>;

/// A claim of a new record to a row that it matched by a key and that belongs to another record.
struct Claim {
    table: TableIndex,
    /// The new record.
    identity: Fingerprint,
    /// The record that the row belongs to.
    owner: LedgerRow,
    row: SameKey,
}

/// The owner of a row.
enum Owner {
    /// No record of the directory.
    NoRecord,
    /// This record.
    Record(LedgerRow),
    /// A record that this run already read, so that its ledger entry is out of date.
    Read,
}

impl Ownership {
    /// Whether the row of this record now belongs to another record.
    pub(in crate::operations) fn succeeded(&self, table: TableIndex, owner: &Fingerprint) -> bool {
        self.succeeded.contains(&(table, *owner))
    }

    /// Compares the file of each known record with its file in the ledger (case 1).
    pub(super) fn compare_files<'r>(
        &self,
        directory: &Directory<'_>,
        rows: impl Iterator<Item = &'r MappedRow>,
        lookup: &mut Lookup,
    ) {
        for row in rows {
            if let Some(known) = lookup.known.get_mut(&row.identity)
                && known.path != directory.path(row.origin.file)
            {
                let stays = self.unread.contains(&known.path) && !known.removed;
                known.removed |= !stays;
                if stays && known.digest != row.digest {
                    let path = known.path.clone();
                    lookup.contradicted.insert(row.identity, path);
                }
            }
        }
    }

    /// Assigns the rows that records found by a key (cases 2 to 5).
    pub(super) fn assign(
        &mut self,
        directory: &Directory<'_>,
        database: &mut ReadTransaction,
        planner: &Planner<'_>,
        table: TableIndex,
        found: HashMap<Fingerprint, Vec<SameKey>>,
        lookup: &mut Lookup,
    ) -> Result<(), DatabaseError> {
        for (identity, rows) in found {
            let own = lookup.known.get(&identity);
            let own = own.map(|known| known.record_id.clone());
            let others = rows.into_iter();
            let others = others.filter(|row| own.as_ref() != Some(&row.record_id));
            for (place, row) in others.enumerate() {
                let owner = self.owner(directory, database, table, &row.record_id)?;
                // A record has one row. The other rows that it matches by further keys are in conflict with it.
                let may_have_it = own.is_none() && place == 0;
                let path = match owner {
                    Owner::NoRecord if may_have_it => {
                        let current = (row.record_id, row.values);
                        lookup.current.insert(identity, current);
                        continue;
                    }
                    Owner::Record(owner)
                        if may_have_it
                            && self.may_be_removed(directory, planner, table, &owner) =>
                    {
                        self.claims.push(Claim {
                            table,
                            identity,
                            owner,
                            row,
                        });
                        continue;
                    }
                    Owner::Record(owner) => Some(owner.known.path),
                    Owner::NoRecord | Owner::Read => None,
                };
                let conflicting = lookup.conflicting.entry(identity).or_default();
                conflicting.push(ConflictingRow {
                    record_id: row.record_id,
                    columns: row.columns,
                    path,
                });
            }
        }
        Ok(())
    }

    /// The record of the directory that owns this row.
    fn owner(
        &mut self,
        directory: &Directory<'_>,
        database: &mut ReadTransaction,
        table: TableIndex,
        record_id: &str,
    ) -> Result<Owner, DatabaseError> {
        if !self.knows_rows {
            return Ok(Owner::NoRecord);
        }
        let source = directory.source.as_str();
        let entries = match self.entries.entry(table) {
            Entry::Occupied(entries) => entries.into_mut(),
            Entry::Vacant(entries) => entries.insert(entries_of_table(directory, database, table)?),
        };
        Ok(match entries.get(&of_text(record_id)) {
            Some((key, _)) => match database.ledger().entry_at(source, *key)? {
                Some(row) => Owner::Record(row),
                None => Owner::Read,
            },
            None => Owner::NoRecord,
        })
    }

    /// Whether, as far as is known now, the entry's record is no longer in any file.
    fn may_be_removed(
        &self,
        directory: &Directory<'_>,
        planner: &Planner<'_>,
        table: TableIndex,
        entry: &LedgerRow,
    ) -> bool {
        // A fallback record disappears when the record it substitutes exists, even if its own file did not change.
        let rules = directory.layout.sources.iter().flat_map(Source::rules);
        let mut rules = rules.filter(|rule| rule.table == table);
        let is_fallback = rules.any(|rule| rule.unless.is_some());
        let unread = self.unread.contains(&entry.known.path) && !entry.known.removed;
        (!unread || is_fallback) && !planner.saw(table, &entry.identity)
    }

    /// Resolves the claims of the last lookup (case 4); `files` are the files to be read.
    ///
    /// # Errors
    /// When the files have to be read ahead, and the database cannot be read or the run is interrupted.
    pub(in crate::operations) fn resolve_claims(
        &mut self,
        directory: &Directory<'_>,
        database: &SharedTransaction<'_>,
        files: &[FileId],
        lookup: &mut Lookup,
    ) -> Result<(), OperationError> {
        for claim in std::mem::take(&mut self.claims) {
            let ahead = match &self.ahead {
                Some(ahead) => ahead,
                None => self
                    .ahead
                    .insert(IdentityIndex::of(directory, database, files)?),
            };
            let (table, owner) = (claim.table, claim.owner.identity);
            let is_there = ahead.has(table, owner) || ahead.is_incomplete(&claim.owner.known.path);
            if is_there || !self.succeeded.insert((table, owner)) {
                claim.yield_to_owner(lookup);
            } else {
                claim.succeed(lookup);
            }
        }
        Ok(())
    }
}

impl Claim {
    /// Gives the row to the new record.
    fn succeed(self, lookup: &mut Lookup) {
        let Self {
            identity,
            owner: LedgerRow { known, .. },
            row,
            ..
        } = self;
        let current = (known.record_id.clone(), row.values);
        lookup.current.insert(identity, current);
        lookup.successors.insert(identity);
        // Treated as a record that is back: it gets a ledger entry even if nothing changes.
        let known = KnownRow {
            removed: true,
            ..known
        };
        lookup.known.insert(identity, known);
    }

    /// Leaves the row to its own record.
    fn yield_to_owner(self, lookup: &mut Lookup) {
        let known = self.owner.known;
        let conflicting = lookup.conflicting.entry(self.identity).or_default();
        conflicting.push(ConflictingRow {
            record_id: known.record_id,
            columns: self.row.columns,
            path: Some(known.path),
        });
    }
}

/// Removes from `removed` the records that one of the `unread` files has (case 6). The ledger has only one file per
/// record. Usually no file is read for it, because a table's records mostly come from one file.
///
/// # Errors
/// When the database cannot be read, or the run is interrupted.
pub(in crate::operations) fn remove_found_elsewhere(
    directory: &Directory<'_>,
    database: &SharedTransaction<'_>,
    unread: &[FileId],
    removed: &mut Vec<LedgerRow>,
    seen: &dyn Fn(TableIndex, &Fingerprint) -> bool,
) -> Result<(), OperationError> {
    let index = |row: &LedgerRow| directory.table_named(&row.table);
    let tables: BTreeSet<TableIndex> = removed.iter().filter_map(index).collect();
    let may_hold = |id: &&FileId| {
        let file = &directory.survey.files[id.0 as usize];
        let rules = directory.layout.sources[file.source].rules();
        rules.iter().any(|rule| tables.contains(&rule.table))
    };
    let files: Vec<FileId> = unread.iter().filter(may_hold).copied().collect();
    if files.is_empty() {
        return Ok(());
    }
    let identities = IdentityIndex::of(directory, database, &files)?;
    let missing: HashSet<Fingerprint> = removed.iter().map(|row| row.identity).collect();
    // If no record is in two files, no nested record is either.
    if identities.has_any(|table, identity| missing.contains(identity) || seen(table, identity)) {
        removed.retain(|row| index(row).is_none_or(|table| !identities.has(table, row.identity)));
    }
    Ok(())
}

/// Loads the ledger's entries of a table. Of several for a row, one whose record was not found removed applies.
fn entries_of_table(
    directory: &Directory<'_>,
    database: &mut ReadTransaction,
    table: TableIndex,
) -> Result<Entries, DatabaseError> {
    let name = &directory.layout.tables[table].table.name;
    let mut entries = Entries::new();
    database.ledger().each_entry_of_table(
        &directory.source,
        name,
        &mut |key, record_id, removed| {
            let entry = entries.entry(of_text(record_id)).or_insert((key, removed));
            if entry.1 && !removed {
                *entry = (key, removed);
            }
        },
    )?;
    Ok(entries)
}

fn of_text(text: &str) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.bytes(text.as_bytes());
    hasher.fingerprint()
}
