//! Reads a file and then checks that it is still the one that was surveyed.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::Digest as _;

use crate::layout::unpacked;
use crate::model::{Finding, Place, Rule, Sha256};

use super::open_inside;
use super::source_file::SourceFile;

/// Buffer size for reading compressed files.
const BLOCK: usize = 64 * 1024;

/// A source file that is decompressed if necessary. The bytes on disk are hashed while it is read.
#[derive(Debug)]
pub struct HashingReader {
    body: Body,
    path: String,
    expected: (u64, Sha256),
}

/// Opens `file` in the directory `root`.
///
/// # Errors
/// A finding [`Rule::Unreadable`] if the file cannot be opened.
pub fn open(root: &Path, file: &SourceFile) -> Result<HashingReader, Box<Finding>> {
    let opened =
        open_inside(root, &file.path).map_err(|error| Box::new(unreadable(&file.path, &error)))?;
    let disk = Disk {
        file: opened,
        bytes: 0,
        hasher: sha2::Sha256::new(),
    };
    Ok(HashingReader {
        body: match file.document() == file.path {
            true => Body::Plain(disk),
            false => Body::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                BLOCK, disk,
            )))),
        },
        path: file.path.clone(),
        expected: (file.bytes, file.sha256),
    })
}

/// Returns the document contained in `bytes`, decompressed if the file name `path` has the extension of compressed
/// files.
///
/// Reads no more of `bytes` than the document needs.
pub fn unpack<'r>(path: &str, bytes: impl Read + 'r) -> Box<dyn Read + 'r> {
    match unpacked(path) == path {
        true => Box::new(bytes),
        false => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, bytes))),
    }
}

/// Opens the file at the relative path `path` in the directory `root`, without hashing it; a compressed file is
/// decompressed.
///
/// # Errors
/// A finding [`Rule::Unreadable`] if the file cannot be opened.
pub fn open_unhashed(root: &Path, path: &str) -> Result<Box<dyn Read>, Box<Finding>> {
    let file = open_inside(root, path).map_err(|error| Box::new(unreadable(path, &error)))?;
    Ok(unpack(path, file))
}

impl HashingReader {
    /// Checks that the bytes read are those that were surveyed; returns a finding [`Rule::ChangedWhileRead`] if not.
    ///
    /// Reads nothing more. A caller that stopped before the end, for example at a syntax error, must first read the
    /// rest into [`io::sink`].
    #[must_use]
    pub fn finish(self) -> Option<Finding> {
        let disk = match self.body {
            Body::Plain(disk) => disk,
            Body::Gzip(decoder) => decoder.into_inner().into_inner(),
        };
        if (disk.bytes, Sha256(disk.hasher.finalize().into())) == self.expected {
            return None;
        }
        let message = "the file changed while it was being read";
        Some(
            Finding::error(Rule::ChangedWhileRead, Place::file(self.path), message)
                .hint("stop the program that writes the file and run again"),
        )
    }
}

impl Read for HashingReader {
    /// A truncated gzip file is an error of kind [`ErrorKind::UnexpectedEof`], a corrupt one of kind
    /// [`ErrorKind::InvalidData`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.body {
            Body::Plain(disk) => disk.read(buffer),
            // Only errors of the operating system have an error number.
            Body::Gzip(decoder) => decoder.read(buffer).map_err(|error| match error.kind() {
                _ if error.raw_os_error().is_some() => error,
                ErrorKind::UnexpectedEof => {
                    io::Error::new(ErrorKind::UnexpectedEof, "the gzip file is truncated")
                }
                _ => {
                    let message = format!("the gzip file is corrupt ({error})");
                    io::Error::new(ErrorKind::InvalidData, message)
                }
            }),
        }
    }
}

/// The source of the document: the bytes on disk, or their decompressed form. Gzip members are concatenated.
#[derive(Debug)]
enum Body {
    Plain(Disk),
    Gzip(Box<MultiGzDecoder<BufReader<Disk>>>),
}

/// Hashes and counts the bytes on disk.
#[derive(Debug)]
struct Disk {
    file: File,
    bytes: u64,
    hasher: sha2::Sha256,
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Creates the finding for a file that cannot be opened or read.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Finding {
    let message = format!("cannot be read: {error}");
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "the file was removed after it was found; run again",
        io::ErrorKind::PermissionDenied => "grant read permission to the user that runs the import",
        io::ErrorKind::InvalidInput => "rename it, or move it out of the directory",
        _ => "check the disk, or move the file out of the directory",
    };
    Finding::error(Rule::Unreadable, Place::file(path), message).hint(hint)
}
