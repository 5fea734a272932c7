//! Where an object is: in a file of its own, or inside a pack.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An object inside a pack.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) pack: Arc<Path>,
    /// Offset of its frame in the file.
    pub(super) frame: u64,
    /// Number of uncompressed bytes before it in the frame.
    pub(super) before: u64,
    pub(super) bytes: u64,
}

/// The location of an object.
#[derive(Debug, Clone)]
pub(super) enum Location {
    /// An object file, which may be missing.
    File(PathBuf),
    Packed(Packed),
}

impl Location {
    /// Returns the file that contains the object.
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Packed(packed) => &packed.pack,
        }
    }
}
