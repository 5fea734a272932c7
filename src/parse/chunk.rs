//! A part of a file that contains complete elements, and the positions within it.

use std::ops::Range;
use std::sync::OnceLock;

use crate::model::{Finding, Place, Rule, locate_nearest, plural};

use super::bounds;
use super::framing::Framing;
use super::limits::Limits;
use super::position::Position;
use super::strict::{self, SyntaxError};
use super::weight::weight;

/// The kind of elements in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Elements of the document's top-level array, or lines of a JSON Lines file.
    Elements,
    /// One element: the whole document.
    Whole,
}

/// A part of a file that contains complete elements.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The bytes, including the separators between elements.
    pub bytes: Vec<u8>,
    /// Offset of `bytes[0]` in the file.
    pub offset: u64,
    /// Line of `bytes[0]`, counted from 1.
    pub line: u64,
    /// Column of `bytes[0]`, counted from 1 in Unicode scalar values.
    pub column: u64,
    /// Index of the first element in the document.
    pub first_index: usize,
    /// Ranges of the elements in `bytes`.
    pub elements: Vec<Range<usize>>,
    /// The kind of the elements.
    pub shape: Shape,
    /// Set if the only element exceeds the limit and was dropped; the value is whether it is balanced.
    pub(super) cut_off: Option<bool>,
    pub(super) framing: Framing,
    pub(super) starts: OnceLock<Vec<Position>>,
}

impl Chunk {
    /// Returns the bytes of an element.
    #[must_use]
    pub fn element(&self, element: usize) -> &[u8] {
        &self.bytes[self.elements[element].clone()]
    }

    /// Returns the index of an element in the document; 0 for a whole document.
    #[must_use]
    pub fn index(&self, element: usize) -> usize {
        self.first_index + element
    }

    /// Returns the JSON Pointer of an element from the root of the document.
    #[must_use]
    pub fn pointer(&self, element: usize) -> String {
        match self.shape {
            Shape::Elements => format!("/{}", self.index(element)),
            Shape::Whole => String::new(),
        }
    }

    /// Returns the line and column of an element.
    #[must_use]
    pub fn start(&self, element: usize) -> Position {
        // Computed for all elements on first use: a single pass, regardless of the number of faulty elements.
        let starts = self.starts.get_or_init(|| {
            let (mut at, mut position) = (0, Position::START);
            position.line = self.line;
            position.column = self.column;
            let advance = |range: &Range<usize>| {
                position = position.after(&self.bytes[at..range.start]);
                at = range.start;
                position
            };
            self.elements.iter().map(advance).collect()
        });
        starts[element]
    }

    /// Estimates the memory that the elements need until they are rows: their text, their values, and strings in the
    /// rows.
    #[must_use]
    pub fn memory(&self) -> usize {
        let weights = self.elements.iter();
        let weights = weights.map(|range| weight(&self.bytes[range.clone()]));
        (2 * self.bytes.len()).saturating_add(weights.sum())
    }

    /// Whether the only element was dropped because it exceeds the limit.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.cut_off.is_some()
    }

    /// Parses an element.
    ///
    /// # Errors
    /// The first violation of the strict rules, with its position in the element, or that the element exceeds the
    /// limits.
    pub fn parse(&self, element: usize, limits: Limits) -> Result<serde_json::Value, SyntaxError> {
        let bytes = self.element(element);
        if self.is_cut_off() || bytes.len() > limits.max_record_bytes {
            return Err(SyntaxError::too_large(too_long("record", limits)));
        }
        if weight(bytes) > limits.max_parsed_bytes() {
            let parsed = limits.max_parsed_bytes() >> 20;
            return Err(SyntaxError::too_large(format!(
                "the values of the record take more than {parsed} MiB of memory"
            )));
        }
        let outer = match self.shape {
            Shape::Elements => 1,
            Shape::Whole => 0,
        };
        let max_depth = limits.max_depth.saturating_sub(outer);
        strict::parse(bytes, max_depth)
    }

    /// Whether an element that is not valid JSON ends at its intended end, so that the elements after it can be
    /// trusted. Always true for a line.
    #[must_use]
    pub fn ends_as_intended(&self, element: usize) -> bool {
        match (self.framing, self.shape, self.cut_off) {
            (Framing::Lines | Framing::Document, _, _) | (Framing::Array, Shape::Whole, _) => true,
            (Framing::Array, Shape::Elements, Some(is_balanced)) => is_balanced,
            (Framing::Array, Shape::Elements, None) => bounds::is_balanced(self.element(element)),
        }
    }

    /// Creates the finding for a syntax error in an element.
    #[must_use]
    pub fn syntax_finding(&self, path: &str, element: usize, error: &SyntaxError) -> Finding {
        let inner = error.pointer.as_deref().unwrap_or_default();
        let (begin, end) = (self.start(element), self.position(element, error.offset));
        let whole = self.element(element).trim_ascii_end();
        // The end of a record that is not closed is the end of the file, far from the mistake.
        let is_open = self.shape == Shape::Elements && error.offset >= whole.len();
        let (position, message) = match is_open && end.line > begin.line {
            true => (
                begin,
                format!(
                    "{}, at line {}; the record begins here",
                    error.message, end.line
                ),
            ),
            false => (end, error.message.clone()),
        };
        let place = self.placed(path, element, inner, position);
        Finding::error(error.rule, place, message).hint(hint(error.rule))
    }

    /// Returns the line and column of byte `offset` of an element.
    #[must_use]
    pub fn position(&self, element: usize, offset: usize) -> Position {
        let bytes = self.element(element);
        self.start(element).after(&bytes[..offset.min(bytes.len())])
    }

    /// Returns the place of an element.
    #[must_use]
    pub fn place(&self, path: &str, element: usize) -> Place {
        self.placed(path, element, "", self.start(element))
    }

    pub(crate) fn placed(
        &self,
        path: &str,
        element: usize,
        inner_pointer: &str,
        position: Position,
    ) -> Place {
        Place {
            path: path.to_owned(),
            line: Some(position.line),
            column: Some(position.column),
            pointer: Some(self.pointer(element) + inner_pointer),
        }
    }
}

/// Returns the place of the value at `pointer` in an element or, if it does not exist, of the nearest enclosing value.
///
/// The pointer of the result is the requested one, from the root of the document.
#[must_use]
pub fn place(path: &str, chunk: &Chunk, element: usize, pointer: &str) -> Place {
    let offset = locate_nearest(chunk.element(element), pointer);
    chunk.placed(path, element, pointer, chunk.position(element, offset))
}

/// The message for a record or document that exceeds the limit.
pub(super) fn too_long(what: &str, limits: Limits) -> String {
    format!(
        "the {what} is longer than {}",
        plural(limits.max_record_bytes as u64, "byte")
    )
}

/// The hint for a violation of `rule`.
pub(super) fn hint(rule: Rule) -> &'static str {
    match rule {
        Rule::InvalidUtf8 => {
            "save the file as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
        }
        Rule::InvalidJson | Rule::CutOff => {
            "fix the file, or restore it from a backup if it was cut off"
        }
        Rule::DuplicateMember => "remove one of the two properties",
        Rule::NulInText => "remove the `\\u0000` from the string",
        Rule::TooDeep => "check that it is the right file; if it is, split it",
        Rule::TooLarge => {
            "check that it is the right file; if it is, allow larger records with `--max-record SIZE`"
        }
        _ => "fix the file",
    }
}
