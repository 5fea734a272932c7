//! A piece of a file that holds whole elements, and the places in it.

use std::ops::Range;
use std::sync::OnceLock;

use crate::model::{Finding, Place, Rule};

use super::bounds;
use super::framing::Framing;
use super::limits::Limits;
use super::locate::locate;
use super::position::Position;
use super::strict::{self, SyntaxError};

/// What the elements of a chunk are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Elements of the document's top-level array, or lines of a JSON Lines file.
    Elements,
    /// One element: the whole document.
    Whole,
}

/// A piece of a file with whole elements.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The bytes, with whatever separates the elements.
    pub bytes: Vec<u8>,
    /// Where in the file `bytes[0]` stands.
    pub offset: u64,
    /// Line of `bytes[0]`, from 1.
    pub line: u64,
    /// Column of `bytes[0]`, from 1 in Unicode scalar values.
    pub column: u64,
    /// Index in the document of the first element.
    pub first_index: usize,
    /// Where in `bytes` the elements stand.
    pub elements: Vec<Range<usize>>,
    /// What they are.
    pub shape: Shape,
    pub(super) framing: Framing,
    pub(super) starts: OnceLock<Vec<Position>>,
}

impl Chunk {
    /// The bytes of an element.
    #[must_use]
    pub fn element(&self, element: usize) -> &[u8] {
        &self.bytes[self.elements[element].clone()]
    }

    /// The index of an element in the document; 0 for a whole document.
    #[must_use]
    pub fn index(&self, element: usize) -> usize {
        self.first_index + element
    }

    /// The JSON Pointer of an element from the root of the document.
    #[must_use]
    pub fn pointer(&self, element: usize) -> String {
        match self.shape {
            Shape::Elements => format!("/{}", self.index(element)),
            Shape::Whole => String::new(),
        }
    }

    /// Line and column of an element.
    #[must_use]
    pub fn start(&self, element: usize) -> Position {
        // All at once, at the first question: one pass however many elements are at fault.
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

    /// Parses an element.
    ///
    /// # Errors
    /// The first thing that breaks the strict rules, placed within the element.
    pub fn parse(&self, element: usize, limits: Limits) -> Result<serde_json::Value, SyntaxError> {
        let outer = match self.shape {
            Shape::Elements => 1,
            Shape::Whole => 0,
        };
        let max_depth = limits.max_depth.saturating_sub(outer);
        strict::parse(self.element(element), max_depth)
    }

    /// Whether an element that is no JSON ends where it was meant to end, so that those behind it are as they were
    /// meant. A line always does.
    #[must_use]
    pub fn ends_as_meant(&self, element: usize) -> bool {
        match self.framing {
            Framing::Lines | Framing::Document => true,
            Framing::Array => match self.shape {
                Shape::Whole => true,
                Shape::Elements => bounds::hold(self.element(element)),
            },
        }
    }

    /// The finding for an error in an element, placed in the file.
    #[must_use]
    pub fn syntax_finding(&self, path: &str, element: usize, error: &SyntaxError) -> Finding {
        let inner = error.pointer.as_deref().unwrap_or_default();
        let position = self.position(element, error.offset);
        let place = self.placed(path, element, inner, position);
        Finding::error(error.rule, place, error.message.clone()).remedy(remedy(error.rule))
    }

    /// Line and column of the byte `offset` of an element.
    #[must_use]
    pub fn position(&self, element: usize, offset: usize) -> Position {
        let bytes = self.element(element);
        self.start(element).after(&bytes[..offset.min(bytes.len())])
    }

    /// The place of an element.
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

/// The place of the value at `pointer` within an element; if there is none, of the nearest value around it.
///
/// The pointer in the result is the one asked for, from the root of the document.
#[must_use]
pub fn place(path: &str, chunk: &Chunk, element: usize, pointer: &str) -> Place {
    let bytes = chunk.element(element);
    let mut around = vec![pointer];
    while let Some((outer, _)) = around.last().and_then(|inner| inner.rsplit_once('/')) {
        around.push(outer);
    }
    let nearest = locate(bytes, &around).into_iter().flatten().next();
    let offset = nearest.map_or(0, |located| located.value.start);
    chunk.placed(path, element, pointer, chunk.position(element, offset))
}

/// What to do about a text that breaks `rule`.
pub(super) fn remedy(rule: Rule) -> &'static str {
    match rule {
        Rule::InvalidUtf8 => {
            "save the file as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
        }
        Rule::InvalidJson | Rule::CutOff => {
            "mend the file, or restore it from a backup if it was cut off"
        }
        Rule::DuplicateMember => "remove one of the two members",
        Rule::NulInText => "remove the `\\u0000` from the text",
        Rule::TooDeep | Rule::TooLarge => {
            "check whether the file is what it should be, and split it if it is"
        }
        _ => "mend the file",
    }
}
