//! The archive: the original files of every run, stored by content, so that they can be restored byte for byte.
//!
//! The archive knows files and run ids, but no databases and no layouts, and it never writes to a source directory.
//!
//! # Format 2
//!
//! ```text
//! ARCHIVE/                 mode 0700
//!   objects/ab/cdef….zst   one file's bytes as a zstd frame (RFC 8878), mode 0600
//!   packs/<run id>.pack    the small files of a run that stored hundreds of them, mode 0600
//!   packs/<run id>.index   location of each content in the pack, mode 0600
//!   runs/<run id>.json     manifest of one run, mode 0600
//!   backups/               copies of databases, managed by the code that makes them
//!   seals.log              one line per seal of the audit log (docs/seals.md), mode 0600
//!   .lock                  locked from the start of a store until it is kept or discarded; empty
//! ```
//!
//! An object is named by the SHA-256 of the *uncompressed* bytes: 64 lower-case hexadecimal digits, the first two of
//! which name the directory. Equal content is therefore stored once. A pack is a sequence of zstd frames, each of
//! which contains whole contents. Its index is a text file. Between the first and the last line it has one line per
//! content,
//!
//! ```text
//! <SHA-256> <bytes> <offset of the content in the uncompressed pack> <offset of its frame in the pack>
//! ```
//!
//! in the order of the pack. The last line is `end` and the SHA-256 of the preceding lines. If a content is stored
//! both as an object and in a pack, the object is used. A manifest is a UTF-8 JSON object:
//!
//! ```text
//! {"format":2,"run":"<UUID>","layout":"<name>","root":"<source directory>","created_at":"<RFC 3339>","files":[
//! {"path":"a/b.json","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"<64 digits>"}
//! ],"sha256":"<64 digits>"}
//! ```
//!
//! The last `sha256` is the digest of all bytes before `,"sha256":` (`head -c -78 FILE | sha256sum`); the run's seal
//! contains it too (docs/seals.md). Manifests of format 1 have no digest and can still be read. `files` is sorted by
//! `path` (bytewise) and lists *all* source files of the directory at the time of the run, including those that
//! earlier runs stored. `path` is relative and uses `/`; `mode` is octal, or `null` on systems without permission
//! bits. Names that begin with `.tmp-` are unfinished files; the next store removes those of a killed one. An archive
//! can be read without accession, with `zstd -d` and `sha256sum`; packs also need `tail -c +<offset + 1>` and `head
//! -c <bytes>`.
//!
//! # Invariants
//!
//! - A file gets its name only after it was written, synced, read back and verified. The manifest is written last, so
//!   it never names a missing object.
//! - A stored run that is not kept ([`Stored::keep`]) leaves nothing behind, however the caller returns.
//! - Nothing read from an archive is trusted: objects are hashed whenever they are read, and no path in a manifest
//!   can point outside the restore target.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads and writes files"
)]

mod contents;
mod copy;
mod counts;
mod created;
mod durable;
mod leftovers;
mod location;
mod lock;
mod manifest;
mod manifest_file;
mod manifest_json;
mod object;
mod pack;
mod relative_path;
mod restore;
mod run_to_store;
mod seals_log;
mod store;
mod store_object;
mod store_pack;
mod stored;
mod verify;
mod verify_report;
mod workers;

#[cfg(test)]
mod testing;

use std::io;
use std::path::{Path, PathBuf};

pub use contents::{Archive, BACKUPS, Listing};
pub use counts::StoredCounts;
pub use manifest::{Manifest, ManifestEntry, ManifestFault, ManifestHeader, ManifestSummary};
pub use object::{ObjectFault, ObjectReader};
pub use relative_path::RelativePath;
pub use restore::Restored;
pub use run_to_store::{FileToStore, RunToStore};
pub use seals_log::{SEALS, append_seal, has_seals_log, is_same_archive};
pub use stored::Stored;
pub use verify_report::{ArchiveProblem, VerifyReport};
pub use workers::ArchiveObserver;

/// An error of an archive operation.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The operating system reported an error.
    #[error("{}: cannot {action}", path.display())]
    Io {
        /// The attempted action: a verb with its object.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The directory contains something else.
    #[error("{}: not an archive", .0.display())]
    NotAnArchive(PathBuf),
    /// Another run is storing into this archive.
    #[error("{}: another run is storing into this archive", .0.display())]
    Busy(PathBuf),
    /// The text is not a UUID.
    #[error("`{0}` is not a run id")]
    NotARunId(String),
    /// The archive has no manifest of this run.
    #[error("run `{0}` is not in the archive")]
    UnknownRun(String),
    /// The archive already has a manifest of this run.
    #[error("run `{0}` is already in the archive")]
    RunExists(String),
    /// A source file no longer matches the survey of the caller.
    #[error("{path}: changed while it was being archived")]
    ChangedWhileArchived {
        /// Path relative to the source directory.
        path: String,
    },
    /// A path that is absolute or empty, or contains `.`, `..`, empty segments or NUL.
    #[error("`{0}` is not a path inside the source directory")]
    UnsafePath(String),
    /// The same path occurs twice in one run.
    #[error("{0}: duplicate path")]
    DuplicatePath(String),
    /// The data read back differs from the data written: a fault of the disk or the memory.
    #[error("{}: reads back differently from what was written", .0.display())]
    ProofFailed(PathBuf),
    /// A manifest is invalid or cannot be trusted.
    #[error("{}: not a valid manifest", path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// The error.
        #[source]
        source: ManifestFault,
    },
    /// The index of a pack is incomplete.
    #[error("{}: incomplete pack index", .0.display())]
    BadIndex(PathBuf),
    /// An object cannot be restored.
    #[error("{}: cannot be restored", path.display())]
    BadObject {
        /// The object's file.
        path: PathBuf,
        /// The error.
        #[source]
        source: ObjectFault,
    },
    /// Files can only be restored into a new or empty directory.
    #[error("{}: not an empty directory", .0.display())]
    TargetNotEmpty(PathBuf),
    /// The caller requested a stop; nothing was left behind.
    #[error("interrupted")]
    Interrupted,
}

impl ArchiveError {
    /// Returns a closure for `map_err` that adds context to an I/O error.
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
