//! Storing one object: created from its source file and verified, or found and verified.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tempfile::NamedTempFile;

use super::copy::{CopyError, HashingReader, copy};
use super::created::Created;
use super::durable::temporary_in;
use super::location::Location;
use super::object::prove;
use super::pack::Packs;
use super::workers::ArchiveObserver;
use super::{Archive, ArchiveError, ManifestEntry, ObjectFault};
use crate::model::Sha256;
use crate::source::open_inside;

/// The default of zstd: JSON shrinks to a tenth at several hundred MB/s.
pub(super) const LEVEL: i32 = 3;

/// A content, with one file of the run that has it.
#[derive(Clone, Copy)]
pub(super) struct ObjectToStore<'a> {
    pub(super) file: &'a ManifestEntry,
    /// Number of files in the run with this content.
    pub(super) files: u64,
}

/// The context of a store: source, archive and observer.
#[derive(Clone, Copy)]
pub(super) struct Storing<'a> {
    pub(super) archive: &'a Archive,
    pub(super) packs: &'a Packs,
    /// The source directory.
    pub(super) root: &'a Path,
    pub(super) created: &'a Created,
    pub(super) observer: &'a dyn ArchiveObserver,
    pub(super) interrupt: &'a AtomicBool,
}

/// How an object was stored.
pub(super) enum Kept {
    /// It was created.
    New { bytes_written: u64 },
    /// It existed and was valid.
    Proved,
    /// It existed and was damaged.
    Replaced { sha256: Sha256, bytes_written: u64 },
}

impl ObjectToStore<'_> {
    /// Returns the source file of the content.
    pub(super) fn source(&self, storing: Storing<'_>) -> PathBuf {
        self.file.path.below(storing.root)
    }

    /// Ensures that the object exists and is valid.
    pub(super) fn store(&self, storing: Storing<'_>) -> Result<Kept, ArchiveError> {
        let (sha256, bytes) = (self.file.sha256, self.file.bytes);
        let location = storing.archive.locate(storing.packs, sha256);
        let object = storing.archive.object_path(sha256);
        match prove(&location, sha256, bytes, storing.interrupt)? {
            Ok(()) => Ok(Kept::Proved),
            Err(ObjectFault::Missing) => {
                let (temporary, bytes_written) = self.write(storing, &object)?;
                temporary
                    .persist_noclobber(&object)
                    .map_err(|error| ArchiveError::io("rename to", &object)(error.error))?;
                storing.created.add_file(object);
                Ok(Kept::New { bytes_written })
            }
            Err(
                ObjectFault::Unreadable(_)
                | ObjectFault::Damaged(_)
                | ObjectFault::WrongContent
                | ObjectFault::WrongSize { .. },
            ) => {
                let (temporary, bytes_written) = self.write(storing, &object)?;
                temporary
                    .persist(&object)
                    .map_err(|error| ArchiveError::io("replace", &object)(error.error))?;
                Ok(Kept::Replaced {
                    sha256,
                    bytes_written,
                })
            }
        }
    }

    /// Compresses the source into a temporary file next to the object, syncs it, and verifies the result.
    fn write(
        &self,
        storing: Storing<'_>,
        object: &Path,
    ) -> Result<(NamedTempFile, u64), ArchiveError> {
        let (sha256, bytes) = (self.file.sha256, self.file.bytes);
        let directory = object.parent().expect("an object is in a shard");
        let temporary = temporary_in(directory)?;
        let mut encoder = zstd::Encoder::new(temporary.as_file(), LEVEL)
            .map_err(ArchiveError::io("write", temporary.path()))?;
        // The pledged size is stored in the frame and allows smaller tables for small files.
        encoder
            .set_pledged_src_size(Some(bytes))
            .and_then(|()| encoder.include_checksum(true))
            .map_err(ArchiveError::io("write", temporary.path()))?;

        let path = self.source(storing);
        let mut source = HashingReader::new(self.open(storing)?);
        match copy(&mut source, &mut encoder, bytes, storing.interrupt) {
            Ok(copied) if copied == bytes && source.take_digest() == sha256 => {}
            Ok(_) | Err(CopyError::TooLong) => return Err(self.changed()),
            Err(CopyError::Read(error)) => {
                return Err(ArchiveError::io("read", &path)(error));
            }
            Err(CopyError::Write(error)) => {
                return Err(ArchiveError::io("write", temporary.path())(error));
            }
            Err(CopyError::Interrupted) => return Err(ArchiveError::Interrupted),
        }
        encoder
            .finish()
            .and_then(File::sync_all)
            .map_err(ArchiveError::io("write", temporary.path()))?;

        let written = Location::File(temporary.path().to_owned());
        match prove(&written, sha256, bytes, storing.interrupt)? {
            Ok(()) => {}
            Err(_) => return Err(ArchiveError::ProofFailed(object.to_owned())),
        }
        let size = fs::metadata(temporary.path()).map(|metadata| metadata.len());
        let size = size.map_err(ArchiveError::io("inspect", temporary.path()))?;
        Ok((temporary, size))
    }

    /// Opens the source file.
    pub(super) fn open(&self, storing: Storing<'_>) -> Result<File, ArchiveError> {
        open_inside(storing.root, self.file.path.as_str()).map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.changed(),
            _ => ArchiveError::io("open", &self.source(storing))(error),
        })
    }

    pub(super) fn changed(&self) -> ArchiveError {
        ArchiveError::ChangedWhileArchived {
            path: self.file.path.to_string(),
        }
    }
}
