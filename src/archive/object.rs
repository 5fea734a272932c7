//! Readers for objects: they decompress and hash the content, so damage never goes unnoticed.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Take};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::ArchiveError;
use super::copy::{CopyError, HashingReader, copy};
use super::location::{Location, Packed};
use crate::model::{Sha256, open_regular, plural};

/// A fault of an object.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// The file does not exist.
    #[error("the object is missing")]
    Missing,
    /// The operating system cannot read the file.
    #[error("the object cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file is not a complete zstd frame.
    #[error("the object cannot be decompressed")]
    Damaged(#[source] io::Error),
    /// The file contains another content.
    #[error("the content does not match its digest")]
    WrongContent,
    /// The size of the content differs from the manifest.
    #[error("the size of the content is not {}, as in the manifest", plural(*expected, "byte"))]
    WrongSize {
        /// The size in the manifest.
        expected: u64,
    },
}

impl ObjectFault {
    /// Distinguishes errors of the operating system, which have an error number, from errors of zstd.
    fn reading(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(_) => Self::Unreadable(error),
            None if error.get_ref().is_some_and(|inner| inner.is::<Self>()) => Self::WrongContent,
            None => Self::Damaged(error),
        }
    }
}

/// Reads the uncompressed bytes of an object.
///
/// At the end, their SHA-256 is compared with the name of the object; a difference is an error of kind
/// [`ErrorKind::InvalidData`]. The bytes can be trusted only after the end was reached without an error.
pub struct ObjectReader {
    content: HashingReader<Content>,
    name: Sha256,
    is_content_right: Option<bool>,
}

type Decoder = zstd::Decoder<'static, BufReader<File>>;

/// The uncompressed bytes of an object.
enum Content {
    Own(Decoder),
    Packed(Take<Decoder>),
}

impl Content {
    fn open(location: &Location) -> Result<Self, ObjectFault> {
        let file = open_regular(location.file()).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ObjectFault::Missing,
            _ => ObjectFault::Unreadable(error),
        })?;
        let decoder = |file| zstd::Decoder::new(file).map_err(ObjectFault::Unreadable);
        match location {
            Location::File(_) => Ok(Self::Own(decoder(file)?)),
            Location::Packed(packed) => Self::packed(file, packed, decoder),
        }
    }

    fn packed(
        mut file: File,
        packed: &Packed,
        decoder: impl Fn(File) -> Result<Decoder, ObjectFault>,
    ) -> Result<Self, ObjectFault> {
        file.seek(SeekFrom::Start(packed.frame))
            .map_err(ObjectFault::Unreadable)?;
        let mut frame = decoder(file)?.single_frame();
        let before = io::copy(&mut frame.by_ref().take(packed.before), &mut io::sink());
        before.map_err(ObjectFault::reading)?;
        Ok(Self::Packed(frame.take(packed.bytes)))
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Own(decoder) => decoder.read(buffer),
            Self::Packed(part) => part.read(buffer),
        }
    }
}

impl ObjectReader {
    pub(super) fn open(location: &Location, name: Sha256) -> Result<Self, ObjectFault> {
        Ok(Self {
            content: HashingReader::new(Content::open(location)?),
            name,
            is_content_right: None,
        })
    }

    /// Copies the content, which must have `expected` bytes. The inner result reports a fault of the object itself.
    pub(super) fn copy_to(
        mut self,
        target: &mut impl io::Write,
        target_path: &Path,
        expected: u64,
        interrupt: &AtomicBool,
    ) -> Result<Result<(), ObjectFault>, ArchiveError> {
        match copy(&mut self, target, expected, interrupt) {
            Ok(bytes) if bytes == expected => Ok(Ok(())),
            Ok(_) | Err(CopyError::TooLong) => Ok(Err(ObjectFault::WrongSize { expected })),
            Err(CopyError::Read(error)) => Ok(Err(ObjectFault::reading(error))),
            Err(CopyError::Write(error)) => Err(ArchiveError::io("write", target_path)(error)),
            Err(CopyError::Interrupted) => Err(ArchiveError::Interrupted),
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        let at_end = read == 0 && !buffer.is_empty();
        if at_end && self.is_content_right.is_none() {
            self.is_content_right = Some(self.content.take_digest() == self.name);
        }
        match self.is_content_right {
            Some(false) => Err(io::Error::new(
                ErrorKind::InvalidData,
                ObjectFault::WrongContent,
            )),
            Some(true) | None => Ok(read),
        }
    }
}

/// Reads the object at `location` to its end. The inner result is the fault if the digest or the size does not match.
pub(super) fn prove(
    location: &Location,
    name: Sha256,
    bytes: u64,
    interrupt: &AtomicBool,
) -> Result<Result<(), ObjectFault>, ArchiveError> {
    match ObjectReader::open(location, name) {
        Ok(reader) => reader.copy_to(&mut io::sink(), location.file(), bytes, interrupt),
        Err(fault) => Ok(Err(fault)),
    }
}
