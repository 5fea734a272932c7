//! Resolves databases that are named by a symbolic link. SQLite keeps its journals next to the link's target, and
//! accession keeps backups, archive and seals there, too.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::database::DatabaseError;

/// The final target of the link `path`; `None` if it is not a link, or its target does not exist.
pub(in crate::database) fn link_target(path: &Path) -> Option<PathBuf> {
    path.is_symlink().then(|| path.canonicalize().ok())?
}

/// The path of the file itself. A path that is not a link is returned unchanged; it need not exist.
///
/// # Errors
/// When the target of the link does not exist, or cannot be read.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, DatabaseError> {
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    path.canonicalize().map_err(|source| match source.kind() {
        ErrorKind::NotFound => DatabaseError::DanglingLink {
            link: path.to_owned(),
            target: std::fs::read_link(path).unwrap_or_default(),
        },
        _ => DatabaseError::file(path)(source),
    })
}
