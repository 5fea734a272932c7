//! Manifest files: written last and verified, read by the run's id.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use uuid::Uuid;

use super::contents::names_in;
use super::created::Created;
use super::durable::{sync_directory, temporary_in};
use super::{Archive, ArchiveError, Manifest};
use crate::model::{LARGE, read_regular};

impl Archive {
    /// Returns all manifests, by name.
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

    /// Reads the manifest of `run`.
    pub(super) fn read_manifest(&self, run: Uuid) -> Result<Manifest, ArchiveError> {
        let path = self.manifest_path(run);
        let text = read_regular(&path, LARGE).map_err(ArchiveError::io("read manifest", &path))?;
        Manifest::read(&text, run).map_err(|source| ArchiveError::BadManifest { path, source })
    }
}

/// Writes to a temporary file, syncs it, reads it back, renames it to `path`, and makes the rename durable.
pub(super) fn write_manifest(
    manifest: &Manifest,
    path: &Path,
    created: &Created,
) -> Result<(), ArchiveError> {
    let directory = path.parent().expect("a manifest is in a directory");
    let temporary = temporary_in(directory)?;
    let file = temporary.as_file();
    let mut out = BufWriter::new(file);
    manifest
        .write(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| file.sync_all())
        .map_err(ArchiveError::io("write manifest", temporary.path()))?;
    drop(out);
    let written = temporary
        .reopen()
        .map_err(ArchiveError::io("read", temporary.path()))?;
    let mut same = Comparing(BufReader::new(written));
    let proved = manifest.write(&mut same).and_then(|()| same.end());
    proved.map_err(|_| ArchiveError::ProofFailed(path.to_owned()))?;
    temporary
        .persist_noclobber(path)
        .map_err(|error| ArchiveError::io("write manifest", path)(error.error))?;
    created.add_file(path.to_owned());
    sync_directory(directory)
}

/// A writer that compares its input with the contents of a file, and fails on a difference.
struct Comparing(BufReader<File>);

impl Comparing {
    /// Fails unless the whole file was compared.
    fn end(&mut self) -> io::Result<()> {
        match self.0.fill_buf()? {
            [] => Ok(()),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

impl Write for Comparing {
    fn write(&mut self, expected: &[u8]) -> io::Result<usize> {
        let there = self.0.fill_buf()?;
        let length = there.len().min(expected.len());
        if length == 0 || there[..length] != expected[..length] {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.0.consume(length);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
