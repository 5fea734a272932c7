//! The set of values of a column, for uniqueness and inclusion tests.
//!
//! Values are stored as 64-bit hashes, at most [`MAX_COLUMN_VALUES`] per column and [`MAX_VALUES`] in total (about
//! 100 MB). A column with more values is not considered as a key or a reference. A hash collision, which is very
//! unlikely, can only hide a key or suggest a reference that the import then rejects.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};

/// Maximum number of values per column.
const MAX_COLUMN_VALUES: usize = 2_000_000;
/// Maximum number of values of all columns.
pub(crate) const MAX_VALUES: usize = 4_000_000;

/// The values of one column.
#[derive(Debug, Default)]
pub(crate) struct ValueSet {
    distinct: HashSet<u64>,
    /// ValueSet combined with the enclosing record.
    scoped: HashSet<u64>,
    pub(crate) count: u64,
    /// The first value that two records have.
    repeated: Option<String>,
    repeated_in_scope: bool,
    /// Whether there are too many values to store.
    overflowed: bool,
    /// Maximum string length in Unicode scalar values.
    pub(crate) longest: usize,
}

impl ValueSet {
    /// Whether no two records have the same value.
    pub(crate) fn are_unique(&self) -> bool {
        self.count > 0 && self.repeated.is_none() && !self.overflowed
    }

    /// Whether no two records in the same enclosing record have the same value.
    pub(crate) fn are_unique_in_scope(&self) -> bool {
        self.count > 0 && !self.repeated_in_scope && !self.overflowed
    }

    /// The first value that two records have, if all values are known.
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.repeated.as_deref().filter(|_| !self.overflowed)
    }

    pub(crate) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// Returns how many of the distinct values are in `others`; `None` if unknown.
    pub(crate) fn among(&self, others: &Self) -> Option<usize> {
        if self.overflowed || others.overflowed || self.distinct.is_empty() {
            return None;
        }
        Some(self.distinct.intersection(&others.distinct).count())
    }

    /// Adds a value; `budget` is the number of values that can still be stored.
    pub(crate) fn observe(&mut self, value: &KeyValue<'_>, scope: u64, budget: &mut usize) {
        self.count += 1;
        if let KeyValue::Text(text) = value {
            self.longest = self.longest.max(text.chars().count());
        }
        if self.overflowed {
            return;
        }
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        if self.distinct.insert(hash) {
            *budget = budget.saturating_sub(1);
        } else {
            self.repeated.get_or_insert_with(|| value.to_string());
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
        if self.distinct.len() > MAX_COLUMN_VALUES || *budget == 0 {
            *budget += self.distinct.len() + self.scoped.len();
            self.distinct = HashSet::new();
            self.scoped = HashSet::new();
            self.overflowed = true;
        }
    }
}

/// A value that can be a key.
#[derive(Hash)]
pub(crate) enum KeyValue<'v> {
    Text(&'v str),
    Integer(i64),
}

impl fmt::Display for KeyValue<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.write_str(text),
            Self::Integer(number) => number.fmt(out),
        }
    }
}
