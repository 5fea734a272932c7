//! Sums over the ledger's tables that no Merkle tree covers: the number of rows, and an order-independent digest.
//!
//! A run continues the sums of the previous seal: it adds the rows that it writes and subtracts those that it removes.
//! So a row that another program changed remains a difference in every later seal.

use serde_json::{Map, Value, json};

use crate::model::Sha256;

/// A table of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerTable {
    /// Versions of files: their ids, which other tables refer to.
    SourceFiles,
    /// The records that rows came from.
    RowSources,
    /// Entries of `row_sources` that runs removed.
    RowSourcesReplaced,
    /// Values stored differently from how they are written in the file.
    Conversions,
    /// Rejected records.
    Rejects,
}

impl LedgerTable {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SourceFiles,
        Self::RowSources,
        Self::RowSourcesReplaced,
        Self::Conversions,
        Self::Rejects,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceFiles => "source_files",
            Self::RowSources => "row_sources",
            Self::RowSourcesReplaced => "row_sources_replaced",
            Self::Conversions => "conversions",
            Self::Rejects => "rejects",
        }
    }
}

/// The sum of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSum {
    /// Number of rows. It wraps, because another program may have deleted rows that were counted.
    pub rows: u64,
    sum: u128,
}

impl LedgerSum {
    /// Adds a row.
    pub fn add(&mut self, row: LedgerRowHash) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(row.0);
    }

    /// Subtracts a row.
    pub fn remove(&mut self, row: LedgerRowHash) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(row.0);
    }

    /// Adds the difference between two sums of a table.
    pub fn follow(&mut self, before: Self, after: Self) {
        let rows = after.rows.wrapping_sub(before.rows);
        self.rows = self.rows.wrapping_add(rows);
        self.sum = self.sum.wrapping_add(after.sum.wrapping_sub(before.sum));
    }
}

/// The sums of the tables, in the order of [`LedgerTable::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSums([LedgerSum; 5]);

impl LedgerSums {
    /// The sum of a table.
    #[must_use]
    pub fn of(&self, table: LedgerTable) -> LedgerSum {
        self.0[table as usize]
    }

    /// The sum of a table, for changes.
    pub fn of_mut(&mut self, table: LedgerTable) -> &mut LedgerSum {
        &mut self.0[table as usize]
    }

    /// The JSON for a seal's header.
    pub(super) fn to_json(self) -> Value {
        let tables = LedgerTable::ALL.map(|table| {
            let LedgerSum { rows, sum } = self.of(table);
            let json = json!({"count": rows, "digest": format!("{sum:032x}")});
            (table.name().to_owned(), json)
        });
        Value::Object(Map::from_iter(tables))
    }

    /// Parses the JSON of a seal's header; `None` if it is invalid.
    pub(super) fn read(json: &Value) -> Option<Self> {
        let mut sums = Self::default();
        for table in LedgerTable::ALL {
            let json = json.get(table.name())?;
            *sums.of_mut(table) = LedgerSum {
                rows: json["count"].as_u64()?,
                sum: u128::from_str_radix(json["digest"].as_str()?, 16).ok()?,
            };
        }
        Some(sums)
    }
}

/// The hash of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerRowHash(u128);

/// The columns of one row, in order, each with its type and length. They are hashed all at once, because there are as
/// many rows as the application has.
#[derive(Debug)]
pub struct LedgerRowBytes(Vec<u8>);

impl LedgerRowBytes {
    /// Begins rows of a table.
    #[must_use]
    pub fn of(table: LedgerTable) -> Self {
        let mut bytes = Self(Vec::with_capacity(256));
        bytes.text(table.name());
        bytes
    }

    /// Removes everything after the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Number of bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it begins with a name")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// NULL.
    pub fn null(&mut self) {
        self.0.push(0);
    }

    /// An integer: eight bytes, big-endian, two's complement.
    pub fn integer(&mut self, value: i64) {
        self.0.push(1);
        self.0.extend(value.to_be_bytes());
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.prefixed(3, text.as_bytes());
    }

    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.prefixed(4, bytes);
    }

    /// An integer or NULL.
    pub fn optional_integer(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.integer(value),
            None => self.null(),
        }
    }

    /// A string or NULL.
    pub fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn prefixed(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
    }

    /// The first 16 bytes of the SHA-256, as a number.
    #[must_use]
    pub fn hash(&self) -> LedgerRowHash {
        let Sha256(full) = Sha256::of(&self.0);
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        LedgerRowHash(u128::from_le_bytes(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> LedgerRowHash {
        let mut bytes = LedgerRowBytes::of(LedgerTable::Conversions);
        bytes.text(text);
        bytes.null();
        bytes.hash()
    }

    #[test]
    fn sums_are_order_independent_and_round_trip() {
        let mut sums = LedgerSums::default();
        let (mut one, mut other) = (LedgerSum::default(), LedgerSum::default());
        for text in ["a", "b", "c"] {
            one.add(row(text));
        }
        for text in ["c", "a", "x", "b"] {
            other.add(row(text));
        }
        assert_ne!(one, other);
        other.remove(row("x"));
        assert_eq!(one, other);
        *sums.of_mut(LedgerTable::Conversions) = one;
        assert_eq!(LedgerSums::read(&sums.to_json()), Some(sums));
        assert_eq!(LedgerSums::read(&json!({"rejects": 1})), None);
    }

    #[test]
    fn changes_of_others_remain_a_difference() {
        let mut sealed = LedgerSum::default();
        for text in ["a", "b"] {
            sealed.add(row(text));
        }
        // `b` was changed to `x`; then a run removes both rows and adds one.
        let (mut before, mut after) = (LedgerSum::default(), LedgerSum::default());
        for text in ["a", "x"] {
            before.add(row(text));
        }
        after.add(row("c"));
        sealed.follow(before, after);
        assert_eq!(sealed.rows, 1);
        assert_ne!(sealed, after);
    }

    #[test]
    fn neighbouring_columns_are_distinguished() {
        let hash = |strings: [&str; 2]| {
            let mut bytes = LedgerRowBytes::of(LedgerTable::Rejects);
            for text in strings {
                bytes.text(text);
            }
            bytes.hash()
        };
        assert_ne!(hash(["x", "yz"]), hash(["xy", "z"]));
    }
}
