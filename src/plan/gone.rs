//! Records that are no longer in the files: kept and told, or deleted on demand.

use crate::layout::LayoutTable;
use crate::model::{RowHasher, Value};

use super::change::{Change, ConflictPolicy, KnownRow};

/// Whether rows whose records are gone are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GonePolicy {
    /// They stay, and are told.
    Keep,
    /// They are deleted (`--prune`).
    Prune,
}

/// What becomes of one gone record.
#[derive(Debug, Clone, PartialEq)]
pub enum Gone {
    /// Its row stays; the ledger is marked unless it was before.
    Kept(Option<Change>),
    /// Its row is deleted.
    Deleted(Change),
    /// There is no row any more; the ledger forgets it.
    Forgotten(Change),
    /// The row was changed in the database since the last import, so it is not deleted.
    Conflict,
    /// Something that stays refers to the row, so it is not deleted. Whoever asks the database finds that out.
    Referred,
}

/// Decides for one gone record. `current` is the row now in the database; it is not looked at unless rows are pruned.
#[must_use]
pub fn decide_gone(
    table: (usize, &LayoutTable, &RowHasher),
    known: &KnownRow,
    current: Option<&[Value]>,
    policy: (GonePolicy, ConflictPolicy),
) -> Gone {
    let (index, table, hasher) = table;
    let delete = || Change::Delete {
        table: index,
        record_id: known.record_id.clone(),
        known: known.key,
    };
    match (policy, current) {
        ((GonePolicy::Keep, _), _) => Gone::Kept(known.mark_gone()),
        ((GonePolicy::Prune, _), None) => Gone::Forgotten(Change::Forget { known: known.key }),
        ((GonePolicy::Prune, conflict), Some(current)) => {
            if table.matches(hasher, current, known.digest) {
                return Gone::Deleted(delete());
            }
            match conflict {
                ConflictPolicy::Report => Gone::Conflict,
                ConflictPolicy::KeepDatabase => Gone::Kept(known.mark_gone()),
                ConflictPolicy::TakeFile => Gone::Deleted(delete()),
            }
        }
    }
}
