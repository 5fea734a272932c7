//! Manifests as files: written last and proved, read by the run's id.

use std::fs;
use std::io::Write;
use std::path::Path;

use uuid::Uuid;

use super::contents::names_in;
use super::created::Created;
use super::durable::{sync_directory, temporary_in};
use super::{Archive, ArchiveError, Manifest};

impl Archive {
    /// All manifests, by name.
    pub(super) fn manifests(
        &self,
    ) -> Result<impl Iterator<Item = Result<Manifest, ArchiveError>>, ArchiveError> {
        let names = names_in(&self.runs())?;
        let runs = names.into_iter().filter_map(|name| {
            let run = name.strip_suffix(".json")?;
            Uuid::parse_str(run).ok().filter(|id| id.to_string() == run)
        });
        Ok(runs.map(|run| self.read_manifest(run)))
    }

    /// The manifest of `run`.
    pub(super) fn read_manifest(&self, run: Uuid) -> Result<Manifest, ArchiveError> {
        let path = self.manifest_path(run);
        let text = fs::read(&path).map_err(ArchiveError::io("read manifest", &path))?;
        Manifest::read(&text, run).map_err(|source| ArchiveError::BadManifest { path, source })
    }
}

/// Writes to a temporary file, syncs it, reads it back, renames it to `path`, and makes that durable.
pub(super) fn write_manifest(
    manifest: &Manifest,
    path: &Path,
    created: &Created,
) -> Result<(), ArchiveError> {
    let directory = path.parent().expect("a manifest is in a directory");
    let mut temporary = temporary_in(directory)?;
    let mut text = Vec::new();
    manifest
        .write(&mut text)
        .map_err(ArchiveError::io("write manifest", path))?;
    temporary
        .write_all(&text)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(ArchiveError::io("write manifest", temporary.path()))?;
    let read = fs::read(temporary.path()).map_err(ArchiveError::io("read", temporary.path()))?;
    if Manifest::read(&read, manifest.header.run).ok().as_ref() != Some(manifest) {
        return Err(ArchiveError::ProofFailed(path.to_owned()));
    }
    temporary
        .persist_noclobber(path)
        .map_err(|error| ArchiveError::io("write manifest", path)(error.error))?;
    created.add_file(path.to_owned());
    sync_directory(directory)
}
