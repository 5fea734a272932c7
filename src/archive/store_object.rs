//! One object: made from its source file and proved, or found and proved.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use tempfile::NamedTempFile;

use super::copy::{CopyError, HashingReader, copy};
use super::created::Created;
use super::durable::temporary_in;
use super::object::prove;
use super::{ArchiveError, ObjectFault, RelativePath};
use crate::model::Sha256;

/// zstd's own default: JSON shrinks to a tenth at several hundred MB/s.
const LEVEL: i32 = 3;

/// A content and the source file it is taken from.
pub(super) struct ObjectToStore {
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
    /// How many files of the run have this content.
    pub(super) files: u64,
    pub(super) path: RelativePath,
    pub(super) source: PathBuf,
    pub(super) object: PathBuf,
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

impl ObjectToStore {
    /// Sees to it that the object is there and right.
    pub(super) fn store(
        &self,
        created: &Created,
        interrupt: &AtomicBool,
    ) -> Result<Kept, ArchiveError> {
        match prove(&self.object, self.sha256, self.bytes, interrupt)? {
            Ok(()) => Ok(Kept::Proved),
            Err(ObjectFault::Missing) => {
                let (temporary, bytes_written) = self.write(interrupt)?;
                temporary
                    .persist_noclobber(&self.object)
                    .map_err(|error| ArchiveError::io("rename to", &self.object)(error.error))?;
                created.add_file(self.object.clone());
                Ok(Kept::New { bytes_written })
            }
            Err(
                ObjectFault::Unreadable(_)
                | ObjectFault::Damaged(_)
                | ObjectFault::WrongContent
                | ObjectFault::WrongSize { .. },
            ) => {
                let (temporary, bytes_written) = self.write(interrupt)?;
                temporary
                    .persist(&self.object)
                    .map_err(|error| ArchiveError::io("replace", &self.object)(error.error))?;
                Ok(Kept::Replaced {
                    sha256: self.sha256,
                    bytes_written,
                })
            }
        }
    }

    /// Compresses the source into a temporary file beside the object, syncs it, and proves what was written.
    fn write(&self, interrupt: &AtomicBool) -> Result<(NamedTempFile, u64), ArchiveError> {
        let directory = self.object.parent().expect("an object is in a shard");
        let temporary = temporary_in(directory)?;
        let mut encoder = zstd::Encoder::new(temporary.as_file(), LEVEL)
            .map_err(ArchiveError::io("write", temporary.path()))?;
        // Names the size in the frame and lets small files do with small tables.
        encoder
            .set_pledged_src_size(Some(self.bytes))
            .and_then(|()| encoder.include_checksum(true))
            .map_err(ArchiveError::io("write", temporary.path()))?;

        let file = File::open(&self.source).map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.changed(),
            _ => ArchiveError::io("open", &self.source)(error),
        })?;
        let mut source = HashingReader::new(file);
        match copy(&mut source, &mut encoder, self.bytes, interrupt) {
            Ok(bytes) if bytes == self.bytes && source.take_digest() == self.sha256 => {}
            Ok(_) | Err(CopyError::TooLong) => return Err(self.changed()),
            Err(CopyError::Read(error)) => {
                return Err(ArchiveError::io("read", &self.source)(error));
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

        match prove(temporary.path(), self.sha256, self.bytes, interrupt)? {
            Ok(()) => {}
            Err(_) => return Err(ArchiveError::ProofFailed(self.object.clone())),
        }
        let size = fs::metadata(temporary.path()).map(|metadata| metadata.len());
        let size = size.map_err(ArchiveError::io("inspect", temporary.path()))?;
        Ok((temporary, size))
    }

    fn changed(&self) -> ArchiveError {
        ArchiveError::ChangedWhileArchived {
            path: self.path.to_string(),
        }
    }
}
