//! The layout of an archive on disk.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::location::Location;
use super::lock::LOCK_FILE;
use super::{ArchiveError, Manifest, ManifestSummary, ObjectReader, SEALS};
use crate::model::{RunId, Sha256};

const OBJECTS: &str = "objects";
const RUNS: &str = "runs";
const PACKS: &str = "packs";

/// Directory for copies of the database.
pub const BACKUPS: &str = "backups";

/// An archive directory; the module documentation describes the format.
#[derive(Debug, Clone)]
pub struct Archive {
    directory: PathBuf,
}

/// The runs in an archive.
#[derive(Debug)]
pub struct Listing {
    /// The runs, newest first.
    pub runs: Vec<ManifestSummary>,
    /// Manifests that cannot be used, by name.
    pub unusable: Vec<ArchiveError>,
}

impl Archive {
    /// Opens an existing archive.
    ///
    /// # Errors
    /// If the directory does not exist, contains something else, or cannot be accessed.
    pub fn open(directory: &Path) -> Result<Self, ArchiveError> {
        let archive = Self {
            directory: directory.to_owned(),
        };
        for part in [archive.objects(), archive.runs()] {
            match fs::metadata(part) {
                Ok(part) if part.is_dir() => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Err(ArchiveError::io("open the archive", directory)(error));
                }
                Ok(_) | Err(_) => return Err(ArchiveError::NotAnArchive(archive.directory)),
            }
        }
        Ok(archive)
    }

    /// Opens an archive that may not exist yet. A missing or empty directory, or one with backups only, becomes an
    /// archive at the first store, so a run that is aborted earlier leaves nothing behind.
    ///
    /// # Errors
    /// If the directory cannot be read or contains something else.
    pub fn open_or_create(directory: &Path) -> Result<Self, ArchiveError> {
        let reading = ArchiveError::io("read directory", directory);
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>().map_err(reading)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(ArchiveError::NotAnArchive(directory.to_owned()));
            }
            Err(error) => return Err(reading(error)),
        };
        // A store that was killed at its start leaves only some of these parts.
        let parts = [OBJECTS, RUNS, PACKS, LOCK_FILE, BACKUPS, SEALS];
        let is_part = |entry: &fs::DirEntry| parts.iter().any(|part| entry.file_name() == *part);
        if entries.iter().all(is_part) {
            return Ok(Self {
                directory: directory.to_owned(),
            });
        }
        Self::open(directory)
    }

    /// Returns the directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Lists the runs in this archive; unusable manifests are listed separately.
    ///
    /// # Errors
    /// If the directory of manifests cannot be read.
    pub fn list(&self) -> Result<Listing, ArchiveError> {
        let mut listing = Listing {
            runs: Vec::new(),
            unusable: Vec::new(),
        };
        for manifest in self.manifests()? {
            match manifest {
                Ok(manifest) => listing.runs.push(manifest.summary()),
                Err(error) => listing.unusable.push(error),
            }
        }
        listing.runs.sort_by_key(|summary| {
            let header = &summary.header;
            std::cmp::Reverse((header.created_at, header.run))
        });
        Ok(listing)
    }

    /// Returns the manifest of `run`.
    ///
    /// # Errors
    /// If `run` is not a run id, or its manifest is missing or cannot be used.
    pub fn manifest(&self, run: &RunId) -> Result<Manifest, ArchiveError> {
        let id = Uuid::parse_str(run).map_err(|_| ArchiveError::NotARunId(run.to_string()))?;
        match self.read_manifest(id) {
            Err(ArchiveError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Err(ArchiveError::UnknownRun(run.to_string()))
            }
            other => other,
        }
    }

    /// Returns a reader of an object's content, which verifies the digest at the end.
    ///
    /// # Errors
    /// If the object is missing or cannot be opened.
    pub fn read_object(&self, sha256: Sha256) -> Result<ObjectReader, ArchiveError> {
        self.read_located(&self.locate(&self.read_packs()?, sha256), sha256)
    }

    /// Returns a reader of an object at a known location.
    pub(super) fn read_located(
        &self,
        location: &Location,
        sha256: Sha256,
    ) -> Result<ObjectReader, ArchiveError> {
        ObjectReader::open(location, sha256).map_err(|source| ArchiveError::BadObject {
            path: location.file().to_owned(),
            source,
        })
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.directory.join(OBJECTS)
    }

    pub(super) fn packs(&self) -> PathBuf {
        self.directory.join(PACKS)
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.directory.join(RUNS)
    }

    pub(super) fn manifest_path(&self, run: Uuid) -> PathBuf {
        self.runs().join(format!("{run}.json"))
    }

    /// The directory of an object.
    pub(super) fn shard(&self, sha256: Sha256) -> PathBuf {
        self.objects().join(&sha256.to_string()[..2])
    }

    pub(super) fn object_path(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        self.objects()
            .join(&name[..2])
            .join(format!("{}.zst", &name[2..]))
    }
}

/// The names in a directory, sorted; empty if it does not exist. Names that are not UTF-8 are ignored, since
/// accession writes none.
pub(super) fn names_in(directory: &Path) -> Result<Vec<String>, ArchiveError> {
    let reading = ArchiveError::io("read directory", directory);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.and_then(|entries| entries.collect::<Result<Vec<_>, _>>()),
    };
    let mut names: Vec<String> = entries
        .map_err(reading)?
        .into_iter()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Home, run};
    use super::*;

    #[test]
    fn a_directory_with_other_files_is_not_an_archive() {
        let home = Home::new();
        fs::write(home.source().join("a.json"), "1").expect("written");
        for opened in [
            Archive::open(&home.source()),
            Archive::open_or_create(&home.source()),
            Archive::open(&home.path().join("nowhere")),
            Archive::open_or_create(&home.source().join("a.json")),
        ] {
            assert!(matches!(opened, Err(ArchiveError::NotAnArchive(_))));
        }
    }

    #[test]
    fn opening_a_new_archive_creates_nothing() {
        let home = Home::new();
        let archive = home.archive();
        assert!(archive.list().expect("listed").runs.is_empty());
        assert!(!archive.directory().exists());
    }

    #[test]
    fn a_new_archive_may_contain_backups() {
        let home = Home::new();
        let directory = home.path().join("archive");
        fs::create_dir_all(directory.join(BACKUPS)).expect("made");
        assert!(Archive::open_or_create(&directory).is_ok());
        assert!(Archive::open(&directory).is_err());
    }

    #[test]
    fn runs_are_listed_newest_first_and_unusable_ones_separately() {
        let home = Home::new();
        home.write("a.json", b"1");
        for number in [2, 3, 1] {
            home.store(number, &["a.json"], &[]).keep();
        }
        fs::write(home.archive().manifest_path(run(9)), "{}").expect("written");
        let listing = home.archive().list().expect("listed");
        let runs: Vec<Uuid> = listing.runs.iter().map(|run| run.header.run).collect();
        assert_eq!(runs, [run(3), run(2), run(1)]);
        assert_eq!((listing.runs[0].files, listing.runs[0].bytes), (1, 1));
        assert_eq!(listing.unusable.len(), 1);
    }

    #[test]
    fn a_run_is_found_by_its_full_id_only() {
        let home = Home::new();
        let manifest = |run: &str| home.archive().manifest(&run.into());
        let other = run(1).to_string();
        assert!(matches!(manifest("../x"), Err(ArchiveError::NotARunId(_))));
        assert!(matches!(manifest(&other), Err(ArchiveError::UnknownRun(_))));
    }

    #[test]
    fn an_object_is_read_by_its_digest() {
        let home = Home::new();
        home.write("a.json", b"content");
        home.store(1, &["a.json"], &[]).keep();
        let mut reader = home
            .archive()
            .read_object(Sha256::of(b"content"))
            .expect("there");
        let content = std::io::read_to_string(&mut reader).expect("proved");
        assert_eq!(content, "content");
        assert!(home.archive().read_object(Sha256::of(b"")).is_err());
    }
}
