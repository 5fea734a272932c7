//! A source directory and an archive in a temporary directory, for the tests of this stage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use tempfile::TempDir;
use uuid::Uuid;

use super::{Archive, ArchiveError, FileToStore, ManifestHeader, RunToStore, Stored};
use crate::model::{Sha256, Timestamp};

/// The id of the run with this number.
pub(super) fn run(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

pub(super) struct Home(TempDir);

impl Home {
    pub(super) fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("temporary directory"));
        fs::create_dir(home.source()).expect("created");
        home
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn source(&self) -> PathBuf {
        self.path().join("source")
    }

    pub(super) fn archive(&self) -> Archive {
        Archive::open_or_create(&self.path().join("archive")).expect("an archive")
    }

    pub(super) fn write(&self, path: &str, content: &[u8]) {
        let file = self.source().join(path);
        fs::create_dir_all(file.parent().expect("has a parent")).expect("created");
        fs::write(&file, content).expect("written");
        // Microsecond precision, which the archive preserves.
        let modified = fs::metadata(&file).and_then(|metadata| metadata.modified());
        let micros = Timestamp::new(modified.expect("known").into());
        let file = fs::File::options().write(true).open(file).expect("opened");
        file.set_modified(micros.to_utc().into()).expect("set");
    }

    pub(super) fn set_mode(&self, path: &str, mode: u32) {
        #[cfg(unix)]
        fs::set_permissions(
            self.source().join(path),
            std::os::unix::fs::PermissionsExt::from_mode(mode),
        )
        .expect("set");
        #[cfg(not(unix))]
        let _ = (path, mode);
    }

    pub(super) fn header(&self, number: u128) -> ManifestHeader {
        let day = 24 * 3600 * 1_000_000 * i64::try_from(number).expect("small");
        ManifestHeader {
            run: run(number),
            layout: "donna".to_owned(),
            root: self.source().to_string_lossy().into_owned(),
            created_at: Timestamp::from_micros(1_714_557_600_000_000 + day).expect("in range"),
        }
    }

    pub(super) fn survey<'p>(&self, paths: &[&'p str]) -> Vec<FileToStore<'p>> {
        let survey = |path: &&'p str| {
            let file = self.source().join(path);
            let content = fs::read(&file).expect("read");
            let modified = fs::metadata(&file).and_then(|metadata| metadata.modified());
            FileToStore {
                path,
                bytes: content.len() as u64,
                modified: Timestamp::new(modified.expect("known").into()),
                sha256: Sha256::of(&content),
            }
        };
        paths.iter().map(survey).collect()
    }

    pub(super) fn try_store(
        &self,
        number: u128,
        files: &[FileToStore<'_>],
        unchanged: &[FileToStore<'_>],
    ) -> Result<Stored, ArchiveError> {
        let run = RunToStore {
            header: &self.header(number),
            root: &self.source(),
            files,
            unchanged,
        };
        self.archive().store(&run, &(), &AtomicBool::new(false))
    }

    pub(super) fn store(&self, number: u128, files: &[&str], unchanged: &[&str]) -> Stored {
        self.try_store(number, &self.survey(files), &self.survey(unchanged))
            .expect("stored")
    }

    /// The path of the object with a source file's current content.
    pub(super) fn object(&self, path: &str) -> PathBuf {
        let content = fs::read(self.source().join(path)).expect("read");
        self.archive().object_path(Sha256::of(&content))
    }

    /// The paths of the source files.
    pub(super) fn paths(&self) -> Vec<String> {
        let tree = self.tree(&self.source());
        let files = tree.into_iter().filter(|(_, content)| content.is_some());
        files.map(|(path, _)| path).collect()
    }

    /// Everything below `directory`: files with their content, directories without.
    pub(super) fn tree(&self, directory: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
        let entries = walkdir::WalkDir::new(directory).min_depth(1);
        let entry = |entry: walkdir::DirEntry| {
            let path = entry.path().strip_prefix(directory).expect("below");
            let content = match entry.file_type().is_file() {
                true => Some(fs::read(entry.path()).expect("read")),
                false => None,
            };
            (path.to_string_lossy().into_owned(), content)
        };
        entries
            .into_iter()
            .map(|e| entry(e.expect("read")))
            .collect()
    }

    /// The files below `directory` with content, time and permissions.
    pub(super) fn tree_with_times(
        &self,
        directory: &Path,
    ) -> BTreeMap<String, (Vec<u8>, SystemTime, fs::Permissions)> {
        let files = self.tree(directory).into_iter();
        let files = files.filter_map(|(path, content)| Some((path, content?)));
        let with_metadata = |(path, content): (String, Vec<u8>)| {
            let metadata = fs::metadata(directory.join(&path)).expect("inspected");
            let modified = metadata.modified().expect("known");
            (path, (content, modified, metadata.permissions()))
        };
        files.map(with_metadata).collect()
    }
}
