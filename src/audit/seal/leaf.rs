//! The hash of one entry of the audit log: its fields as read from the database, each with its type and length, so that
//! no two different entries have the same bytes.

use sha2::Digest as _;

use crate::model::Sha256;

/// Receives the fields of one entry in this order: `table_name`, `record_id`, `action`, `old_value`, `new_value`,
/// `changed_at`, `changed_by`, `run_id`, `source_file_id`, `db_user`.
///
/// The id is not included: a seal's header has the ids in order, and the tree fixes the order of the entries.
#[derive(Clone)]
pub struct Leaf(sha2::Sha256);

impl Leaf {
    /// Begins an entry: RFC 6962's leaf prefix, then the version of this encoding.
    #[must_use]
    pub fn begin() -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update([0x00, 0x01]);
        Self(hasher)
    }

    /// NULL.
    pub fn null(&mut self) {
        self.0.update([0]);
    }

    /// An integer: eight bytes, big-endian, two's complement.
    pub fn integer(&mut self, value: i64) {
        let mut bytes = [1; 9];
        bytes[1..].copy_from_slice(&value.to_be_bytes());
        self.0.update(bytes);
    }

    /// A real in place of a string, which only another program can have written: binary64, big-endian.
    pub fn real(&mut self, value: f64) {
        let mut bytes = [2; 9];
        bytes[1..].copy_from_slice(&value.to_bits().to_be_bytes());
        self.0.update(bytes);
    }

    /// A string: the number of its UTF-8 bytes, then the bytes.
    pub fn text(&mut self, value: &str) {
        self.prefixed(3, value.as_bytes());
    }

    /// Adds a string by its bytes, which may not be UTF-8 in SQLite.
    pub fn text_bytes(&mut self, value: &[u8]) {
        self.prefixed(3, value);
    }

    /// Bytes in place of a string.
    pub fn blob(&mut self, value: &[u8]) {
        self.prefixed(4, value);
    }

    /// A string or NULL.
    pub fn optional_text(&mut self, value: Option<&str>) {
        match value {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn prefixed(&mut self, tag: u8, bytes: &[u8]) {
        let mut head = [tag; 9];
        head[1..].copy_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.update(head);
        self.0.update(bytes);
    }

    /// The hash of the entry.
    #[must_use]
    pub fn hash(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib; also in docs/seals.md.
    #[test]
    fn hash_matches_the_documented_bytes() {
        let mut leaf = Leaf::begin();
        for text in ["words", "7", "INSERT"] {
            leaf.text(text);
        }
        leaf.null();
        leaf.text(r#"{"id":7,"word":"苹果"}"#);
        leaf.text("2024-05-01T10:00:00.000000Z");
        leaf.text("mei");
        leaf.optional_text(None);
        leaf.integer(3);
        leaf.null();
        assert_eq!(
            leaf.hash().to_string(),
            "605692cfdd9585e1fac633a8fc54756b6344a227c1d446d655d69d0e6ee2c6ba"
        );
    }

    #[test]
    fn neighbouring_fields_and_types_are_distinguished() {
        let hash = |fill: &dyn Fn(&mut Leaf)| {
            let mut leaf = Leaf::begin();
            fill(&mut leaf);
            leaf.hash()
        };
        let hashes = [
            hash(&|leaf| (leaf.text("a"), leaf.text("bc")).1),
            hash(&|leaf| (leaf.text("ab"), leaf.text("c")).1),
            hash(&|leaf| leaf.blob(b"abc")),
            hash(&|leaf| leaf.text("")),
            hash(&Leaf::null),
            hash(&|leaf| leaf.integer(0)),
            hash(&|leaf| leaf.real(0.0)),
        ];
        let different: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }
}
