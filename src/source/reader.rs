//! Reads a surveyed file and tells afterwards whether it was still the surveyed one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::Digest as _;

use crate::model::{Finding, Place, Rule, Sha256};

use super::survey::SourceFile;

/// A source file that is hashed while it is read.
#[derive(Debug)]
pub struct HashingReader {
    file: File,
    path: String,
    expected: (u64, Sha256),
    bytes: u64,
    hasher: sha2::Sha256,
}

/// Opens `file` of the directory `root`.
///
/// # Errors
/// A finding [`Rule::Unreadable`] when the file cannot be opened any more.
pub fn open(root: &Path, file: &SourceFile) -> Result<HashingReader, Box<Finding>> {
    let opened = File::open(root.join(&file.path))
        .map_err(|error| Box::new(unreadable(&file.path, &error)))?;
    Ok(HashingReader {
        file: opened,
        path: file.path.clone(),
        expected: (file.bytes, file.sha256),
        bytes: 0,
        hasher: sha2::Sha256::new(),
    })
}

impl HashingReader {
    /// Tells whether what was read is what was surveyed; reads nothing more.
    ///
    /// Who stopped reading before the end (at a syntax error, say) and wants to know nevertheless reads the rest into
    /// [`io::sink`] first.
    ///
    /// `None` if it is, else a finding [`Rule::ChangedWhileRead`].
    #[must_use]
    pub fn finish(self) -> Option<Finding> {
        if (self.bytes, Sha256(self.hasher.finalize().into())) == self.expected {
            return None;
        }
        let message = "the file changed while it was being read";
        Some(
            Finding::error(Rule::ChangedWhileRead, Place::file(self.path), message)
                .remedy("stop the program that writes the file and run again"),
        )
    }
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The finding for a file that cannot be opened or read.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Finding {
    let message = format!("cannot be read: {error}");
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "the file was removed since it was found: run again",
        io::ErrorKind::PermissionDenied => {
            "give the user who runs the import permission to read it"
        }
        _ => "check the disk, or move the file out of the directory",
    };
    Finding::error(Rule::Unreadable, Place::file(path), message).remedy(remedy)
}
