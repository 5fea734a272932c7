//! Digests: of files (SHA-256), of identities and rows (SHA-256 truncated to 128 bits), of tables (order-independent).

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::Digest as _;

use super::Value;

/// The SHA-256 (FIPS 180-4) of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The first 128 bits of a SHA-256: enough to distinguish rows, at half the size in the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Returns the first 64 bits as a signed integer, the form that databases index.
    #[must_use]
    pub fn start(self) -> i64 {
        let mut start = [0; 8];
        start.copy_from_slice(&self.0[..8]);
        i64::from_be_bytes(start)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Computes the fingerprints of the rows of one table over a fixed list of columns.
#[derive(Clone)]
pub struct RowHasher {
    seed: Hasher,
}

impl RowHasher {
    /// Creates a hasher for rows of `table` that hashes `columns`, in this order.
    pub fn new<'a>(table: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut seed = Hasher::new();
        seed.bytes(table.as_bytes());
        for name in columns {
            seed.bytes(name.as_bytes());
        }
        Self { seed }
    }

    /// Returns the fingerprint of one row, whose values are in the order of the columns.
    pub fn row<'a>(&self, values: impl IntoIterator<Item = &'a Value>) -> Fingerprint {
        let mut hasher = self.seed.clone();
        for value in values {
            value.hash_into(&mut hasher);
        }
        hasher.fingerprint()
    }
}

/// SHA-256 over unambiguous pieces: fixed-size, or preceded by their length (64-bit little-endian).
#[derive(Clone)]
pub struct Hasher(sha2::Sha256);

impl Hasher {
    /// An empty hasher.
    #[must_use]
    pub fn new() -> Self {
        Self(sha2::Sha256::new())
    }

    /// Adds one type tag.
    pub fn tag(&mut self, tag: u8) -> &mut Self {
        self.fixed(&[tag])
    }

    /// Adds bytes whose length is known from the preceding bytes.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// Adds bytes of any length, preceded by that length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Returns the first 128 bits.
    #[must_use]
    pub fn fingerprint(self) -> Fingerprint {
        let full: [u8; 32] = self.0.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        Fingerprint(half)
    }

    /// Returns all 256 bits.
    #[must_use]
    pub fn sha256(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// The order-independent digest of a set of rows: the number of rows and the sum of their fingerprints mod 2¹²⁸.
///
/// It is for comparing the plan with the contents of the database; it does not protect against forgery.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct TableDigest {
    /// Number of rows.
    pub rows: u64,
    sum: u128,
}

impl TableDigest {
    /// Adds a row.
    pub fn add(&mut self, row: Fingerprint) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(row.0));
    }

    /// Adds all rows of another digest.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// Removes a row that was added before.
    pub fn remove(&mut self, row: Fingerprint) {
        self.rows -= 1;
        self.sum = self.sum.wrapping_sub(u128::from_le_bytes(row.0));
    }
}

impl fmt::Display for TableDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.sum)
    }
}

impl fmt::Debug for TableDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} rows {:032x}", self.rows, self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_digest_does_not_depend_on_order() {
        let rows = [
            Fingerprint([1; 16]),
            Fingerprint([255; 16]),
            Fingerprint([7; 16]),
        ];
        let (mut forward, mut backward) = (TableDigest::default(), TableDigest::default());
        rows.iter().for_each(|row| forward.add(*row));
        rows.iter().rev().for_each(|row| backward.add(*row));
        assert_eq!(forward, backward);
        backward.add(rows[0]);
        assert_ne!(forward, backward);
        backward.remove(rows[0]);
        assert_eq!(forward, backward);
    }

    #[test]
    fn values_do_not_run_into_the_next_column() {
        let hasher = RowHasher::new("t", ["a", "b"]);
        let digest = |a: &str, b: &str| hasher.row([&Value::text(a), &Value::text(b)]);
        assert_ne!(digest("x", "yz"), digest("xy", "z"));
    }
}
