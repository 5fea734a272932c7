//! Creating a pack: small source files are concatenated, and the pack gets its name after it was verified.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use tempfile::NamedTempFile;

use super::ArchiveError;
use super::durable::{sync_directory, temporary_in};
use super::pack::{PackEntry, index_text};
use super::store_object::{LEVEL, ObjectToStore, Storing};
use crate::model::Sha256;

/// Contents up to this size are packed.
const SMALL: u64 = 64 * 1024;
/// Minimum number of small contents for a pack.
const MANY: usize = 256;
/// Uncompressed size after which a frame ends: reading an object decompresses at most one frame.
const FRAME: usize = 128 * 1024;

/// Splits the objects into those to be packed and those with a file of their own.
pub(super) fn divide(
    missing: Vec<ObjectToStore<'_>>,
) -> (Vec<ObjectToStore<'_>>, Vec<ObjectToStore<'_>>) {
    let (small, large): (Vec<_>, Vec<_>) = missing
        .into_iter()
        .partition(|object| object.file.bytes <= SMALL);
    if small.len() >= MANY {
        (small, large)
    } else {
        (Vec::new(), [small, large].concat())
    }
}

impl Storing<'_> {
    /// Creates the pack `name` of `objects`, which is not empty, and returns the number of bytes written.
    pub(super) fn store_pack(
        self,
        name: &str,
        objects: &[ObjectToStore<'_>],
    ) -> Result<u64, ArchiveError> {
        let created = self.created;
        let directory = self.archive.packs();
        created.ensure_directory(&directory)?;
        let (pack_path, index_path) = self.archive.pack_paths(name);
        let mut pack = temporary_in(&directory)?;
        let entries = write_frames(&mut pack, objects, self)?;
        pack.as_file()
            .sync_all()
            .map_err(ArchiveError::io("write", pack.path()))?;
        prove(&pack, &entries, &pack_path)?;
        let packed = size(pack.as_file(), pack.path())?;

        let text = index_text(&entries);
        let mut index = temporary_in(&directory)?;
        index
            .write_all(text.as_bytes())
            .and_then(|()| index.as_file().sync_all())
            .map_err(ArchiveError::io("write", index.path()))?;
        let read = fs::read(index.path()).map_err(ArchiveError::io("read", index.path()))?;
        if read != text.as_bytes() {
            return Err(ArchiveError::ProofFailed(index_path));
        }
        // The index is renamed last: without an index, a pack is ignored.
        for (file, path) in [(pack, pack_path), (index, index_path)] {
            file.persist_noclobber(&path)
                .map_err(|error| ArchiveError::io("rename to", &path)(error.error))?;
            created.add_file(path);
        }
        sync_directory(&directory)?;
        Ok(packed + text.len() as u64)
    }
}

fn write_frames(
    pack: &mut NamedTempFile,
    objects: &[ObjectToStore<'_>],
    storing: Storing<'_>,
) -> Result<Vec<PackEntry>, ArchiveError> {
    let path = pack.path().to_owned();
    let writing = || ArchiveError::io("write", &path);
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(writing())?;
    compressor.include_checksum(true).map_err(writing())?;
    let mut entries = Vec::with_capacity(objects.len());
    let mut content = Vec::with_capacity(2 * FRAME);
    let (mut start, mut frame) = (0, 0);
    for (place, object) in objects.iter().enumerate() {
        if storing.interrupt.load(Ordering::Relaxed) {
            return Err(ArchiveError::Interrupted);
        }
        let (sha256, bytes) = (object.file.sha256, object.file.bytes);
        read_source(object, storing, &mut content)?;
        entries.push(PackEntry {
            sha256,
            bytes,
            start,
            frame,
        });
        start += bytes;
        if content.len() >= FRAME || place + 1 == objects.len() {
            let compressed = compressor.compress(&content).map_err(writing())?;
            pack.write_all(&compressed).map_err(writing())?;
            frame += compressed.len() as u64;
            content.clear();
        }
        (0..object.files).for_each(|_| storing.observer.file_done(bytes));
    }
    Ok(entries)
}

/// Appends the source file to `content` if it still matches the survey.
fn read_source(
    object: &ObjectToStore<'_>,
    storing: Storing<'_>,
    content: &mut Vec<u8>,
) -> Result<(), ArchiveError> {
    let (sha256, bytes) = (object.file.sha256, object.file.bytes);
    let path = object.source(storing);
    let before = content.len();
    // One more byte than expected, to detect a longer file.
    object
        .open(storing)?
        .take(bytes + 1)
        .read_to_end(content)
        .map_err(ArchiveError::io("read", &path))?;
    let read = &content[before..];
    match read.len() as u64 == bytes && Sha256::of(read) == sha256 {
        true => Ok(()),
        false => Err(object.changed()),
    }
}

/// Reads the whole pack back and verifies it.
fn prove(pack: &NamedTempFile, entries: &[PackEntry], name: &Path) -> Result<(), ArchiveError> {
    let failed = || ArchiveError::ProofFailed(name.to_owned());
    let mut file = pack
        .reopen()
        .map_err(ArchiveError::io("read", pack.path()))?;
    file.rewind()
        .map_err(ArchiveError::io("read", pack.path()))?;
    let mut decoder = zstd::Decoder::new(file).map_err(ArchiveError::io("read", pack.path()))?;
    let mut content = Vec::new();
    for entry in entries {
        content.clear();
        let mut object = decoder.by_ref().take(entry.bytes);
        object.read_to_end(&mut content).map_err(|_| failed())?;
        if content.len() as u64 != entry.bytes || Sha256::of(&content) != entry.sha256 {
            return Err(failed());
        }
    }
    match decoder.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) | Err(_) => Err(failed()),
    }
}

fn size(file: &File, path: &Path) -> Result<u64, ArchiveError> {
    let metadata = file.metadata();
    Ok(metadata.map_err(ArchiveError::io("inspect", path))?.len())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Home, run};
    use super::super::{ArchiveProblem, VerifyReport};
    use super::*;
    use std::fmt::Write as _;
    use std::sync::atomic::AtomicBool;

    /// Enough small files for a pack, one of them empty, and a large one. Two files have the same content.
    fn many() -> (Home, Vec<String>) {
        let home = Home::new();
        let mut paths = Vec::new();
        for number in 0..=MANY {
            let mut content = String::new();
            for line in 0..number * 13 % 400 {
                let _ = write!(content, "{number}-{line} ");
            }
            paths.push(format!("small/{number}.json"));
            home.write(&paths[number], content.as_bytes());
        }
        let large = "x".repeat(usize::try_from(SMALL).expect("small") + 1);
        for (path, content) in [("large.json", large.as_str()), ("again.json", "1-0 1-1 ")] {
            home.write(path, content.as_bytes());
            paths.push(path.to_owned());
        }
        (home, paths)
    }

    fn store(
        home: &Home,
        number: u128,
        files: &[String],
        unchanged: &[String],
    ) -> crate::archive::StoredCounts {
        let names = |paths: &[String]| paths.to_vec();
        let (files, unchanged) = (names(files), names(unchanged));
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let unchanged: Vec<&str> = unchanged.iter().map(String::as_str).collect();
        home.store(number, &files, &unchanged).keep()
    }

    fn verify(home: &Home) -> VerifyReport {
        let verified = home.archive().verify(None, &(), &AtomicBool::new(false));
        verified.expect("verified")
    }

    fn objects(home: &Home) -> usize {
        let entries = walkdir::WalkDir::new(home.archive().objects()).into_iter();
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|e| e.file_type().is_file()))
            .count()
    }

    fn assert_restored(home: &Home, number: u128) {
        let target = home.path().join(format!("restored-{number}"));
        let run = run(number).into();
        let restored = home
            .archive()
            .restore(&run, &target, &(), &AtomicBool::new(false));
        restored.expect("restored");
        assert_eq!(
            home.tree_with_times(&target),
            home.tree_with_times(&home.source())
        );
    }

    #[test]
    fn many_small_files_are_packed_and_restored() {
        let (home, paths) = many();
        let counts = store(&home, 1, &paths, &[]);
        let contents = counts.objects_new;
        assert!(
            contents <= paths.len() as u64 && contents > MANY as u64 / 2,
            "{contents}"
        );
        assert_eq!(objects(&home), 1, "the large one");
        assert_restored(&home, 1);
        let report = verify(&home);
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!((report.objects, report.unreferenced), (contents, Some(0)));
        let (pack, index) = home.archive().pack_paths(&run(1).to_string());
        let size = |path: &Path| fs::metadata(path).expect("there").len();
        assert!(size(&pack) + size(&index) <= counts.bytes_written);
    }

    #[test]
    fn packed_contents_are_not_stored_again() {
        let (home, paths) = many();
        let first = store(&home, 1, &paths, &[]);
        let again = store(&home, 2, &paths[..10], &paths[10..]);
        assert_eq!(again.objects_new, 0);
        assert!(again.objects_proved > 0);
        assert!(!home.archive().pack_paths(&run(2).to_string()).0.exists());
        assert_restored(&home, 2);
        assert!(first.bytes_written > 0);
    }

    #[test]
    fn a_discarded_pack_leaves_nothing_behind() {
        let (home, paths) = many();
        let names: Vec<&str> = paths.iter().map(String::as_str).collect();
        let untouched = home.tree(home.path());
        drop(home.store(1, &names, &[]));
        assert_eq!(home.tree(home.path()), untouched);
        home.write("small/7.json", b"changed since");
        let survey = home.survey(&names);
        home.write("small/7.json", b"changed again");
        let rejected = home.try_store(1, &survey, &[]);
        assert!(matches!(
            rejected,
            Err(ArchiveError::ChangedWhileArchived { .. })
        ));
        assert!(!home.path().join("archive").exists());
    }

    #[test]
    fn damage_to_a_pack_is_found_and_repaired_by_the_next_store() {
        let (home, paths) = many();
        store(&home, 1, &paths, &[]);
        let (pack, _) = home.archive().pack_paths(&run(1).to_string());
        let mut bytes = fs::read(&pack).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&pack, &bytes).expect("written");
        let report = verify(&home);
        assert!(!report.problems.is_empty());
        for problem in &report.problems {
            assert!(matches!(problem, ArchiveProblem::Object { object, .. } if *object == pack));
        }
        let damaged = report.problems.len();
        let counts = store(&home, 2, &paths, &[]);
        assert_eq!(counts.replaced.len(), damaged);
        assert!(verify(&home).problems.is_empty());
        assert_restored(&home, 2);
    }

    #[test]
    fn contents_of_a_lost_pack_or_index_are_stored_again() {
        for lost in 0..3 {
            let (home, paths) = many();
            let contents = store(&home, 1, &paths, &[]).objects_new;
            let (pack, index) = home.archive().pack_paths(&run(1).to_string());
            match lost {
                0 => fs::remove_file(&pack).expect("removed"),
                1 => fs::remove_file(&index).expect("removed"),
                _ => fs::write(&index, "accession pack 1\n").expect("written"),
            }
            let report = verify(&home);
            let packs = report
                .problems
                .iter()
                .filter(|problem| matches!(problem, ArchiveProblem::Pack(_)));
            assert_eq!(packs.count(), usize::from(lost == 2));
            assert!(report.problems.len() as u64 >= contents - 1);
            let counts = store(&home, 2, &paths[..10], &paths[10..]);
            assert_eq!(counts.objects_new, contents - 1);
            assert_restored(&home, 2);
        }
    }
}
