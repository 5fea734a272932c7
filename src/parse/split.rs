//! Finds the elements of a top-level array, or the lines of a JSON Lines file, in bytes that arrive in pieces.
//!
//! Only the text *between* elements is checked here, and strictly; elements are checked by the parser. Offsets refer to
//! the bytes passed in; the caller may drop bytes from the front and must report that with `shift`.

use std::ops::Range;

use crate::model::JsonLexer;

/// The result of a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SplitStep {
    /// More bytes are needed.
    More,
    /// A complete element.
    Element(Range<usize>),
    /// The array ended before this byte; only white space may follow.
    Closed(usize),
    /// The end of valid input.
    End,
    /// A syntax error at this byte.
    Broken(usize, &'static str),
}

/// Whether more bytes may follow those passed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    ToCome,
    Nothing,
}

/// Splits an array or lines into elements.
#[derive(Debug)]
pub(super) enum Splitter {
    Array {
        lexer: JsonLexer,
        state: State,
    },
    Lines {
        at: usize,
        seen: usize,
        /// The beginning of the line was dropped, so the line is not blank even if the rest of it is.
        begun: bool,
    },
}

/// The position of the splitter within the array.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// After `[`.
    First,
    /// After a comma.
    Value,
    /// In an array, object or string that began at `start`.
    Inside { start: usize, depth: usize },
    /// In a number or literal that began here.
    Word(usize),
    /// After an element.
    Comma,
    /// After `]`.
    After,
}

impl Splitter {
    /// Creates a splitter for bytes that begin with the `[` of the array.
    pub(super) fn array() -> Self {
        let (lexer, state) = (JsonLexer::at(1), State::First);
        Self::Array { lexer, state }
    }

    pub(super) fn lines() -> Self {
        Self::Lines {
            at: 0,
            seen: 0,
            begun: false,
        }
    }

    /// Returns the first byte that is still needed once all elements found have been returned.
    pub(super) fn needed_from(&self) -> usize {
        match self {
            Self::Array { lexer, state } => match state {
                State::Inside { start, .. } | State::Word(start) => *start,
                State::First | State::Value | State::Comma | State::After => lexer.offset(),
            },
            Self::Lines { at, .. } => *at,
        }
    }

    /// Whether an element has begun but not ended.
    pub(super) fn is_inside(&self) -> bool {
        match self {
            Self::Array { state, .. } => match state {
                State::Inside { .. } | State::Word(_) => true,
                State::First | State::Value | State::Comma | State::After => false,
            },
            Self::Lines { at, seen, begun } => *begun || seen > at,
        }
    }

    /// Forgets the beginning of the incomplete element and returns how far it was scanned.
    pub(super) fn forget_start(&mut self) -> usize {
        match self {
            Self::Array { lexer, state } => {
                if let State::Inside { start, .. } | State::Word(start) = state {
                    *start = lexer.offset();
                }
                lexer.offset()
            }
            Self::Lines { at, seen, begun } => {
                *begun = true;
                *at = *seen;
                *at
            }
        }
    }

    /// Adjusts the offsets after the caller dropped the first `dropped` bytes.
    pub(super) fn shift(&mut self, dropped: usize) {
        match self {
            Self::Array { lexer, state } => {
                lexer.shift(dropped);
                match state {
                    State::Inside { start, .. } | State::Word(start) => *start -= dropped,
                    State::First | State::Value | State::Comma | State::After => {}
                }
            }
            Self::Lines { at, seen, .. } => {
                *at -= dropped;
                *seen = seen.saturating_sub(dropped);
            }
        }
    }

    pub(super) fn step(&mut self, bytes: &[u8], rest: Rest) -> SplitStep {
        match self {
            Self::Array { lexer, state } => match (array_step(lexer, state, bytes), rest) {
                (SplitStep::More, Rest::Nothing) => match state {
                    State::After => SplitStep::End,
                    State::Inside { .. } | State::Word(_) => SplitStep::Broken(
                        bytes.len(),
                        "the file ends inside an element of the array",
                    ),
                    State::First | State::Value | State::Comma => {
                        SplitStep::Broken(bytes.len(), "the file ends before the closing `]`")
                    }
                },
                (step, _) => step,
            },
            Self::Lines { at, seen, begun } => {
                let step = line_step(at, seen, *begun, bytes, rest);
                *begun &= !matches!(step, SplitStep::Element(_));
                step
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Returns the range without white space at either end (the four characters of RFC 8259, which do not include form
/// feed).
pub(super) fn trim(bytes: &[u8]) -> Range<usize> {
    let start = bytes.iter().position(|byte| !is_space(*byte));
    let end = bytes.iter().rposition(|byte| !is_space(*byte));
    start.unwrap_or(bytes.len())..end.map_or(bytes.len(), |last| last + 1)
}

fn array_step(lexer: &mut JsonLexer, state: &mut State, bytes: &[u8]) -> SplitStep {
    loop {
        if let State::Inside { start, depth } = state {
            if !lexer.skip(bytes, depth) {
                return SplitStep::More;
            }
            let element = *start..lexer.offset();
            *state = State::Comma;
            return SplitStep::Element(element);
        }
        let at = lexer.offset();
        if let State::Word(start) = *state {
            let ends = |byte: &u8| is_space(*byte) || matches!(byte, b',' | b']' | b'}');
            let ahead = bytes[at..].iter().position(ends);
            let end = ahead.map_or(bytes.len(), |ahead| at + ahead);
            *lexer = JsonLexer::at(end);
            if ahead.is_none() {
                return SplitStep::More;
            }
            *state = State::Comma;
            return SplitStep::Element(start..end);
        }
        let spaces = bytes[at..]
            .iter()
            .take_while(|byte| is_space(**byte))
            .count();
        let at = at + spaces;
        *lexer = JsonLexer::at(at);
        let Some(&byte) = bytes.get(at) else {
            return SplitStep::More;
        };
        match (&*state, byte) {
            (State::First | State::Comma, b']') => {
                *state = State::After;
                *lexer = JsonLexer::at(at + 1);
                return SplitStep::Closed(at + 1);
            }
            (State::Comma, b',') => {
                *state = State::Value;
                *lexer = JsonLexer::at(at + 1);
            }
            (State::Comma, _) => {
                return SplitStep::Broken(at, "expected `,` or `]` after an element");
            }
            (State::After, _) => {
                return SplitStep::Broken(at, "unexpected content after the closing `]`");
            }
            (State::Value, b']') => {
                return SplitStep::Broken(at, "expected an element: `]` must not follow a comma");
            }
            (_, b'[' | b'{' | b'"') => {
                *state = State::Inside {
                    start: at,
                    depth: 0,
                }
            }
            (_, b',' | b':' | b'}') => return SplitStep::Broken(at, "expected an element"),
            _ => *state = State::Word(at),
        }
    }
}

/// Finds the next non-blank line. JSON on one line contains no raw line feed, so every line feed ends a line.
fn line_step(at: &mut usize, seen: &mut usize, begun: bool, bytes: &[u8], rest: Rest) -> SplitStep {
    loop {
        let from = (*seen).max(*at);
        let end = match (memchr::memchr(b'\n', &bytes[from..]), rest) {
            (Some(ahead), _) => from + ahead,
            (None, Rest::Nothing) => bytes.len(),
            (None, Rest::ToCome) => {
                *seen = bytes.len();
                return SplitStep::More;
            }
        };
        let line = trim(&bytes[*at..end]);
        let element = *at + line.start..*at + line.end;
        let next = (end + 1).min(bytes.len());
        if begun || !element.is_empty() {
            *at = next;
            return SplitStep::Element(element);
        }
        if next == *at {
            return SplitStep::End;
        }
        *at = next;
    }
}
