//! Records that are no longer in the files: their rows are kept and reported, or deleted on request.

use crate::layout::LayoutTable;
use crate::model::{RowHasher, TableIndex, Value};

use super::change::{Change, ConflictPolicy, KnownRow};

/// What to do with rows whose records were removed from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalPolicy {
    /// Keep and report them.
    Keep,
    /// Delete them (`--prune`).
    Prune,
}

/// What to do with one removed record.
#[derive(Debug, Clone, PartialEq)]
pub enum Removal {
    /// The row stays; the ledger entry is marked unless it is marked already.
    Kept(Option<Change>),
    /// The row is deleted.
    Deleted(Change),
    /// The row does not exist; the ledger entry is removed.
    Forgotten(Change),
    /// The row was changed in the database since the last import, so it is not deleted.
    Conflict,
    /// Other rows refer to the row, so it is not deleted. The caller determines this from the database.
    Referred,
}

/// Decides on one removed record. `current` is the row in the database; it is ignored unless rows are pruned.
#[must_use]
pub fn decide_removal(
    index: TableIndex,
    table: &LayoutTable,
    hasher: &RowHasher,
    known: &KnownRow,
    current: Option<&[Value]>,
    removed: RemovalPolicy,
    conflict: ConflictPolicy,
) -> Removal {
    let delete = || Change::Delete {
        table: index,
        record_id: known.record_id.clone(),
        known: known.key,
    };
    match (removed, current) {
        (RemovalPolicy::Keep, _) => Removal::Kept(known.mark_removed()),
        (RemovalPolicy::Prune, None) => Removal::Forgotten(Change::Forget { known: known.key }),
        (RemovalPolicy::Prune, Some(current)) => {
            if table.matches(hasher, current, known.digest) {
                return Removal::Deleted(delete());
            }
            match conflict {
                ConflictPolicy::Report => Removal::Conflict,
                ConflictPolicy::KeepDatabase => Removal::Kept(known.mark_removed()),
                ConflictPolicy::TakeFile => Removal::Deleted(delete()),
            }
        }
    }
}
