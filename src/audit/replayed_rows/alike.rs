//! Rows of SQLite with NULL in their primary key. Any number of rows can have the same one, so a row is identified by all
//! its values: entries that change such a row contain them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};

use crate::audit::image::hash_value;
use crate::audit::{Image, Key, RowState, same_value};
use crate::model::RecordId;

#[derive(Debug, Default)]
pub(super) struct Alike {
    hashes: RandomState,
    /// By record id; the rows with the most columns first.
    groups: HashMap<RecordId, Vec<Group>>,
}

/// Rows of which the same columns are known, by the hash of their values.
#[derive(Debug)]
struct Group {
    columns: Vec<String>,
    rows: HashMap<u64, Vec<RowState>>,
}

impl Alike {
    pub(super) fn put(&mut self, record_id: RecordId, row: RowState) {
        let Some(image) = row.image() else {
            return;
        };
        let mut columns: Vec<String> = image.keys().cloned().collect();
        columns.sort();
        let Some(hash) = hash(&self.hashes, &columns, image) else {
            return;
        };
        let groups = self.groups.entry(record_id).or_default();
        let at = match groups.iter().position(|group| group.columns == columns) {
            Some(at) => at,
            None => {
                let shorter = |group: &Group| group.columns.len() < columns.len();
                let at = groups.iter().position(shorter).unwrap_or(groups.len());
                let rows = HashMap::new();
                groups.insert(at, Group { columns, rows });
                at
            }
        };
        groups[at].rows.entry(hash).or_default().push(row);
    }

    /// Removes a row of which all known values are those of `image`.
    pub(super) fn take_equal(&mut self, record_id: &str, image: &Image) -> Option<RowState> {
        let groups = self.groups.get_mut(record_id)?;
        groups.iter_mut().find_map(|group| {
            let rows = group
                .rows
                .get_mut(&hash(&self.hashes, &group.columns, image)?)?;
            let is_equal = |row: &RowState| {
                let known = row.image().into_iter().flatten();
                known.into_iter().all(|(column, value)| {
                    image.get(column).is_some_and(|now| same_value(value, now))
                })
            };
            let at = rows.iter().rposition(is_equal)?;
            Some(rows.swap_remove(at))
        })
    }

    /// Removes the row with the key of `image` whose known values differ least from it.
    pub(super) fn take(
        &mut self,
        record_id: &str,
        image: &Image,
        key: &Key<'_>,
    ) -> Option<RowState> {
        if let Some(row) = self.take_equal(record_id, image) {
            return Some(row);
        }
        let groups = self.groups.get_mut(record_id)?;
        let rows = groups.iter_mut().flat_map(|group| group.rows.values_mut());
        let places = rows.flat_map(|rows| {
            let distances: Vec<_> = rows.iter().map(|row| distance(row, image, key)).collect();
            let nearest = distances.into_iter().enumerate();
            let nearest = nearest.filter_map(|(at, distance)| Some((distance?, at)));
            nearest.min().map(|(distance, at)| (distance, at, rows))
        });
        let (_, at, rows) = places.min_by_key(|(distance, _, _)| *distance)?;
        Some(rows.swap_remove(at))
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = (RecordId, RowState)> {
        self.groups.into_iter().flat_map(|(record_id, groups)| {
            let rows = groups
                .into_iter()
                .flat_map(|group| group.rows.into_values());
            rows.flatten().map(move |row| (record_id.clone(), row))
        })
    }
}

/// The hash of these columns; `None` if the image lacks one.
fn hash(hashes: &RandomState, columns: &[String], image: &Image) -> Option<u64> {
    let mut hasher = hashes.build_hasher();
    for column in columns {
        column.hash(&mut hasher);
        hash_value(image.get(column)?, &mut hasher);
    }
    Some(hasher.finish())
}

/// The numbers of different and of equal values; `None` if the key is another.
fn distance(row: &RowState, image: &Image, key: &Key<'_>) -> Option<(usize, Reverse<usize>)> {
    let known = row.image()?;
    let compared = image
        .iter()
        .filter_map(|(column, value)| Some(same_value(known.get(column)?, value)));
    let (mut different, mut equal) = (0, 0);
    compared.for_each(|same| *if same { &mut equal } else { &mut different } += 1);
    key.is_same_row(known, image)
        .then_some((different, Reverse(equal)))
}
