//! The identities and unique keys of this run's rows, to merge repetitions and to find contradictions.
//!
//! About 50 bytes per row of the files being read: hashes only, no values.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::model::Fingerprint;

/// Half a digest: enough to tell apart two records that already agree in 128 bits of identity.
type HalfDigest = [u8; 8];

/// The identities seen in one table.
#[derive(Debug, Default)]
pub(super) struct SeenIdentities {
    rows: HashMap<Fingerprint, HalfDigest>,
}

/// What a further record with this identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighting {
    /// The first of its identity.
    First,
    /// Equal to the first.
    Repetition,
    /// Not equal to the first.
    Contradiction,
}

impl SeenIdentities {
    pub(super) fn see(&mut self, identity: Fingerprint, digest: Fingerprint) -> Sighting {
        let mut half = HalfDigest::default();
        half.copy_from_slice(&digest.0[..8]);
        match self.rows.entry(identity) {
            Entry::Vacant(entry) => {
                entry.insert(half);
                Sighting::First
            }
            Entry::Occupied(entry) if *entry.get() == half => Sighting::Repetition,
            Entry::Occupied(_) => Sighting::Contradiction,
        }
    }

    pub(super) fn contains(&self, identity: &Fingerprint) -> bool {
        self.rows.contains_key(identity)
    }
}
