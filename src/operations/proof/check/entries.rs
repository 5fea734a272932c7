//! Which entries are not what was sealed.

use crate::audit::seal::{BLOCK, Block, Contents, EntryDifference, IdRanges, Tags, Tree, locate};
use crate::operations::OperationError;

use super::super::chain::ReadSeal;
use super::super::coverage::Found;
use super::super::outcome::{TrailDifference, TrailDifferenceKind};
use super::Check;

impl Check<'_> {
    /// Names the entries of seals whose root is another.
    pub(super) fn differing_entries(&mut self, found: &Found) -> Result<(), OperationError> {
        for (seal, contents) in &found.different {
            let seal = &self.seals[*seal];
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seal_blocks(number)?;
            let sealed = tags(&seal.header.entries.ids, &blocks);
            let now = tags(&contents.entries.ids, &contents.blocks);
            let named = locate(&sealed, &now);
            if named.is_empty() {
                let message = unnamed(seal, &blocks, contents);
                self.tell(TrailDifferenceKind::Edited, Some(seal), message);
            }
            for difference in named {
                let told = self.entry_difference(seal, difference)?;
                self.keep(told);
            }
        }
        Ok(())
    }

    fn entry_difference(
        &mut self,
        seal: &ReadSeal,
        difference: EntryDifference,
    ) -> Result<TrailDifference, OperationError> {
        let (kind, id, what) = match difference {
            EntryDifference::Edited { id } => (
                TrailDifferenceKind::Edited,
                id,
                "was changed after it was sealed".to_owned(),
            ),
            EntryDifference::Deleted { id } => (
                TrailDifferenceKind::Deleted,
                id,
                "was deleted after it was sealed".to_owned(),
            ),
            EntryDifference::Inserted { id } => (
                TrailDifferenceKind::Inserted,
                id,
                "was inserted among sealed ones".to_owned(),
            ),
            EntryDifference::Reordered { first, last } => (
                TrailDifferenceKind::Reordered,
                first,
                format!("and entry {last} changed places"),
            ),
        };
        // Names of rows are looked up only for what is listed.
        let entry = match (kind, self.differences.len() < self.limit) {
            (TrailDifferenceKind::Deleted, _) | (_, false) => None,
            (_, true) => self.database.trail_entry(id)?,
        };
        Ok(TrailDifference {
            kind,
            seal: Some(seal.header.number),
            run: seal.header.run_id().map(str::to_owned),
            entry: Some(id),
            message: format!("entry {id} {what}"),
            row: entry.map(|entry| (entry.table_name, entry.record_id)),
        })
    }

    /// The subtrees that are kept with a seal are not hashed themselves, but must lead to its root.
    pub(super) fn blocks(&mut self, found: &Found) -> Result<(), OperationError> {
        for (index, seal) in self.seals.iter().enumerate() {
            if found
                .different
                .iter()
                .any(|(different, _)| *different == index)
            {
                continue;
            }
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seal_blocks(number)?;
            let root = blocks
                .iter()
                .map(|block| block.hash)
                .collect::<Tree>()
                .root();
            let tags: usize = blocks.iter().map(|block| block.tags.len()).sum();
            if root != seal.header.entries.root || tags as u64 != 2 * seal.header.entries.count {
                let message =
                    "`audit_seal_blocks` was changed; the entries are as they were sealed";
                self.tell(TrailDifferenceKind::Seal, Some(seal), message.to_owned());
            }
        }
        Ok(())
    }
}

fn tags(ids: &IdRanges, blocks: &[Block]) -> Tags {
    let bytes = blocks.iter().flat_map(|block| block.tags.chunks_exact(2));
    Tags {
        ids: ids.clone(),
        tags: bytes.map(|pair| [pair[0], pair[1]]).collect(),
    }
}

/// Tags agree by chance, or were changed too: then the block is all that can be named.
fn unnamed(seal: &ReadSeal, sealed: &[Block], now: &Contents) -> String {
    let block = sealed
        .iter()
        .zip(&now.blocks)
        .position(|(sealed, now)| sealed.hash != now.hash);
    let ids = &seal.header.entries.ids;
    match block {
        Some(block) => {
            let mut ids = ids.iter().skip(block * BLOCK).take(BLOCK);
            let first = ids.next().unwrap_or(0);
            let last = ids.last().unwrap_or(first);
            format!("one of the entries from {first} to {last} was changed after it was sealed")
        }
        None => {
            "its entries are not what was sealed, and neither is `audit_seal_blocks`".to_owned()
        }
    }
}
