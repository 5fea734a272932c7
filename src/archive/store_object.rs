//! One object: made from its source file and proved, or found and proved.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tempfile::NamedTempFile;

use super::copy::{CopyError, HashingReader, copy};
use super::created::Created;
use super::durable::temporary_in;
use super::object::prove;
use super::pack::{Location, Packs};
use super::workers::ArchiveObserver;
use super::{Archive, ArchiveError, ManifestEntry, ObjectFault};
use crate::model::Sha256;

/// zstd's own default: JSON shrinks to a tenth at several hundred MB/s.
pub(super) const LEVEL: i32 = 3;

/// A content, and a file of the run that has it.
#[derive(Clone, Copy)]
pub(super) struct ObjectToStore<'a> {
    pub(super) file: &'a ManifestEntry,
    /// How many files of the run have this content.
    pub(super) files: u64,
}

/// Where contents come from, where they go to, and who is told of it.
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

/// How the object came to be there.
pub(super) enum Kept {
    /// It was not there.
    New { bytes_written: u64 },
    /// It was there and right.
    Proved,
    /// It was there and damaged.
    Replaced { sha256: Sha256, bytes_written: u64 },
}

impl ObjectToStore<'_> {
    /// The file its content is taken from.
    pub(super) fn source(&self, storing: Storing<'_>) -> PathBuf {
        self.file.path.below(storing.root)
    }

    /// Sees to it that the object is there and right.
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

    /// Compresses the source into a temporary file beside the object, syncs it, and proves what was written.
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
        // Names the size in the frame and lets small files do with small tables.
        encoder
            .set_pledged_src_size(Some(bytes))
            .and_then(|()| encoder.include_checksum(true))
            .map_err(ArchiveError::io("write", temporary.path()))?;

        let path = self.source(storing);
        let mut source = HashingReader::new(self.open(&path)?);
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

    /// Opens the source file, whose path is `path`.
    pub(super) fn open(&self, path: &Path) -> Result<File, ArchiveError> {
        File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.changed(),
            _ => ArchiveError::io("open", path)(error),
        })
    }

    pub(super) fn changed(&self) -> ArchiveError {
        ArchiveError::ChangedWhileArchived {
            path: self.file.path.to_string(),
        }
    }
}
