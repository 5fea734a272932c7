//! Rows by record id. On SQLite rows with different keys can have the same one: `1` and `'1'` in a column without a
//! type, or reals that differ after the fifteenth digit.

use std::collections::HashMap;

use crate::audit::{Image, Key, RowState};
use crate::model::RecordId;

#[derive(Debug, Default)]
pub(super) struct ByKey(HashMap<RecordId, Vec<RowState>>);

impl ByKey {
    /// Removes the row with this record id whose key has the values of `image`, or else one whose key is unknown.
    pub(super) fn take(&mut self, record_id: &str, image: &Image, key: &Key<'_>) -> RowState {
        let Some(rows) = self.0.get_mut(record_id) else {
            return RowState::Unknown;
        };
        let is_row = |row: &RowState| row.image().map(|known| key.is_same_row(known, image));
        let known = rows.iter().position(|row| is_row(row) == Some(true));
        let place = known.or_else(|| rows.iter().position(|row| is_row(row).is_none()));
        place.map_or(RowState::Unknown, |place| rows.swap_remove(place))
    }

    pub(super) fn put(&mut self, record_id: &RecordId, row: RowState) {
        match self.0.get_mut(record_id) {
            Some(rows) => rows.push(row),
            None => {
                self.0.insert(record_id.clone(), vec![row]);
            }
        }
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = (RecordId, RowState)> {
        let rows = self.0.into_iter();
        rows.flat_map(|(record_id, rows)| rows.into_iter().map(move |row| (record_id.clone(), row)))
    }
}
