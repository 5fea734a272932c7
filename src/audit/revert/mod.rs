//! Computes how to revert one entry of the audit log. Pure.
//!
//! Entries of a run are reverted from the last to the first: each then finds the row as it left it, unless the row was
//! changed later. Such rows are conflicts, and stay as they are unless the policy is to restore them.

mod decide;
mod later;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{Image, ReplayStep};
use decide::{Decision, decide, decide_restored};

pub use later::{Later, Writer};

/// How to handle rows that were changed after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertPolicy {
    /// Report them and write nothing.
    Report,
    /// Keep them.
    Skip,
    /// Restore them to their state before the run; later changes are lost from the table, but not from the audit log.
    Force,
}

/// The change that reverts an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Inserts the row again.
    Insert(Image),
    /// Restores the values of these columns.
    Update(Image),
    /// Deletes the row.
    Delete,
}

/// The decision on an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Reversal {
    /// The entry is reverted.
    Undo(Undo),
    /// The entry is reverted although the row was changed later.
    Forced(Undo),
    /// The row already has the values from before the entry.
    AlreadyUndone,
    /// An earlier revert of the run restored the row, which has not changed since: all entries of the row are reverted.
    AlreadyRestored,
    /// The row was changed later, and stays.
    Conflict(RevertConflict),
}

/// Why an entry cannot simply be reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevertConflict {
    /// The row was changed after the run, or after an earlier revert of the run restored it.
    Changed,
    /// The row was deleted after the run, or after an earlier revert of the run restored it.
    Deleted,
    /// The run, or an earlier revert of it, deleted the row, and a row with its key exists again.
    CameBack,
    /// The run inserted the row, and a row that stays refers to it.
    Referred,
}

/// Decides on one entry. `row` is the current row, without added columns that still have their defaults, and `later`
/// its entries after the run.
#[must_use]
pub fn undo(
    step: ReplayStep,
    row: Option<&Image>,
    later: &Later,
    policy: RevertPolicy,
) -> Reversal {
    let decision = match &later.restored {
        Some(restored) => decide_restored(restored, row, later),
        None => decide(&step, row, later),
    };
    match decision {
        Decision::Undo => Reversal::Undo(undo_unchecked(step)),
        Decision::AlreadyUndone => Reversal::AlreadyUndone,
        Decision::AlreadyRestored => Reversal::AlreadyRestored,
        Decision::Conflict(conflict) if policy == RevertPolicy::Force => {
            let forced = by_force(step, row.is_some(), later);
            forced.map_or(Reversal::Conflict(conflict), Reversal::Forced)
        }
        Decision::Conflict(conflict) => Reversal::Conflict(conflict),
    }
}

/// Reverts an entry whose row is known to be unchanged since the entry.
#[must_use]
pub fn undo_unchecked(step: ReplayStep) -> Undo {
    match step {
        ReplayStep::Insert { .. } => Undo::Delete,
        ReplayStep::Update { old, .. } => Undo::Update(old),
        ReplayStep::Delete { old } => Undo::Insert(old),
    }
}

/// Computes the change that restores the row to its state before the entry, whatever happened later; `None` if not all
/// columns are known.
fn by_force(step: ReplayStep, exists: bool, later: &Later) -> Option<Undo> {
    match (step, exists) {
        (_, false) if later.moved => None,
        (ReplayStep::Insert { .. }, true) => Some(Undo::Delete),
        (ReplayStep::Insert { .. }, false) => None,
        (ReplayStep::Delete { old } | ReplayStep::Update { old, .. }, true) => {
            Some(Undo::Update(old))
        }
        (ReplayStep::Delete { old }, false) => Some(Undo::Insert(old)),
        (ReplayStep::Update { old, .. }, false) => {
            let mut image = later.deleted.clone()?;
            image.extend(old);
            Some(Undo::Insert(image))
        }
    }
}
