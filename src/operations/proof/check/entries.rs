//! Finds the entries that differ from what was sealed.

use std::collections::HashMap;

use crate::audit::seal::{BLOCK, Block, Contents, EntryDifference, IdRanges, Tags, Tree, locate};
use crate::operations::OperationError;

use super::super::chain::ReadSeal;
use super::super::coverage::{CoverageResult, digest_of_tags};
use super::super::outcome::{AuditLogDifference, AuditLogDifferenceKind};
use super::AuditLogCheck;

impl AuditLogCheck<'_> {
    /// Reports the entries of seals whose root has changed.
    pub(super) fn differing_entries(
        &mut self,
        found: &CoverageResult,
    ) -> Result<(), OperationError> {
        for (seal, contents) in &found.different {
            let seal = &self.seals[*seal];
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seals().seal_blocks(number)?;
            let sealed = tags(&seal.header.entries.ids, &blocks);
            let now = tags(&contents.entries.ids, &contents.blocks);
            let named = locate(&sealed, &now);
            if named.is_empty() {
                let message = unnamed(seal, &blocks, contents);
                self.report(AuditLogDifferenceKind::Edited, Some(seal), message);
            }
            for difference in named {
                let difference = self.entry_difference(seal, difference)?;
                self.keep(difference);
            }
        }
        Ok(())
    }

    fn entry_difference(
        &mut self,
        seal: &ReadSeal,
        difference: EntryDifference,
    ) -> Result<AuditLogDifference, OperationError> {
        let (kind, id, what) = match difference {
            EntryDifference::Edited { id } => (
                AuditLogDifferenceKind::Edited,
                id,
                "was changed after it was sealed".to_owned(),
            ),
            EntryDifference::Deleted { id } => (
                AuditLogDifferenceKind::Deleted,
                id,
                "was deleted after it was sealed".to_owned(),
            ),
            EntryDifference::Inserted { id } => (
                AuditLogDifferenceKind::Inserted,
                id,
                "was inserted among sealed entries".to_owned(),
            ),
            EntryDifference::Reordered { first, last } => (
                AuditLogDifferenceKind::Reordered,
                first,
                format!("and entry {last} were swapped or moved"),
            ),
        };
        // Record ids are looked up only for listed differences.
        let entry = match (kind, self.differences.len() < self.limit) {
            (AuditLogDifferenceKind::Deleted, _) | (_, false) => None,
            (_, true) => self.database.seals().entry_subject(id)?,
        };
        Ok(AuditLogDifference {
            kind,
            seal: Some(seal.header.number),
            run: seal.header.run_id(),
            entry: Some(id),
            message: format!("entry {id} {what}"),
            row: entry.map(|entry| (entry.table_name, entry.record_id)),
        })
    }

    /// Checks the stored subtrees of a seal: they are not hashed themselves, but must lead to its root.
    pub(super) fn blocks(&mut self, found: &CoverageResult) -> Result<(), OperationError> {
        for (index, seal) in self.seals.iter().enumerate() {
            if found
                .different
                .iter()
                .any(|(different, _)| *different == index)
            {
                continue;
            }
            let number = i64::try_from(seal.header.number).unwrap_or(0);
            let blocks = self.database.seals().seal_blocks(number)?;
            let root = blocks
                .iter()
                .map(|block| block.hash)
                .collect::<Tree>()
                .root();
            let none = digest_of_tags(&[]);
            let tags = found.tags.get(&index).unwrap_or(&none);
            if root != seal.header.entries.root || *tags != digest_of_tags(&blocks) {
                let message = "`audit_seal_blocks` was changed; the entries are unchanged";
                self.report(AuditLogDifferenceKind::Seal, Some(seal), message.to_owned());
            }
        }
        self.places_of_blocks()
    }

    /// Reports stored subtrees at positions where a seal has none.
    fn places_of_blocks(&mut self) -> Result<(), OperationError> {
        let expected: HashMap<i64, u64> = self
            .seals
            .iter()
            .map(|seal| {
                let number = i64::try_from(seal.header.number).unwrap_or(0);
                (number, seal.header.entries.count.div_ceil(BLOCK as u64))
            })
            .collect();
        for (seal, position) in self.database.seals().seal_block_places()? {
            let blocks = expected.get(&seal).copied().unwrap_or(0);
            if !u64::try_from(position).is_ok_and(|position| position < blocks) {
                let message = format!(
                    "`audit_seal_blocks` has an extra row for seal {seal} at position {position}"
                );
                self.report(AuditLogDifferenceKind::Seal, None, message);
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

/// If the tags agree, by chance or because they were changed too, only the block can be reported.
fn unnamed(seal: &ReadSeal, sealed: &[Block], now: &Contents) -> String {
    let block = sealed
        .iter()
        .zip(&now.blocks)
        .position(|(sealed, now)| sealed.hash != now.hash);
    let ids = &seal.header.entries.ids;
    match block {
        Some(block) => {
            let mut ids = ids.iter().skip(block * BLOCK).take(BLOCK);
            let first = ids.next().unwrap_or_default();
            let last = ids.last().unwrap_or(first);
            format!("one of the entries from {first} to {last} was changed after it was sealed")
        }
        None => "its entries and `audit_seal_blocks` differ from what was sealed".to_owned(),
    }
}
