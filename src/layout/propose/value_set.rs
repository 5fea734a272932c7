//! The values of one column: which are unique, which are among those of another.
//!
//! Values are kept as 64-bit hashes, at most [`MOST_OF_COLUMN`] of one column and [`MOST`] of all (about 100 MB); a
//! column with more is neither taken for a key nor for a reference. Two values of one hash, which nobody will meet by
//! chance, could only hide a key or suggest a reference that the import then refuses.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Most values of one column.
const MOST_OF_COLUMN: usize = 2_000_000;
/// Most values of all columns.
pub(super) const MOST: usize = 4_000_000;

/// What is known of the values of one column.
#[derive(Debug, Default)]
pub(super) struct Values {
    distinct: HashSet<u64>,
    /// Values together with the enclosing record.
    scoped: HashSet<u64>,
    pub(super) count: u64,
    repeated: bool,
    repeated_in_scope: bool,
    /// Whether there are too many to keep.
    overflown: bool,
    /// Longest text, in Unicode scalar values.
    pub(super) longest: usize,
}

impl Values {
    /// Whether no two records have the same value.
    pub(super) fn are_unique(&self) -> bool {
        self.count > 0 && !self.repeated && !self.overflown
    }

    /// Whether no two records of the same enclosing record have the same value.
    pub(super) fn are_unique_in_scope(&self) -> bool {
        self.count > 0 && !self.repeated_in_scope && !self.overflown
    }

    pub(super) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// How many of the distinct values are among `others`; `None` if nobody knows.
    pub(super) fn among(&self, others: &Self) -> Option<usize> {
        if self.overflown || others.overflown || self.distinct.is_empty() {
            return None;
        }
        Some(self.distinct.intersection(&others.distinct).count())
    }

    /// Counts a value; `budget` is how many more values may be kept.
    pub(super) fn observe(&mut self, value: &Scalar<'_>, scope: u64, budget: &mut usize) {
        self.count += 1;
        if let Scalar::Text(text) = value {
            self.longest = self.longest.max(text.chars().count());
        }
        if self.overflown {
            return;
        }
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        if self.distinct.insert(hash) {
            *budget = budget.saturating_sub(1);
        } else {
            self.repeated = true;
        }
        if !self.repeated_in_scope {
            scope.hash(&mut hasher);
            self.repeated_in_scope = !self.scoped.insert(hasher.finish());
            *budget = budget.saturating_sub(1);
        }
        if self.repeated_in_scope && !self.scoped.is_empty() {
            *budget += self.scoped.len();
            self.scoped = HashSet::new();
        }
        if self.distinct.len() > MOST_OF_COLUMN || *budget == 0 {
            *budget += self.distinct.len() + self.scoped.len();
            self.distinct = HashSet::new();
            self.scoped = HashSet::new();
            self.overflown = true;
        }
    }
}

/// A value that could be a key.
#[derive(Hash)]
pub(super) enum Scalar<'v> {
    Text(&'v str),
    Integer(i64),
}
