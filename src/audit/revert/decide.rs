//! Decides whether an entry can be reverted, without values.

use super::RevertConflict;
use super::later::Later;
use crate::audit::{Image, ReplayStep, same_value};

/// A [`Reversal`] without values.
pub(super) enum Decision {
    Undo,
    AlreadyUndone,
    AlreadyRestored,
    Conflict(RevertConflict),
}

/// A row that an earlier revert restored by this entry is as before the run if that entry could be reverted.
pub(super) fn decide_restored(
    restored: &ReplayStep,
    row: Option<&Image>,
    later: &Later,
) -> Decision {
    match decide(restored, row, later) {
        Decision::Undo => Decision::AlreadyRestored,
        // The revert gave the row its former key, and there is no later entry under this one.
        Decision::Conflict(_) if row.is_none() && later.moved && later.first.is_empty() => {
            Decision::AlreadyRestored
        }
        // The row is as the run left it: another change than that of the revert.
        Decision::AlreadyUndone => Decision::Conflict(match (restored, row) {
            (_, None) => RevertConflict::Deleted,
            (ReplayStep::Delete { .. }, Some(_)) => RevertConflict::CameBack,
            (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, Some(_)) => {
                RevertConflict::Changed
            }
        }),
        other => other,
    }
}

pub(super) fn decide(step: &ReplayStep, row: Option<&Image>, later: &Later) -> Decision {
    match (step, row) {
        // It exists, with another key.
        (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, None) if later.moved => {
            Decision::Conflict(RevertConflict::Changed)
        }
        (ReplayStep::Insert { .. }, None) => Decision::AlreadyUndone,
        (ReplayStep::Insert { new }, Some(row))
            if agrees(new, row) && !gained(new, row) && agrees(&later.first, row) =>
        {
            Decision::Undo
        }
        (ReplayStep::Delete { .. }, None) => Decision::Undo,
        (ReplayStep::Delete { old }, Some(row)) if agrees(old, row) => Decision::AlreadyUndone,
        (ReplayStep::Delete { .. }, Some(_)) => Decision::Conflict(RevertConflict::CameBack),
        (ReplayStep::Update { .. }, None) => Decision::Conflict(RevertConflict::Deleted),
        (ReplayStep::Update { new, .. }, Some(row)) if agrees(new, row) => {
            // Changes that were reverted do not count.
            if agrees(&later.first, row) {
                Decision::Undo
            } else {
                Decision::Conflict(RevertConflict::Changed)
            }
        }
        (ReplayStep::Update { old, .. }, Some(row)) if agrees(old, row) => Decision::AlreadyUndone,
        (ReplayStep::Insert { .. } | ReplayStep::Update { .. }, Some(_)) => {
            Decision::Conflict(RevertConflict::Changed)
        }
    }
}

/// Columns that only one of the two has were added or dropped in between.
fn agrees(stated: &Image, row: &Image) -> bool {
    stated
        .iter()
        .all(|(column, value)| row.get(column).is_none_or(|now| same_value(now, value)))
}

/// Whether the row has a value in a column that was added since: it would be lost with the row. A value that the row
/// had under another name belongs to a column that was renamed.
fn gained(stated: &Image, row: &Image) -> bool {
    let missing = stated
        .iter()
        .filter(|(column, _)| !row.contains_key(*column));
    let mut former: Vec<_> = missing.map(|(_, value)| value).collect();
    let mut added = row
        .iter()
        .filter(|(column, _)| !stated.contains_key(*column));
    added.any(
        |(_, value)| match former.iter().position(|old| same_value(old, value)) {
            Some(found) => {
                former.swap_remove(found);
                false
            }
            None => !value.is_null(),
        },
    )
}
