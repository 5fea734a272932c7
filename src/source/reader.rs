//! Reads a surveyed file and tells afterwards whether it was still the surveyed one.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::Digest as _;

use crate::layout::unpacked;
use crate::model::{Finding, Place, Rule, Sha256};

use super::survey::SourceFile;

/// How much of a packed file is read at a time.
const BLOCK: usize = 64 * 1024;

/// A source file that is unpacked if it is packed, and hashed as it lies on disk while it is read.
#[derive(Debug)]
pub struct HashingReader {
    body: Body,
    path: String,
    expected: (u64, Sha256),
}

/// Opens `file` of the directory `root`.
///
/// # Errors
/// A finding [`Rule::Unreadable`] when the file cannot be opened any more.
pub fn open(root: &Path, file: &SourceFile) -> Result<HashingReader, Box<Finding>> {
    let opened = File::open(root.join(&file.path))
        .map_err(|error| Box::new(unreadable(&file.path, &error)))?;
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

/// The document in the bytes of the file that is or was called `path`: what they unpack to, if the name says that they
/// are packed. Reads no more of `bytes` than the document needs.
pub fn unpack<'r>(path: &str, bytes: impl Read + 'r) -> Box<dyn Read + 'r> {
    match unpacked(path) == path {
        true => Box::new(bytes),
        false => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, bytes))),
    }
}

/// Opens the file at the relative `path` of the directory `root` for a look that nothing is recorded of; a packed file is
/// unpacked.
///
/// # Errors
/// A finding [`Rule::Unreadable`] when the file cannot be opened.
pub fn open_unhashed(root: &Path, path: &str) -> Result<Box<dyn Read>, Box<Finding>> {
    let file = File::open(root.join(path)).map_err(|error| Box::new(unreadable(path, &error)))?;
    Ok(unpack(path, file))
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
                .remedy("stop the program that writes the file and run again"),
        )
    }
}

impl Read for HashingReader {
    /// A gzip file that ends too early is an error of kind [`ErrorKind::UnexpectedEof`], one that is damaged
    /// [`ErrorKind::InvalidData`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.body {
            Body::Plain(disk) => disk.read(buffer),
            // Only what the disk refuses has an error number.
            Body::Gzip(decoder) => decoder.read(buffer).map_err(|error| match error.kind() {
                _ if error.raw_os_error().is_some() => error,
                ErrorKind::UnexpectedEof => {
                    io::Error::new(ErrorKind::UnexpectedEof, "the gzip file ends too early")
                }
                _ => {
                    let message = format!("the gzip file is damaged ({error})");
                    io::Error::new(ErrorKind::InvalidData, message)
                }
            }),
        }
    }
}

/// What is given out: the bytes on disk, or what they unpack to. A file of many gzip members is one file.
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
