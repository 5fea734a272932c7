//! Laying the entries of the trail beside the seals that cover them, in one pass in the order of their ids.
//!
//! Memory: two bytes per entry of the seals that are being read, which is one at a time on SQLite; what is as it was
//! sealed is forgotten at once.

use std::collections::{HashMap, HashSet};

use crate::audit::seal::{Contents, IdRanges, SealedEntry, Sealer};

use super::chain::ReadSeal;

/// Takes all entries of the trail.
pub(super) struct Coverage<'s> {
    seals: &'s [ReadSeal],
    /// First id, last id, index of the seal; ascending.
    ranges: Vec<(i64, i64, usize)>,
    at: usize,
    open: HashMap<usize, Sealer>,
    /// Seals of which an entry was there.
    opened: HashSet<usize>,
    /// The id after which one of the open seals is complete.
    next_end: i64,
    found: Found,
}

/// What the pass found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Entries that seals cover.
    pub(super) sealed: u64,
    /// Seals whose entries are not what was sealed, with what is there now.
    pub(super) different: Vec<(usize, Contents)>,
    /// Entries that no seal covers.
    pub(super) unsealed: IdRanges,
    /// Of these, those that name a run.
    pub(super) unsealed_of_runs: IdRanges,
    /// The highest id.
    pub(super) last: i64,
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
            next_end: i64::MAX,
            found: Found::default(),
        }
    }

    /// Takes the next entry.
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
                    self.found.unsealed_of_runs.push(id);
                }
            }
        }
    }

    /// Ends the pass.
    pub(super) fn finish(mut self) -> Found {
        self.close_before(i64::MAX);
        // Seals of which no entry is left were never opened.
        let covering: HashSet<usize> = self.ranges.iter().map(|range| range.2).collect();
        for &seal in covering.difference(&self.opened) {
            let nothing = Sealer::default().finish();
            self.found.different.push((seal, nothing));
        }
        self.found.different.sort_by_key(|(seal, _)| *seal);
        self.found
    }

    fn end(&self, seal: usize) -> i64 {
        self.seals[seal].header.entries.ids.last().unwrap_or(0)
    }

    fn close_before(&mut self, id: i64) {
        let ended: Vec<usize> = self
            .open
            .keys()
            .copied()
            .filter(|&seal| self.end(seal) < id)
            .collect();
        for seal in ended {
            if let Some(sealer) = self.open.remove(&seal) {
                let contents = sealer.finish();
                if contents.entries != self.seals[seal].header.entries {
                    self.found.different.push((seal, contents));
                }
            }
        }
        let ends = self.open.keys().map(|&seal| self.end(seal));
        self.next_end = ends.min().unwrap_or(i64::MAX);
    }
}
