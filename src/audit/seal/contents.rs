//! The contents of a seal: summarizes the entries it covers, one by one in the order of their ids.

use std::collections::BTreeMap;

use crate::model::{EntryId, Sha256};

use super::{EntriesHeader, IdRanges, TableActions, Tree};

/// Entries per block; a power of two, so that a block's root is a node of the whole tree.
pub const BLOCK: usize = 4096;

/// The data of an entry that sealing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// `audit_log.id`.
    pub id: EntryId,
    /// Hash of the fields.
    pub leaf: Sha256,
    /// Name of the table.
    pub table: Box<str>,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub action: Box<str>,
    /// Whether the entry refers to a run.
    pub of_run: bool,
}

/// A subtree over [`BLOCK`] entries, or over the remaining ones at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its root.
    pub hash: Sha256,
    /// The first two bytes of each entry's hash.
    pub tags: Vec<u8>,
}

/// The summary of a seal's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The part of the header.
    pub entries: EntriesHeader,
    /// The subtrees.
    pub blocks: Vec<Block>,
}

/// Receives entries in the order of their ids.
#[derive(Debug, Default)]
pub struct Sealer {
    ids: IdRanges,
    tables: BTreeMap<Box<str>, TableActions>,
    /// Table and action of the last entry, and their count: consecutive entries mostly have the same.
    latest: Option<(Box<str>, Box<str>, u64)>,
    block: Tree,
    tags: Vec<u8>,
    blocks: Vec<Block>,
    roots: Tree,
}

/// The first two bytes of an entry's hash. They locate differences; whether there is one is decided by the whole hash.
#[must_use]
pub fn tag(leaf: &Sha256) -> [u8; 2] {
    [leaf.0[0], leaf.0[1]]
}

impl Sealer {
    /// Adds an entry.
    pub fn add(&mut self, entry: SealedEntry) {
        self.ids.push(entry.id);
        self.count(entry.table, entry.action);
        self.block.push(entry.leaf);
        self.tags.extend(tag(&entry.leaf));
        if self.block.leaves() == BLOCK as u64 {
            self.end_block();
        }
    }

    /// Number of entries added.
    #[must_use]
    pub fn count_so_far(&self) -> u64 {
        self.roots.leaves() * BLOCK as u64 + self.block.leaves()
    }

    /// The summary of the entries.
    #[must_use]
    pub fn finish(mut self) -> Contents {
        if self.block.leaves() > 0 {
            self.end_block();
        }
        self.end_counting();
        Contents {
            entries: EntriesHeader {
                count: self.ids.count(),
                ids: self.ids,
                root: self.roots.root(),
                tables: self.tables,
            },
            blocks: self.blocks,
        }
    }

    fn end_block(&mut self) {
        let hash = std::mem::take(&mut self.block).root();
        self.roots.push(hash);
        self.blocks.push(Block {
            hash,
            tags: std::mem::take(&mut self.tags),
        });
    }

    fn count(&mut self, table: Box<str>, action: Box<str>) {
        match &mut self.latest {
            Some((last_table, last_action, count))
                if *last_table == table && *last_action == action =>
            {
                *count += 1;
            }
            _ => {
                self.end_counting();
                self.latest = Some((table, action, 1));
            }
        }
    }

    fn end_counting(&mut self) {
        if let Some((table, action, count)) = self.latest.take() {
            *self
                .tables
                .entry(table)
                .or_default()
                .entry(action)
                .or_default() += count;
        }
    }
}
