//! Finds, hashes and reads the files of the source directory.
//!
//! One of the four stages that touch the outside world; it only reads, and knows nothing about file contents. A problem
//! with a single file is a finding; only a directory that cannot be surveyed at all is an error.

#![expect(clippy::disallowed_methods, reason = "this stage reads files")]

mod directory;
mod hash;
mod inside;
mod mount;
mod observer;
mod open_inside;
mod reader;
mod source_file;
mod survey;
mod unavailable;

use std::io;
use std::path::PathBuf;

pub use inside::{is_directory, is_inside};
pub use mount::ROOT;
pub use observer::Observer;
pub use open_inside::open_inside;
pub use reader::{HashingReader, open, open_unhashed, unpack};
pub use source_file::SourceFile;
pub use survey::{JsonFiles, Survey, find_json, list, survey};
pub use unavailable::{Obstacle, Unavailable};

/// Why a directory cannot be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The directory does not exist.
    #[error("no such directory: `{}`", path.display())]
    NoSuchDirectory {
        /// As given.
        path: PathBuf,
    },
    /// The path is a file or a device.
    #[error("not a directory: `{}`", path.display())]
    NotADirectory {
        /// As given.
        path: PathBuf,
    },
    /// The directory cannot be opened.
    #[error("cannot read the directory `{}`", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// More files than a run can number.
    #[error("more than {} source files", u32::MAX)]
    TooManyFiles,
    /// The interrupt flag was set.
    #[error("interrupted")]
    Interrupted,
}
