//! The number of an entry of the audit log.

use std::fmt;

use serde::Serialize;

/// The number of an entry, from the column `audit_log.id`. Later entries have higher numbers, and the database generates
/// them from 1; the default, 0, is before all of those. Another program may have inserted any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline, description = ""))]
#[serde(transparent)]
pub struct EntryId(i64);

impl EntryId {
    /// The lowest number that a database can store.
    pub const MIN: Self = Self(i64::MIN);
    /// The highest number that a database can store.
    pub const MAX: Self = Self(i64::MAX);

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// The number before; [`Self::MIN`] has none, and stays.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The number after; [`Self::MAX`] has none, and stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i64> for EntryId {
    fn from(number: i64) -> Self {
        Self(number)
    }
}
