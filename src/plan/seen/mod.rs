//! The identities and unique keys of this run's rows, used to merge repetitions and find contradictions.
//!
//! Only hashes are stored, and only the newest are in memory. Older ones are written to scratch files as sorted runs,
//! which are merged when there are many. A Bloom filter of fixed size spares most lookups of new identities. So memory
//! grows by only one byte per ten rows.

mod filter;
mod run;

use std::collections::HashMap;
use std::io;

use crate::model::Fingerprint;

use super::Scratch;
use filter::Filter;
use run::{SortedRun, merged};

/// Half a digest: enough to distinguish two records that already agree in 128 bits of identity.
type HalfDigest = [u8; 8];

/// Number of identities kept in memory: what fits a hash table of 2¹⁸ slots, 7 MB.
const NEWEST: usize = (1 << 18) / 8 * 7;
/// Number of runs of one generation that are merged into one of the next.
const MERGED: usize = 8;

/// The identities seen in one table.
#[derive(Debug)]
pub(super) struct SeenIdentities {
    newest: HashMap<Fingerprint, HalfDigest>,
    most: usize,
    older: Option<OlderIdentities>,
}

/// The identities that are no longer in memory.
#[derive(Debug)]
struct OlderIdentities {
    filter: Filter,
    /// Runs, by how often their entries were merged.
    generations: Vec<Vec<SortedRun>>,
}

/// How a record relates to earlier records with the same identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DuplicateCheck {
    /// It is the first.
    First,
    /// It is equal to the first.
    Repetition,
    /// It differs from the first.
    Contradiction,
}

impl Default for SeenIdentities {
    fn default() -> Self {
        Self::with_most(NEWEST)
    }
}

impl SeenIdentities {
    fn with_most(most: usize) -> Self {
        Self {
            newest: HashMap::new(),
            most,
            older: None,
        }
    }

    /// Records an identity. Without `scratch` everything stays in memory.
    pub(super) fn see(
        &mut self,
        identity: Fingerprint,
        digest: Fingerprint,
        scratch: Option<&dyn Scratch>,
    ) -> io::Result<DuplicateCheck> {
        let mut half = HalfDigest::default();
        half.copy_from_slice(&digest.0[..8]);
        let first = match self.newest.get(&identity) {
            Some(first) => Some(*first),
            None => self.find_older(&identity)?,
        };
        match first {
            Some(first) if first == half => return Ok(DuplicateCheck::Repetition),
            Some(_) => return Ok(DuplicateCheck::Contradiction),
            None => self.newest.insert(identity, half),
        };
        if let Some(scratch) = scratch.filter(|_| self.newest.len() >= self.most) {
            self.put_aside(scratch)?;
        }
        Ok(DuplicateCheck::First)
    }

    pub(super) fn contains(&self, identity: &Fingerprint) -> io::Result<bool> {
        Ok(self.newest.contains_key(identity) || self.find_older(identity)?.is_some())
    }

    fn find_older(&self, identity: &Fingerprint) -> io::Result<Option<HalfDigest>> {
        let Some(older) = &self.older else {
            return Ok(None);
        };
        if !older.filter.may_contain(*identity) {
            return Ok(None);
        }
        for run in older.generations.iter().flatten() {
            if let Some(half) = run.find(identity)? {
                return Ok(Some(half));
            }
        }
        Ok(None)
    }

    /// Writes the identities in memory as a sorted run, and merges runs that have become many.
    fn put_aside(&mut self, scratch: &dyn Scratch) -> io::Result<()> {
        let older = self.older.get_or_insert_with(|| OlderIdentities {
            filter: Filter::new(),
            generations: Vec::new(),
        });
        let mut entries: Vec<_> = self.newest.drain().collect();
        entries.sort_unstable();
        for (identity, _) in &entries {
            older.filter.insert(*identity);
        }
        let mut run = SortedRun::write(scratch, entries.into_iter().map(Ok))?;
        for generation in 0.. {
            if older.generations.len() == generation {
                older.generations.push(Vec::new());
            }
            let runs = &mut older.generations[generation];
            runs.push(run);
            if runs.len() < MERGED {
                break;
            }
            run = SortedRun::write(scratch, merged(runs))?;
            runs.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hasher;
    use crate::plan::ScratchFile;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// Scratch files in memory; counts how many were created.
    #[derive(Debug, Default)]
    struct MemoryScratch(Cell<u32>);

    impl Scratch for MemoryScratch {
        fn create(&self) -> io::Result<Box<dyn ScratchFile>> {
            self.0.set(self.0.get() + 1);
            Ok(Box::new(Bytes(Vec::new())))
        }
    }

    #[derive(Debug)]
    struct Bytes(Vec<u8>);

    impl ScratchFile for Bytes {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            let from = usize::try_from(offset).expect("small");
            let bytes = self.0.get(from..from + buffer.len());
            buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }
    }

    fn fingerprint(number: u32) -> Fingerprint {
        let mut hasher = Hasher::new();
        hasher.fixed(&number.to_le_bytes());
        hasher.fingerprint()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn identities_in_scratch_files_are_found_like_those_in_memory(
            records in prop::collection::vec((0..600_u32, 0..2_u32), 1..3000),
        ) {
            let mut all = SeenIdentities::default();
            let mut few = SeenIdentities::with_most(5);
            let scratch = MemoryScratch::default();
            for (identity, digest) in records {
                let (identity, digest) = (fingerprint(identity), fingerprint(digest));
                let wanted = all.see(identity, digest, None).expect("memory");
                let found = few.see(identity, digest, Some(&scratch)).expect("memory");
                prop_assert_eq!(wanted, found);
                prop_assert!(few.newest.len() < 5);
            }
            for number in 0..700 {
                let identity = fingerprint(number);
                let wanted = all.contains(&identity).expect("memory");
                prop_assert_eq!(few.contains(&identity).expect("memory"), wanted);
            }
        }
    }

    #[test]
    fn runs_stay_few() {
        let mut seen = SeenIdentities::with_most(10);
        let scratch = MemoryScratch::default();
        for number in 0..10_000 {
            let check = seen.see(fingerprint(number), fingerprint(0), Some(&scratch));
            assert_eq!(check.expect("memory"), DuplicateCheck::First);
        }
        let older = seen.older.expect("put aside");
        // 1000 runs of 10: 1 of 5120, 7 of 640, 5 of 80.
        let runs: Vec<usize> = older.generations.iter().map(Vec::len).collect();
        assert_eq!(runs, [0, 5, 7, 1]);
        assert_eq!(scratch.0.get(), 1000 + 125 + 15 + 1);
    }
}
