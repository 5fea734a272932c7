//! Compares the entries of the audit log with the seals that cover them, in one pass in the order of their ids.
//!
//! Memory: two bytes per entry of the seals that are being read, which on SQLite is one seal at a time. The entries of
//! unchanged seals are discarded at once.

use std::collections::{HashMap, HashSet};

use crate::audit::seal::{Block, Contents, IdRanges, SealedEntry, Sealer};

use crate::model::{EntryId, Hasher, Sha256};

use super::chain::ReadSeal;

/// Receives all entries of the audit log.
pub(super) struct Coverage<'s> {
    seals: &'s [ReadSeal],
    /// First id, last id, index of the seal; ascending.
    ranges: Vec<(EntryId, EntryId, usize)>,
    at: usize,
    open: HashMap<usize, Sealer>,
    /// Seals with at least one existing entry.
    opened: HashSet<usize>,
    /// The id after which one of the open seals is complete.
    next_end: EntryId,
    found: CoverageResult,
}

/// The result of the pass.
#[derive(Debug, Default)]
pub(super) struct CoverageResult {
    /// Number of entries that seals cover.
    pub(super) sealed: u64,
    /// Seals whose entries have changed, with the current contents.
    pub(super) different: Vec<(usize, Contents)>,
    /// Entries that no seal covers.
    pub(super) unsealed: IdRanges,
    /// Entries that refer to a run and are covered by no seal, or by one over changes made outside runs.
    pub(super) of_runs_elsewhere: IdRanges,
    /// Per seal with unchanged entries, the digest of the tags that its blocks must have.
    pub(super) tags: HashMap<usize, Sha256>,
    /// The highest id.
    pub(super) last: EntryId,
}

impl<'s> Coverage<'s> {
    pub(super) fn new(seals: &'s [ReadSeal]) -> Self {
        let mut ranges: Vec<_> = seals
            .iter()
            .enumerate()
            .flat_map(|(index, seal)| {
                let ranges = seal.header.entries.ids.ranges().iter();
                ranges.map(move |&(first, last)| (first, last, index))
            })
            .collect();
        ranges.sort_unstable();
        Self {
            seals,
            ranges,
            at: 0,
            open: HashMap::new(),
            opened: HashSet::new(),
            next_end: EntryId::MAX,
            found: CoverageResult::default(),
        }
    }

    /// Adds the next entry.
    pub(super) fn add(&mut self, entry: SealedEntry) {
        let id = entry.id;
        self.found.last = id;
        if id > self.next_end {
            self.close_before(id);
        }
        while self
            .ranges
            .get(self.at)
            .is_some_and(|(_, last, _)| *last < id)
        {
            self.at += 1;
        }
        match self.ranges.get(self.at) {
            Some(&(first, _, seal)) if first <= id => {
                let end = self.end(seal);
                self.next_end = self.next_end.min(end);
                self.found.sealed += 1;
                if entry.of_run && self.seals[seal].header.run.is_none() {
                    self.found.of_runs_elsewhere.push(id);
                }
                self.open
                    .entry(seal)
                    .or_insert_with(|| {
                        self.opened.insert(seal);
                        Sealer::default()
                    })
                    .add(entry);
            }
            _ => {
                self.found.unsealed.push(id);
                if entry.of_run {
                    self.found.of_runs_elsewhere.push(id);
                }
            }
        }
    }

    /// Ends the pass.
    pub(super) fn finish(mut self) -> CoverageResult {
        self.close_before(EntryId::MAX);
        // Seals without any remaining entry were never opened.
        let covering: HashSet<usize> = self.ranges.iter().map(|range| range.2).collect();
        for &seal in covering.difference(&self.opened) {
            let nothing = Sealer::default().finish();
            self.found.different.push((seal, nothing));
        }
        self.found.different.sort_by_key(|(seal, _)| *seal);
        self.found
    }

    fn end(&self, seal: usize) -> EntryId {
        self.seals[seal]
            .header
            .entries
            .ids
            .last()
            .unwrap_or_default()
    }

    fn close_before(&mut self, id: EntryId) {
        let ended: Vec<usize> = self
            .open
            .keys()
            .copied()
            .filter(|&seal| self.end(seal) < id)
            .collect();
        for seal in ended {
            if let Some(sealer) = self.open.remove(&seal) {
                let contents = sealer.finish();
                if contents.entries == self.seals[seal].header.entries {
                    self.found
                        .tags
                        .insert(seal, digest_of_tags(&contents.blocks));
                } else {
                    self.found.different.push((seal, contents));
                }
            }
        }
        let ends = self.open.keys().map(|&seal| self.end(seal));
        self.next_end = ends.min().unwrap_or(EntryId::MAX);
    }
}

/// The digest of the tags of all blocks of a seal.
pub(super) fn digest_of_tags(blocks: &[Block]) -> Sha256 {
    let mut hasher = Hasher::new();
    for block in blocks {
        hasher.bytes(&block.tags);
    }
    hasher.sha256()
}
