//! Rows as the entries of the audit log leave them, one entry after the other.
//!
//! An entry names its row by the record id, which is not always enough: on SQLite, rows with different keys can have
//! the same one (`1` and `'1'`), and any number of rows can have NULL in their key. And a statement that swaps keys
//! leaves an entry for each of its rows, one after the other: until the last one, two rows have the same id. The one
//! that gets no other id was deleted without an entry.

mod alike;
mod by_key;

use std::collections::HashMap;

use super::image::Image;
use super::key::Key;
use super::replay::RowState;
use super::replay_step::ReplayStep;
use crate::model::{EntryId, RecordId};
use alike::Alike;
use by_key::ByKey;

/// The rows of a table.
#[derive(Debug, Default)]
pub struct ReplayedRows {
    rows: ByKey,
    /// Rows with NULL in their key.
    alike: Alike,
    /// Rows whose record id another row took, by that id, with the entry of the other row.
    displaced: HashMap<RecordId, (EntryId, RowState)>,
}

/// A row that was taken out, to apply an entry to it.
#[derive(Debug)]
pub struct Taken {
    /// Its state.
    pub state: RowState,
    /// Its record id after the entry, if the key changed.
    pub moved_to: Option<RecordId>,
    is_deleted: bool,
    is_displaced: bool,
    had_null: bool,
    has_null: bool,
}

impl ReplayedRows {
    /// Takes out the row that an entry is about. The caller applies the entry, and [puts](Self::put) it back.
    pub fn take(&mut self, record_id: &RecordId, step: &ReplayStep, key: &Key<'_>) -> Taken {
        let moved_to = step.new_record_id(record_id, key);
        let is_deleted = matches!(step, ReplayStep::Delete { .. });
        let (had_null, has_null) = match step {
            ReplayStep::Insert { new } => (key.has_null(new), key.has_null(new)),
            ReplayStep::Update { old, new } => (key.has_null(old), key.has_null(new)),
            ReplayStep::Delete { old } => (key.has_null(old), false),
        };
        let leaves = !had_null && (moved_to.is_some() || is_deleted);
        let displaced = match leaves && self.is_of_displaced(record_id, step, key) {
            true => self.displaced.remove(record_id),
            false => None,
        };
        let is_displaced = displaced.is_some();
        let state = match (displaced, step) {
            (Some((_, row)), _) => row,
            (None, ReplayStep::Insert { .. }) if had_null => RowState::Absent,
            (None, _) if had_null => {
                let row = self.alike.take(record_id, step.row(), key);
                row.unwrap_or_default()
            }
            (None, _) => self.rows.take(record_id, step.row(), key),
        };
        Taken {
            state,
            moved_to,
            is_deleted,
            is_displaced,
            had_null,
            has_null,
        }
    }

    /// Whether a row that leaves a record id is the one that another row displaced, as in a swap; unless only the values
    /// of the other row are those before the entry.
    fn is_of_displaced(&mut self, record_id: &RecordId, step: &ReplayStep, key: &Key<'_>) -> bool {
        let Some((_, displaced)) = self.displaced.get(record_id) else {
            return false;
        };
        if displaced.contradiction(step).is_none() {
            return true;
        }
        let there = self.rows.take(record_id, step.row(), key);
        let fits = there.contradiction(step).is_none();
        self.rows.put(record_id, there);
        !fits
    }

    /// Puts a row back, after the entry with this number. A row that has its new record id already is displaced.
    pub fn put(&mut self, entry: EntryId, record_id: &RecordId, taken: Taken, key: &Key<'_>) {
        let row = taken.state;
        if taken.moved_to.is_some() && !taken.is_displaced && !taken.had_null {
            self.rows.put(record_id, RowState::Absent);
        }
        match (taken.moved_to, row.image()) {
            (to, Some(_)) if taken.has_null => {
                self.alike.put(to.unwrap_or_else(|| record_id.clone()), row);
            }
            (Some(to), Some(image)) => {
                let there = self.rows.take(&to, image, key);
                self.rows.put(&to, row);
                if there.exists() == Some(true) {
                    self.displaced.insert(to, (entry, there));
                }
            }
            // Other rows can have its record id.
            (None, _) if taken.is_deleted && (taken.is_displaced || taken.had_null) => {}
            (_, _) => self.rows.put(record_id, row),
        }
    }

    /// Takes out the row that is `now` in the table. `None` if it has NULL in its key, and none of these rows equals
    /// it: another current row may equal the one that differs least from it.
    pub fn take_current(
        &mut self,
        record_id: &str,
        now: &Image,
        key: &Key<'_>,
    ) -> Option<RowState> {
        match key.has_null(now) {
            true => self.alike.take_equal(record_id, now),
            false => Some(self.rows.take(record_id, now, key)),
        }
    }

    /// Takes out the row with NULL in its key that differs least from the one that is `now` in the table.
    pub fn take_nearest(&mut self, record_id: &str, now: &Image, key: &Key<'_>) -> RowState {
        self.alike.take(record_id, now, key).unwrap_or_default()
    }

    /// Whether another row took the record id of a row that is still there.
    #[must_use]
    pub fn is_displaced(&self, record_id: &str) -> bool {
        self.displaced.contains_key(record_id)
    }

    /// The rows that are still there although other rows took their record ids, with the entries of the others.
    pub fn displaced(&self) -> impl Iterator<Item = (EntryId, &RecordId)> {
        let displaced = self.displaced.iter();
        displaced.map(|(record_id, (entry, _))| (*entry, record_id))
    }

    /// Takes the displaced rows out, by record id.
    pub fn take_displaced(&mut self) -> HashMap<RecordId, (EntryId, RowState)> {
        std::mem::take(&mut self.displaced)
    }

    /// The other rows, with their record ids.
    pub fn into_rows(self) -> impl Iterator<Item = (RecordId, RowState)> {
        self.rows.into_rows().chain(self.alike.into_rows())
    }
}
