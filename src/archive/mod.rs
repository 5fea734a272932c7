//! The archive: the originals of every run, kept by content, so that they can be brought back byte for byte.
//!
//! It knows files and runs' ids; it knows nothing of databases or layouts, and never writes to a source directory.
//!
//! # Format 1
//!
//! ```text
//! ARCHIVE/                 mode 0700
//!   objects/ab/cdef….zst   one file's bytes as a zstd frame (RFC 8878), mode 0600
//!   packs/<run id>.pack    the small contents of a run that stored hundreds of them, mode 0600
//!   packs/<run id>.index   where in the pack each content is, mode 0600
//!   runs/<run id>.json     manifest of one run, mode 0600
//!   backups/               copies of databases; whoever makes them looks after them
//!   seals.log                a line per seal of the audit trail (docs/seals.md), mode 0600
//!   .lock                  locked while a run is stored and until it is kept or discarded; holds nothing
//! ```
//!
//! An object is named by the SHA-256 of the *uncompressed* bytes: 64 lower-case hexadecimal digits, the first two of
//! which name the directory. Equal content is therefore stored once. A pack is a sequence of zstd frames, each of whole
//! contents; its index is a text whose lines between the first and the last are
//!
//! ```text
//! <SHA-256> <bytes> <where the content begins in the uncompressed pack> <where its frame begins in the pack>
//! ```
//!
//! in the order of the pack, and whose last line is `end` and the SHA-256 of the lines before it. A content may have an
//! object and stand in a pack; the object counts. A manifest is a UTF-8 JSON object:
//!
//! ```text
//! {"format":1,"run":"<UUID>","layout":"<name>","root":"<source directory>","created_at":"<RFC 3339>","files":[
//! {"path":"a/b.json","bytes":17,"modified":"2024-05-01T10:00:00.123456Z","mode":"0644","sha256":"<64 digits>"}
//! ]}
//! ```
//!
//! `files` is sorted by `path` (bytewise) and describes *all* source files of the directory at that run, also those
//! that earlier runs stored; `path` is relative with `/`; `mode` is octal, `null` where the system has none.
//! Names that begin with `.tmp-` are unfinished files of a store that was killed. `zstd -d` and `sha256sum` are
//! enough to read an archive without this program; for packs, `tail -c +<begin + 1>` and `head -c <bytes>` too.
//!
//! # Invariants
//!
//! - A file gets its name only after it was written, synced, read back and proved; a manifest is written last, so it
//!   never names an object that is not there.
//! - A stored run that is not kept ([`Stored::keep`]) leaves nothing behind, however the caller returns.
//! - Nothing read from an archive is trusted: objects are hashed whenever they are read, and no path of a manifest
//!   leads outside the directory that is restored to.

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
pub use seals_log::{SEALS, append_seal};
pub use stored::Stored;
pub use verify_report::{Problem, VerifyReport};
pub use workers::ArchiveObserver;

/// Why the archive could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The operating system refused.
    #[error("{}: cannot {action}", path.display())]
    Io {
        /// What was tried, as a verb with its object.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The directory holds something else.
    #[error("{}: not an archive", .0.display())]
    NotAnArchive(PathBuf),
    /// Another run is storing into this archive.
    #[error("{}: another run is storing into this archive", .0.display())]
    Busy(PathBuf),
    /// The text is not a UUID.
    #[error("`{0}` is not a run id")]
    NotARunId(String),
    /// The archive has no manifest of this run.
    #[error("the archive does not hold run `{0}`")]
    UnknownRun(String),
    /// The archive has a manifest of this run already.
    #[error("the archive already holds run `{0}`")]
    RunExists(String),
    /// A source file is no longer what the caller surveyed.
    #[error("{path}: changed while it was being archived")]
    ChangedWhileArchived {
        /// Relative to the source directory.
        path: String,
    },
    /// A path that is absolute, empty, or has `.`, `..`, empty segments or NUL.
    #[error("`{0}` is not a path inside the source directory")]
    UnsafePath(String),
    /// The same path twice in one run.
    #[error("{0}: named twice")]
    DuplicatePath(String),
    /// What was written is not what came back: the disk or the memory is at fault.
    #[error("{}: reads back differently from what was written", .0.display())]
    ProofFailed(PathBuf),
    /// A manifest that cannot be understood or must not be trusted.
    #[error("{}: not a valid manifest", path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ManifestFault,
    },
    /// The index of a pack that is not whole.
    #[error("{}: not a whole index of a pack", .0.display())]
    BadIndex(PathBuf),
    /// An object that cannot be brought back.
    #[error("{}: cannot be brought back", path.display())]
    BadObject {
        /// The object's file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ObjectFault,
    },
    /// Files are restored into an empty or a new directory only.
    #[error("{}: not an empty directory", .0.display())]
    TargetNotEmpty(PathBuf),
    /// The caller asked to stop; nothing was left behind.
    #[error("interrupted")]
    Interrupted,
}

impl ArchiveError {
    /// For `map_err`: the context of an I/O error.
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
