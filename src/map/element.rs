//! An element of a document: the input of a mapping.

use serde_json::Value as Json;

use crate::model::{FileId, SourceIndex};

/// An element: a whole document, or one item of a streamed array.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// Index of the source in the layout.
    pub source: SourceIndex,
    /// The file.
    pub file: FileId,
    /// Relative path of the document: that of the file, without the `.gz` suffix of a compressed file.
    pub path: &'a str,
    /// Values captured by the file pattern.
    pub captures: &'a [String],
    /// Index of the item in a streamed array; `None` for a whole document.
    pub index: Option<usize>,
    /// The validated JSON.
    pub value: &'a Json,
}
