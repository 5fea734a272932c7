//! Packs: many small objects in one file, and the index that says where each is.
//!
//! A file of its own for each of ten thousands of small contents costs a sync, a directory entry and a block each; a
//! pack costs three syncs, and compresses better. An index that cannot be used makes its objects missing, no more.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::names_in;
use super::{Archive, ArchiveError};
use crate::model::Sha256;

const FIRST_LINE: &str = "accession pack 1";
const PACK: &str = "pack";
pub(super) const INDEX: &str = "index";

/// Where one object lies in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackEntry {
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
    /// Where it begins in the uncompressed pack.
    pub(super) start: u64,
    /// Where in the pack's file its frame begins.
    pub(super) frame: u64,
}

/// An object inside a pack.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) pack: Arc<Path>,
    /// Where in the file its frame begins.
    pub(super) frame: u64,
    /// How many uncompressed bytes of the frame stand before it.
    pub(super) before: u64,
    pub(super) bytes: u64,
}

/// Where the bytes of an object are.
#[derive(Debug, Clone)]
pub(super) enum Location {
    /// In a file of its own, which may be missing.
    File(PathBuf),
    Packed(Packed),
}

impl Location {
    /// The file that holds it.
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Packed(packed) => &packed.pack,
        }
    }
}

/// What the packs of an archive hold.
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
            // What a lost pack held is missing.
            let pack = path.with_extension(PACK);
            if !pack.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(ArchiveError::io("read index", &path))?;
            match parse(&text) {
                Some(entries) => packs.add(pack.into(), &entries),
                None => packs.unusable.push(ArchiveError::BadIndex(path)),
            }
        }
        Ok(packs)
    }

    /// Where an object is; a file of its own comes first, because a damaged object in a pack is replaced by one.
    pub(super) fn locate(&self, packs: &Packs, sha256: Sha256) -> Location {
        let own = self.object_path(sha256);
        match packs.objects.get(&sha256) {
            Some(packed) if !own.exists() => Location::Packed(packed.clone()),
            Some(_) | None => Location::File(own),
        }
    }

    /// Pack and index that the run `name` makes.
    pub(super) fn pack_paths(&self, name: &str) -> (PathBuf, PathBuf) {
        let path = |ending| self.packs().join(format!("{name}.{ending}"));
        (path(PACK), path(INDEX))
    }
}

impl Packs {
    fn add(&mut self, pack: Arc<Path>, entries: &[PackEntry]) {
        // A frame begins with the object that names it first.
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

/// The index of a pack as text: a line per object in the order of the pack, then their digest.
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

/// `None` if the text is not a whole index.
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
    fn an_index_is_read_whole_or_not_at_all() {
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
