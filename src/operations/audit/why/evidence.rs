//! Reads an archived original again: verifies its digest, and locates the record and its values. Locations in a packed
//! file refer to its unpacked contents.

use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use crate::archive::Archive;
use crate::database::ledger::FileVersion;
use crate::model::{Located, Rule, Sha256, locate};
use crate::parse::{Chunk, Chunks, FilePosition, Framing, Limits, Shape};
use crate::source;

use super::Proof;

/// The element of a document that contains a record: an item of an array that is read item by item, or the whole
/// document.
pub(super) struct Element {
    chunk: Chunk,
    at: usize,
    /// Its JSON.
    pub(super) value: Value,
}

impl Element {
    /// The item's index; `None` for a whole document.
    pub(super) fn index(&self) -> Option<usize> {
        match self.chunk.shape {
            Shape::Elements => Some(self.chunk.index(self.at)),
            Shape::Whole => None,
        }
    }

    /// Converts a pointer from the root of the document to one within the element.
    pub(super) fn inner<'p>(&self, pointer: &'p str) -> &'p str {
        match self.chunk.shape {
            Shape::Whole => pointer,
            Shape::Elements => {
                let rest = pointer.get(1..).unwrap_or_default();
                rest.find('/').map_or("", |at| &rest[at..])
            }
        }
    }

    /// The location of the value at a pointer from the root.
    pub(super) fn position(&self, pointer: &str) -> Option<FilePosition> {
        self.locate(pointer).map(|(position, _)| position)
    }

    /// The location of the value at a pointer from the root, and its text.
    pub(super) fn find(&self, pointer: &str) -> Option<(FilePosition, String)> {
        let (position, text) = self.locate(pointer)?;
        Some((position, String::from_utf8_lossy(text).into_owned()))
    }

    fn locate(&self, pointer: &str) -> Option<(FilePosition, &[u8])> {
        let bytes = self.chunk.element(self.at);
        let Located { value, .. } = locate(bytes, &[self.inner(pointer)]).pop()??;
        let position = self.chunk.position(self.at, value.start);
        let start = self.chunk.offset + self.chunk.elements[self.at].start as u64;
        let found = FilePosition {
            line: position.line,
            column: position.column,
            first_byte: start + value.start as u64,
            end_byte: start + value.end as u64,
        };
        Some((found, &bytes[value]))
    }
}

/// Reads the whole original, and returns the element that `pointer` leads into.
pub(super) fn read(
    archive: &Path,
    file: &FileVersion,
    framing: Framing,
    limits: Limits,
    pointer: &str,
) -> Result<Element, Proof> {
    let missing = |error: &dyn std::error::Error| Proof::Missing(with_causes(error));
    let Some(sha256) = file.sha256.as_deref().and_then(Sha256::from_hex) else {
        return Err(Proof::Missing(
            "the ledger has no digest of the file".to_owned(),
        ));
    };
    let archive = Archive::open(archive).map_err(|error| {
        let error = with_causes(&error);
        Proof::Missing(format!(
            "{error}: if it was moved, name it with `--archive DIR`"
        ))
    })?;
    let mut object = archive
        .read_object(sha256)
        .map_err(|error| missing(&error))?;
    let document = source::unpack(&file.path, &mut object);
    let mut chunks = Chunks::new(document, "", framing, limits);
    let index: Option<usize> = pointer
        .get(1..)
        .and_then(|rest| rest.split('/').next()?.parse().ok());
    let mut found = None;
    for chunk in chunks.by_ref().map_while(Result::ok) {
        let at = match (chunk.shape, index) {
            (Shape::Whole, _) => Some(0),
            (Shape::Elements, Some(index)) => index
                .checked_sub(chunk.first_index)
                .filter(|at| *at < chunk.elements.len()),
            (Shape::Elements, None) => None,
        };
        if let Some(at) = at {
            found = Some((chunk, at));
            break;
        }
    }
    // The digest of an object can be verified only at its end.
    drop(chunks);
    drain(object)
        .map_err(|error| Proof::Broken(format!("the archived original is damaged: {error}")))?;
    let Some((chunk, at)) = found else {
        return Err(Proof::Broken(
            "the archived original has no such record".to_owned(),
        ));
    };
    let value = chunk.parse(at, limits).map_err(|error| match error.rule {
        Rule::TooLarge => Proof::Missing(format!("{error}: read it with `--max-record SIZE`")),
        _ => Proof::Broken(format!("the archived original: {error}")),
    })?;
    Ok(Element { chunk, at, value })
}

fn drain(mut reader: impl Read) -> io::Result<u64> {
    io::copy(&mut reader, &mut io::sink())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
