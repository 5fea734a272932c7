//! Packs: many small objects in one file, with an index of their locations.
//!
//! For tens of thousands of small files, one object file each would cost a sync, a directory entry and a block each.
//! A pack costs three syncs, and compresses better. If an index cannot be used, its objects count as missing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::names_in;
use super::location::{Location, Packed};
use super::{Archive, ArchiveError};
use crate::model::{LARGE, Sha256, read_regular};

const FIRST_LINE: &str = "accession pack 1";
const PACK: &str = "pack";
pub(super) const INDEX: &str = "index";

/// The location of an object in a pack, as stored in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackEntry {
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
    /// Offset in the uncompressed pack.
    pub(super) start: u64,
    /// Offset of its frame in the pack file.
    pub(super) frame: u64,
}

/// The objects in the packs of an archive.
#[derive(Debug, Default)]
pub(super) struct Packs {
    objects: HashMap<Sha256, Packed>,
    /// Indexes that cannot be used, by name.
    pub(super) unusable: Vec<ArchiveError>,
}

impl Packs {
    pub(super) fn contents(&self) -> impl Iterator<Item = &Sha256> {
        self.objects.keys()
    }
}

impl Archive {
    /// Reads the indexes of all packs.
    pub(super) fn read_packs(&self) -> Result<Packs, ArchiveError> {
        let mut packs = Packs::default();
        for name in names_in(&self.packs())? {
            let path = self.packs().join(name);
            if path.extension().is_none_or(|ending| ending != INDEX) {
                continue;
            }
            // The objects of a lost pack are missing.
            let pack = path.with_extension(PACK);
            if !pack.is_file() {
                continue;
            }
            let text = read_regular(&path, LARGE).map_err(ArchiveError::io("read index", &path))?;
            match std::str::from_utf8(&text).ok().and_then(parse) {
                Some(entries) => packs.add(pack.into(), &entries),
                None => packs.unusable.push(ArchiveError::BadIndex(path)),
            }
        }
        Ok(packs)
    }

    /// Returns the location of an object. An object file takes precedence, because it replaces a damaged object in a
    /// pack.
    pub(super) fn locate(&self, packs: &Packs, sha256: Sha256) -> Location {
        let own = self.object_path(sha256);
        match packs.objects.get(&sha256) {
            Some(packed) if !own.exists() => Location::Packed(packed.clone()),
            Some(_) | None => Location::File(own),
        }
    }

    /// Returns the paths of pack and index for the run `name`.
    pub(super) fn pack_paths(&self, name: &str) -> (PathBuf, PathBuf) {
        let path = |ending| self.packs().join(format!("{name}.{ending}"));
        (path(PACK), path(INDEX))
    }
}

impl Packs {
    fn add(&mut self, pack: Arc<Path>, entries: &[PackEntry]) {
        // A frame begins with its first object.
        let (mut frame, mut frame_start) = (None, 0);
        for entry in entries {
            if frame != Some(entry.frame) {
                (frame, frame_start) = (Some(entry.frame), entry.start);
            }
            let packed = Packed {
                pack: pack.clone(),
                frame: entry.frame,
                before: entry.start.saturating_sub(frame_start),
                bytes: entry.bytes,
            };
            self.objects.entry(entry.sha256).or_insert(packed);
        }
    }
}

/// Formats the index of a pack: one line per object in the order of the pack, then the digest.
pub(super) fn index_text(entries: &[PackEntry]) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for entry in entries {
        let PackEntry {
            sha256,
            bytes,
            start,
            frame,
        } = entry;
        writeln!(text, "{sha256} {bytes} {start} {frame}").expect("writing to a String");
    }
    let digest = Sha256::of(text.as_bytes());
    writeln!(text, "end {digest}").expect("writing to a String");
    text
}

/// Parses an index; `None` if it is incomplete.
fn parse(text: &str) -> Option<Vec<PackEntry>> {
    let (lines, end) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let digest = Sha256::of(&text.as_bytes()[..=lines.len()]);
    if end.strip_prefix("end ")? != digest.to_string() {
        return None;
    }
    let mut lines = lines.lines();
    if lines.next()? != FIRST_LINE {
        return None;
    }
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let sha256 = Sha256::from_hex(words.next()?)?;
            let mut number = || words.next()?.parse::<u64>().ok();
            Some(PackEntry {
                sha256,
                bytes: number()?,
                start: number()?,
                frame: number()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_or_modified_index_is_rejected() {
        let entries: Vec<PackEntry> = (0..3_u8)
            .map(|n| PackEntry {
                sha256: Sha256::of(&[n]),
                bytes: 10,
                start: u64::from(n) * 10,
                frame: u64::from(n / 2) * 7,
            })
            .collect();
        let text = index_text(&entries);
        assert_eq!(parse(&text), Some(entries));
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut]), None, "{cut}");
        }
        assert_eq!(parse(&text.replacen("10 20", "10 21", 1)), None);
        assert_eq!(parse(&index_text(&[])), Some(Vec::new()));
    }
}
