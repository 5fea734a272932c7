//! Restores the files of a run, byte for byte, with their times and modes.
//!
//! Files are written into a new or empty directory, and only into subdirectories that this call created, so neither a
//! manifest nor a symbolic link can redirect a file.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use super::created::Created;
use super::durable::{create_private_file, sync_directory};
use super::location::Location;
use super::workers::{ArchiveObserver, for_each};
use super::{Archive, ArchiveError, ManifestEntry};
use crate::model::{RunId, Timestamp};

/// The result of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Archive {
    /// Writes the source files of `run` below `target`, which must be empty or not exist. Directories get mode 0700,
    /// because the files may contain personal data and the manifest does not record modes of directories.
    ///
    /// # Errors
    /// If the run does not exist, `target` is not empty, an object is missing or damaged, writing fails, or
    /// `interrupt` is set. In this case all written files are removed again.
    pub fn restore(
        &self,
        run: &RunId,
        target: &Path,
        observer: &dyn ArchiveObserver,
        interrupt: &AtomicBool,
    ) -> Result<Restored, ArchiveError> {
        let manifest = self.manifest(run)?;
        let summary = manifest.summary();
        observer.begin(summary.files, summary.bytes);
        let created = Created::default();
        prepare(target, &created)?;
        let directories: BTreeSet<PathBuf> = manifest
            .files()
            .iter()
            .flat_map(|entry| entry.path.parents())
            .map(|parent| target.join(parent))
            .collect();
        for directory in &directories {
            created.create_directory(directory)?;
        }
        let packs = self.read_packs()?;
        for_each(manifest.files(), interrupt, |entry| {
            let location = self.locate(&packs, entry.sha256);
            let path = entry.path.below(target);
            self.restore_file(entry, &path, &location, &created, interrupt)?;
            observer.file_done(entry.bytes);
            Ok(())
        })?;
        directories
            .iter()
            .try_for_each(|path| sync_directory(path))?;
        sync_directory(target)?;
        created.sync_directories()?;
        created.keep();
        Ok(Restored {
            files: summary.files,
            bytes: summary.bytes,
        })
    }

    fn restore_file(
        &self,
        entry: &ManifestEntry,
        path: &Path,
        location: &Location,
        created: &Created,
        interrupt: &AtomicBool,
    ) -> Result<(), ArchiveError> {
        let object = self.read_located(location, entry.sha256)?;
        let mut file = create_private_file(path).map_err(ArchiveError::io("create", path))?;
        created.add_file(path.to_owned());
        object
            .copy_to(&mut file, path, entry.bytes, interrupt)?
            .map_err(|source| ArchiveError::BadObject {
                path: location.file().to_owned(),
                source,
            })?;
        set_modified(&file, entry.modified)
            .map_err(ArchiveError::io("set the modification time of", path))?;
        set_mode(&file, entry.mode).map_err(ArchiveError::io("set the mode of", path))?;
        file.sync_all().map_err(ArchiveError::io("sync", path))
    }
}

/// Creates `target`, or checks that it is empty.
fn prepare(target: &Path, created: &Created) -> Result<(), ArchiveError> {
    match fs::read_dir(target) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(ArchiveError::TargetNotEmpty(target.to_owned())),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => created.ensure_directory(target),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(ArchiveError::TargetNotEmpty(target.to_owned()))
        }
        Err(error) => Err(ArchiveError::io("read directory", target)(error)),
    }
}

fn set_modified(file: &File, modified: Timestamp) -> io::Result<()> {
    let micros = modified.micros();
    let distance = Duration::from_micros(micros.unsigned_abs());
    let time = match micros < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    };
    let time = time.ok_or(ErrorKind::InvalidInput)?;
    file.set_times(FileTimes::new().set_modified(time))
}

#[cfg(unix)]
fn set_mode(file: &File, mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // Without set-user-id and the like, which a manifest must not be able to set.
    match mode {
        Some(mode) => file.set_permissions(fs::Permissions::from_mode(mode & 0o777)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: Option<u32>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::manifest_json::with_digest;
    use super::super::testing::{Home, run};
    use super::super::{ManifestFault, ObjectFault};
    use super::*;

    fn restore(home: &Home, number: u128, target: &Path) -> Result<Restored, ArchiveError> {
        let run = RunId::from(run(number));
        let archive = home.archive();
        archive.restore(&run, target, &(), &AtomicBool::new(false))
    }

    /// 5 MB of incompressible data.
    fn noise() -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..5_000_000 / 8).flat_map(|_| next()).collect()
    }

    #[test]
    fn every_file_is_restored_byte_for_byte_with_time_and_mode() {
        let home = Home::new();
        home.write("empty.json", b"");
        home.write("large.json", &noise());
        home.write("a b/ünï/字 \"x\".json", "\u{feff}{}".as_bytes());
        home.write("a b/c.json", b"[1]");
        home.set_mode("a b/c.json", 0o640);
        let paths = home.paths();
        home.store(
            1,
            &paths.iter().map(String::as_str).collect::<Vec<_>>(),
            &[],
        )
        .keep();
        let target = home.path().join("new/back");
        let restored = restore(&home, 1, &target).expect("restored");
        assert_eq!((restored.files, restored.bytes), (4, 5_000_008));
        assert_eq!(
            home.tree_with_times(&target),
            home.tree_with_times(&home.source())
        );
    }

    #[test]
    fn a_run_that_stored_few_files_restores_the_whole_directory() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.write("b/b.json", b"2");
        home.store(1, &["a.json", "b/b.json"], &[]).keep();
        home.write("a.json", b"changed");
        let counts = home.store(2, &["a.json"], &["b/b.json"]).keep();
        assert_eq!(
            (counts.files, counts.objects_new, counts.objects_proved),
            (2, 1, 0)
        );
        let (old, new) = (home.path().join("old"), home.path().join("new"));
        restore(&home, 2, &new).expect("restored");
        assert_eq!(
            home.tree_with_times(&new),
            home.tree_with_times(&home.source())
        );
        restore(&home, 1, &old).expect("restored");
        assert_eq!(fs::read(old.join("a.json")).expect("read"), b"1");
    }

    #[test]
    fn a_target_with_contents_is_rejected_and_unchanged() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.store(1, &["a.json"], &[]).keep();
        let before = home.tree(home.path());
        for target in [home.source(), home.source().join("a.json")] {
            let rejected = restore(&home, 1, &target);
            assert!(matches!(rejected, Err(ArchiveError::TargetNotEmpty(_))));
        }
        assert_eq!(home.tree(home.path()), before);
    }

    #[test]
    fn no_manifest_can_write_outside_of_the_target() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.store(1, &["a.json"], &[]).keep();
        let path = home.archive().manifest_path(run(1));
        let text = fs::read_to_string(&path).expect("read");
        let outside = home.path().join("outside");
        for evil in [
            "../outside",
            &outside.to_string_lossy(),
            "x/../../outside",
            "a\\u0000",
        ] {
            let text = with_digest(&text.replace("a.json", evil));
            fs::write(&path, text).expect("written");
            let rejected = restore(&home, 1, &home.path().join("target"));
            assert!(matches!(
                rejected,
                Err(ArchiveError::BadManifest {
                    source: ManifestFault::UnsafePath(_),
                    ..
                })
            ));
        }
        assert!(!outside.exists());
        assert!(!home.path().join("target").exists());
    }

    #[test]
    fn a_damaged_object_leaves_nothing_behind() {
        let home = Home::new();
        home.write("a/a.json", b"1");
        home.write("b.json", b"2");
        home.store(1, &["a/a.json", "b.json"], &[]).keep();
        fs::copy(home.object("a/a.json"), home.object("b.json")).expect("copied");
        let empty = home.path().join("empty");
        fs::create_dir(&empty).expect("created");
        let before = home.tree(home.path());
        for target in [&empty, &home.path().join("new/deep")] {
            let rejected = restore(&home, 1, target);
            assert!(matches!(
                rejected,
                Err(ArchiveError::BadObject {
                    source: ObjectFault::WrongContent,
                    ..
                })
            ));
            assert_eq!(home.tree(home.path()), before);
        }
    }

    #[test]
    fn a_path_that_is_file_and_directory_is_rejected() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.write("b.json", b"1");
        home.store(1, &["a.json", "b.json"], &[]).keep();
        let path = home.archive().manifest_path(run(1));
        let text = fs::read_to_string(&path).expect("read");
        fs::write(&path, text.replace("b.json", "a.json/b.json")).expect("written");
        let before = home.tree(home.path());
        assert!(restore(&home, 1, &home.path().join("new")).is_err());
        assert_eq!(home.tree(home.path()), before);
    }
}
