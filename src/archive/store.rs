//! Storing a run: new contents become objects, and the manifest, which names all of them, is written last.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::counts::Counts;
use super::created::Created;
use super::durable::sync_directory;
use super::location::Location;
use super::lock::StoreLock;
use super::manifest_file::write_manifest;
use super::store_object::{ObjectToStore, Storing};
use super::store_pack::divide;
use super::workers::{ArchiveObserver, for_each};
use super::{
    Archive, ArchiveError, FileToStore, Manifest, ManifestEntry, RelativePath, RunToStore, Stored,
};

impl Archive {
    /// Stores a run. Until [`Stored::keep`], the archive is locked and everything created will be removed again.
    ///
    /// # Errors
    /// If a file does not match the survey, a path is unsafe or duplicated, the archive is busy or already has the
    /// run, reading or writing fails, or `interrupt` is set. In this case nothing is left behind.
    pub fn store(
        &self,
        run: &RunToStore<'_>,
        observer: &dyn ArchiveObserver,
        interrupt: &AtomicBool,
    ) -> Result<Stored, ArchiveError> {
        let created = Created::default();
        let lock = StoreLock::acquire(self.directory(), &created)?;
        created.ensure_directory(&self.objects())?;
        created.ensure_directory(&self.runs())?;
        let manifest_path = self.manifest_path(run.header.run);
        if manifest_path.exists() {
            return Err(ArchiveError::RunExists(run.header.run.to_string()));
        }
        self.remove_leftovers(&lock)?;

        let inspect_all = |files: &[FileToStore<'_>]| -> Result<Vec<ManifestEntry>, ArchiveError> {
            files.iter().map(|file| file.inspect(run.root)).collect()
        };
        let (mut files, unchanged) = (inspect_all(run.files)?, inspect_all(run.unchanged)?);
        let packs = self.read_packs()?;
        let is_there = |entry: &ManifestEntry| !is_missing(&self.locate(&packs, entry.sha256));
        let present: HashSet<RelativePath> = unchanged
            .iter()
            .filter(|entry| is_there(entry))
            .map(|entry| entry.path.clone())
            .collect();
        files.extend(unchanged);
        let manifest = Manifest::new(run.header.clone(), files)?;
        observer.manifest(manifest.digest());
        let summary = manifest.summary();
        observer.begin(summary.files, summary.bytes);
        let (present, wanted): (Vec<&ManifestEntry>, Vec<_>) = manifest
            .files()
            .iter()
            .partition(|entry| present.contains(&entry.path));
        present
            .iter()
            .for_each(|entry| observer.file_done(entry.bytes));

        let (there, missing): (Vec<_>, Vec<_>) = one_per_content(wanted)
            .into_iter()
            .partition(|object| is_there(object.file));
        let (packed, single) = divide(missing);
        let objects = [single, there].concat();
        let storing = Storing {
            archive: self,
            packs: &packs,
            root: run.root,
            created: &created,
            observer,
            interrupt,
        };
        let counts = Counts::default();
        if !packed.is_empty() {
            let bytes = storing.store_pack(&run.header.run.to_string(), &packed)?;
            counts.add_pack(packed.len(), bytes);
        }
        let mut shards: BTreeSet<PathBuf> = objects
            .iter()
            .map(|object| self.shard(object.file.sha256))
            .collect();
        for shard in &shards {
            created.ensure_directory(shard)?;
        }
        for_each(&objects, interrupt, |object| {
            let kept = object.store(storing)?;
            counts.add(&kept);
            (0..object.files).for_each(|_| observer.file_done(object.file.bytes));
            Ok(())
        })?;
        // Including the shards of existing objects: the run that created them may have been killed before it synced
        // them.
        shards.extend([self.objects(), self.runs(), self.directory().to_owned()]);
        shards.iter().try_for_each(|shard| sync_directory(shard))?;
        created.sync_directories()?;

        write_manifest(&manifest, &manifest_path, &created)?;
        Ok(Stored::new(created, lock, counts.total(&manifest)))
    }
}

/// Returns one file per content, with the number of files that have it.
fn one_per_content(files: Vec<&ManifestEntry>) -> Vec<ObjectToStore<'_>> {
    let mut objects = BTreeMap::new();
    for file in files {
        let object = objects
            .entry(file.sha256)
            .or_insert(ObjectToStore { file, files: 0 });
        object.files += 1;
    }
    objects.into_values().collect()
}

/// Whether the object file is missing or empty. Even the object of an empty file contains a frame.
fn is_missing(location: &Location) -> bool {
    !fs::metadata(location.file()).is_ok_and(|object| object.is_file() && object.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Home, run};
    use super::*;
    use crate::model::Sha256;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn equal_content_is_stored_once() {
        let home = Home::new();
        home.write("a.json", b"same");
        home.write("b.json", b"same");
        let counts = home.store(1, &["a.json", "b.json"], &[]).keep();
        assert_eq!((counts.files, counts.bytes, counts.objects_new), (2, 8, 1));
        let counts = home.store(2, &["a.json"], &[]).keep();
        assert_eq!((counts.objects_new, counts.objects_proved), (0, 1));
    }

    #[test]
    fn a_discarded_or_dropped_run_changes_nothing() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.write("b.json", b"2");
        let untouched = home.tree(home.path());
        home.store(1, &["a.json"], &[])
            .discard()
            .expect("discarded");
        assert_eq!(home.tree(home.path()), untouched);

        home.store(1, &["a.json"], &[]).keep();
        let kept = home.tree(home.path());
        home.store(2, &["a.json", "b.json"], &[])
            .discard()
            .expect("discarded");
        assert_eq!(home.tree(home.path()), kept);
        drop(home.store(2, &["b.json"], &["a.json"]));
        assert_eq!(home.tree(home.path()), kept);
    }

    #[test]
    fn a_file_that_changed_since_the_survey_is_rejected_and_nothing_stays() {
        let home = Home::new();
        home.write("a.json", b"before");
        home.write("b.json", b"other");
        for after in [&b"longer than before"[..], b"short", b"BEFORE"] {
            home.write("a.json", b"before");
            let survey = home.survey(&["a.json", "b.json"]);
            home.write("a.json", after);
            let rejected = home.try_store(1, &survey, &[]);
            assert!(
                matches!(&rejected, Err(ArchiveError::ChangedWhileArchived { path }) if path == "a.json"),
                "{rejected:?}"
            );
            assert!(!home.path().join("archive").exists());
        }
    }

    #[test]
    fn a_file_that_vanished_since_the_survey_is_rejected() {
        let home = Home::new();
        home.write("a.json", b"1");
        let survey = home.survey(&["a.json"]);
        fs::remove_file(home.source().join("a.json")).expect("removed");
        for (files, unchanged) in [(&survey[..], &[][..]), (&[], &survey)] {
            let rejected = home.try_store(1, files, unchanged);
            assert!(matches!(
                rejected,
                Err(ArchiveError::ChangedWhileArchived { .. })
            ));
        }
    }

    #[test]
    fn every_file_is_announced_and_reported_as_done() {
        struct Seen(AtomicU64, AtomicU64);
        impl ArchiveObserver for Seen {
            fn begin(&self, files: u64, bytes: u64) {
                self.0.fetch_add(files, Ordering::Relaxed);
                self.1.fetch_add(bytes, Ordering::Relaxed);
            }
            fn file_done(&self, bytes: u64) {
                self.0.fetch_sub(1, Ordering::Relaxed);
                self.1.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
        let home = Home::new();
        for (path, content) in [("a", "1"), ("b", "1"), ("c", "333"), ("d", "4444")] {
            home.write(path, content.as_bytes());
        }
        home.store(1, &["c", "d"], &[]).keep();
        fs::remove_file(home.object("d")).expect("removed");
        let run = RunToStore {
            header: &home.header(2),
            root: &home.source(),
            files: &home.survey(&["a", "b"]),
            unchanged: &home.survey(&["c", "d"]),
        };
        let seen = Seen(AtomicU64::new(0), AtomicU64::new(0));
        let outcome = home.archive().store(&run, &seen, &AtomicBool::new(false));
        outcome.expect("stored").keep();
        assert_eq!((seen.0.into_inner(), seen.1.into_inner()), (0, 0));
    }

    #[test]
    fn a_damaged_object_is_replaced_and_reported() {
        let home = Home::new();
        home.write("a.json", b"content");
        home.store(1, &["a.json"], &[]).keep();
        let object = home.object("a.json");
        let good = std::fs::read(&object).expect("read");
        fs::write(&object, &good[..good.len() - 1]).expect("written");
        let counts = home.store(2, &["a.json"], &[]).keep();
        assert_eq!(counts.replaced, [Sha256::of(b"content")]);
        assert_eq!(std::fs::read(&object).expect("read"), good);
    }

    #[test]
    fn an_unchanged_file_whose_object_is_missing_is_stored_again() {
        let home = Home::new();
        home.write("a.json", b"content");
        home.store(1, &["a.json"], &[]).keep();
        fs::remove_file(home.object("a.json")).expect("removed");
        let counts = home.store(2, &[], &["a.json"]).keep();
        assert_eq!(counts.objects_new, 1);
        assert!(home.object("a.json").is_file());
    }

    #[test]
    fn a_run_is_stored_once_and_one_at_a_time() {
        let home = Home::new();
        home.write("a.json", b"1");
        let survey = home.survey(&["a.json"]);
        let first = home.try_store(1, &survey, &[]).expect("stored");
        let meanwhile = home.try_store(2, &survey, &[]);
        assert!(matches!(meanwhile, Err(ArchiveError::Busy(_))));
        first.keep();
        let again = home.try_store(1, &survey, &[]);
        assert!(matches!(again, Err(ArchiveError::RunExists(id)) if id == run(1).to_string()));
    }

    #[test]
    fn unsafe_and_duplicate_paths_are_rejected() {
        let home = Home::new();
        home.write("a.json", b"1");
        let mut survey = home.survey(&["a.json"]);
        let twice = home.try_store(1, &survey, &survey);
        assert!(matches!(twice, Err(ArchiveError::DuplicatePath(_))));
        survey[0].path = "../source/a.json";
        let outside = home.try_store(1, &survey, &[]);
        assert!(matches!(outside, Err(ArchiveError::UnsafePath(_))));
        assert!(!home.path().join("archive").exists());
    }

    #[test]
    fn an_interrupt_leaves_nothing_behind() {
        let home = Home::new();
        home.write("a.json", b"1");
        let run = RunToStore {
            header: &home.header(1),
            root: &home.source(),
            files: &home.survey(&["a.json"]),
            unchanged: &[],
        };
        let outcome = home.archive().store(&run, &(), &AtomicBool::new(true));
        assert!(matches!(outcome, Err(ArchiveError::Interrupted)));
        assert!(!home.path().join("archive").exists());
    }

    #[cfg(unix)]
    #[test]
    fn the_archive_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = Home::new();
        home.write("a.json", b"1");
        home.store(1, &["a.json"], &[]).keep();
        for entry in walkdir::WalkDir::new(home.path().join("archive")) {
            let metadata = entry.expect("read").metadata().expect("inspected");
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o7777, expected);
        }
    }
}
