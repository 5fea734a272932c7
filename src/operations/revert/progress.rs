//! The state of each row while the entries of a run are reverted, from the last to the first.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::audit::Image;
use crate::audit::revert::{Reversal, RevertConflict, Undo};

/// What the entries of a row showed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The last one is reverted: the row is as the entry before it left it.
    Undoing,
    /// All of them are already undone: the current row is compared with the entry before them, too.
    Undone,
    /// An earlier revert of the run restored the row.
    Restored,
    /// The row is kept as it is.
    Kept(RevertConflict),
}

impl Progress {
    /// The progress of a row after the decision on an entry that was compared with it.
    pub(super) fn after(reversal: &Reversal) -> Self {
        match reversal {
            Reversal::Undo(_) | Reversal::Forced(_) => Self::Undoing,
            Reversal::AlreadyUndone => Self::Undone,
            Reversal::AlreadyRestored => Self::Restored,
            Reversal::Conflict(conflict) => Self::Kept(*conflict),
        }
    }

    /// Whether the current row must be compared with the next entry of a row with this progress.
    pub(super) fn compares(progress: Option<Self>) -> bool {
        match progress {
            None | Some(Self::Undone) => true,
            Some(Self::Undoing | Self::Restored | Self::Kept(_)) => false,
        }
    }
}

/// The progress of all rows with entries seen so far, by hashes of tables and record ids.
#[derive(Default)]
pub(super) struct Rows {
    keys: RandomState,
    progress: HashMap<u64, Progress>,
    /// Rows that are restored although they were changed after the run, as they are after the entries so far.
    forced: HashMap<u64, Image>,
}

impl Rows {
    pub(super) fn clear(&mut self) {
        self.progress.clear();
        self.forced.clear();
    }

    pub(super) fn of(&self, table: &str, record_id: &str) -> Option<Progress> {
        let row = self.keys.hash_one((table, record_id));
        self.progress.get(&row).copied()
    }

    pub(super) fn set(&mut self, table: &str, record_id: &str, progress: Progress) {
        let row = self.keys.hash_one((table, record_id));
        self.progress.insert(row, progress);
    }

    /// A row that is restored although it was changed.
    pub(super) fn forced(&mut self, table: &str, record_id: &str) -> Option<Image> {
        let row = self.keys.hash_one((table, record_id));
        self.forced.remove(&row)
    }

    /// Remembers such a row, as it is after `undo`, under the record id before the entry.
    pub(super) fn force(&mut self, table: &str, record_id: &str, mut row: Image, undo: &Undo) {
        match undo {
            Undo::Delete => return,
            Undo::Insert(image) => row.clone_from(image),
            Undo::Update(image) => row.extend(image.clone()),
        }
        let key = self.keys.hash_one((table, record_id));
        self.forced.insert(key, row);
    }
}
