//! Source files: finding them in the legacy directory, hashing them, reading them.
//!
//! One of the four stages that touch the outside world, and it only ever reads. It does not know what stands in a
//! file; what is wrong with a single file is a finding, only a directory that cannot be surveyed at all is an error.

#![expect(clippy::disallowed_methods, reason = "this stage reads files")]

mod directory;
mod hash;
mod inside;
mod reader;
mod survey;

use std::io;
use std::path::PathBuf;

pub use inside::{is_directory, is_inside};
pub use reader::{HashingReader, open, open_unhashed, unpack};
pub use survey::{JsonFiles, Observer, SourceFile, Survey, find_json, list, survey};

/// Why a directory cannot be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing of that name.
    #[error("no such directory: `{}`", path.display())]
    NoSuchDirectory {
        /// As given.
        path: PathBuf,
    },
    /// It is a file or a device.
    #[error("not a directory: `{}`", path.display())]
    NotADirectory {
        /// As given.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("cannot read the directory `{}`", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// More files than a run can number.
    #[error("more than {} source files", u32::MAX)]
    TooManyFiles,
    /// The interrupt flag was raised.
    #[error("interrupted")]
    Interrupted,
}
