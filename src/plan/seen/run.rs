//! A sorted run of identities in a scratch file, with the first identity of each page in memory.

use std::io;

use crate::model::Fingerprint;
use crate::plan::{Scratch, ScratchFile};

use super::HalfDigest;

/// An identity and half of its record's digest.
pub(super) type Entry = (Fingerprint, HalfDigest);

const ENTRY: usize = 24;
/// Entries per page: about 4 KiB, so that one read finds an entry.
const PAGE: usize = 170;

#[derive(Debug)]
pub(super) struct SortedRun {
    file: Box<dyn ScratchFile>,
    first_of_page: Vec<Fingerprint>,
    entries: usize,
}

impl SortedRun {
    /// Writes `entries`, which are sorted and distinct.
    pub(super) fn write(
        scratch: &dyn Scratch,
        entries: impl Iterator<Item = io::Result<Entry>>,
    ) -> io::Result<Self> {
        let mut run = Self {
            file: scratch.create()?,
            first_of_page: Vec::new(),
            entries: 0,
        };
        let mut page = Vec::with_capacity(PAGE * ENTRY);
        for entry in entries {
            let (identity, half) = entry?;
            if run.entries.is_multiple_of(PAGE) {
                run.first_of_page.push(identity);
            }
            page.extend_from_slice(&identity.0);
            page.extend_from_slice(&half);
            run.entries += 1;
            if page.len() == PAGE * ENTRY {
                run.file.append(&page)?;
                page.clear();
            }
        }
        run.file.append(&page)?;
        Ok(run)
    }

    /// Half of the digest of the record with this identity.
    pub(super) fn find(&self, identity: &Fingerprint) -> io::Result<Option<HalfDigest>> {
        let after = self
            .first_of_page
            .partition_point(|first| first <= identity);
        let Some(page) = after.checked_sub(1) else {
            return Ok(None);
        };
        let page = self.page(page)?;
        let found = page.binary_search_by_key(identity, |(identity, _)| *identity);
        Ok(found.ok().map(|at| page[at].1))
    }

    /// All entries in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = io::Result<Entry>> + '_ {
        (0..self.first_of_page.len()).flat_map(|page| match self.page(page) {
            Ok(entries) => entries.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    fn page(&self, page: usize) -> io::Result<Vec<Entry>> {
        let first = page * PAGE;
        let mut bytes = vec![0; PAGE.min(self.entries - first) * ENTRY];
        self.file.read_at((first * ENTRY) as u64, &mut bytes)?;
        let entry = |bytes: &[u8]| {
            let (mut identity, mut half) = ([0; 16], HalfDigest::default());
            identity.copy_from_slice(&bytes[..16]);
            half.copy_from_slice(&bytes[16..]);
            (Fingerprint(identity), half)
        };
        Ok(bytes.chunks_exact(ENTRY).map(entry).collect())
    }
}

/// Merges the entries of several runs into one order.
pub(super) fn merged(runs: &[SortedRun]) -> impl Iterator<Item = io::Result<Entry>> + '_ {
    let mut heads: Vec<_> = runs.iter().map(|run| run.entries().peekable()).collect();
    std::iter::from_fn(move || {
        let mut least: Option<(usize, Fingerprint)> = None;
        for (at, head) in heads.iter_mut().enumerate() {
            match head.peek() {
                // Errors are returned at once.
                Some(Err(_)) => return head.next(),
                Some(Ok((identity, _))) if least.is_none_or(|(_, least)| *identity < least) => {
                    least = Some((at, *identity));
                }
                Some(Ok(_)) | None => {}
            }
        }
        heads[least?.0].next()
    })
}
