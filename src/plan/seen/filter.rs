//! A Bloom filter of fixed size: quickly excludes most fingerprints that were never inserted.
//!
//! Each fingerprint sets bits within one cache line (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom
//! Filters, 2007). Fingerprints are digests, so their own bits choose line and bits.

use crate::model::Fingerprint;

const LINE_WORDS: usize = 8;
/// 2¹⁸ lines of 64 bytes: 16 MiB, a false-positive rate of one in fifty at 13 million fingerprints.
const LINES: usize = 1 << 18;
const BITS: usize = 5;

#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    pub(super) fn new() -> Self {
        Self {
            words: vec![0; LINES * LINE_WORDS],
        }
    }

    pub(super) fn insert(&mut self, fingerprint: Fingerprint) {
        let (line, bits) = places(fingerprint);
        for bit in bits {
            self.words[line + bit / 64] |= 1 << (bit % 64);
        }
    }

    /// Returns false only if the fingerprint was never inserted.
    pub(super) fn may_contain(&self, fingerprint: Fingerprint) -> bool {
        let (line, bits) = places(fingerprint);
        bits.iter()
            .all(|bit| self.words[line + bit / 64] >> (bit % 64) & 1 == 1)
    }
}

/// The first word of the line, and the bits within the line.
fn places(fingerprint: Fingerprint) -> (usize, [usize; BITS]) {
    let half = |range: std::ops::Range<usize>| {
        let bytes = &fingerprint.0[range];
        bytes
            .iter()
            .fold(0, |all, byte| all << 8 | usize::from(*byte))
    };
    let line = half(0..4) % LINES * LINE_WORDS;
    let mut rest = half(8..16);
    let bits = std::array::from_fn(|_| {
        let bit = rest % (LINE_WORDS * 64);
        rest /= LINE_WORDS * 64;
        bit
    });
    (line, bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hasher;

    #[test]
    fn filter_has_no_false_negatives_and_few_false_positives() {
        let fingerprint = |number: u32| {
            let mut hasher = Hasher::new();
            hasher.fixed(&number.to_le_bytes());
            hasher.fingerprint()
        };
        let mut filter = Filter::new();
        (0..100_000).for_each(|number| filter.insert(fingerprint(number)));
        assert!((0..100_000).all(|number| filter.may_contain(fingerprint(number))));
        let wrong = (100_000..200_000).filter(|number| filter.may_contain(fingerprint(*number)));
        assert!(wrong.count() < 100);
    }
}
