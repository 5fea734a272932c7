//! Finds the elements of a top-level array, or the lines of a JSON Lines file, in bytes that arrive in pieces.
//!
//! Only what stands *between* elements is checked here, and strictly; what stands inside an element is the parser's
//! matter. Offsets are into the bytes handed in; the caller may drop bytes from the front with `shift`.

use std::ops::Range;

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are needed.
    More,
    /// One whole element.
    Element(Range<usize>),
    /// The array ended before this byte; what follows must be white space.
    Closed(usize),
    /// The end, and all was well.
    End,
    /// Something stands here that must not.
    Broken(usize, &'static str),
}

/// Whether the bytes handed in are all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    ToCome,
    Nothing,
}

/// The two ways to hold many records in a file.
#[derive(Debug)]
pub(super) enum Splitter {
    Array { at: usize, state: State },
    Lines { at: usize, seen: usize },
}

/// Where in the array the splitter stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// Behind `[`.
    First,
    /// Behind a comma.
    Value,
    /// In an array, object or text that began at `start`.
    Inside {
        start: usize,
        depth: usize,
        in_text: bool,
    },
    /// In a number or word that began here.
    Word(usize),
    /// Behind an element.
    Comma,
    /// Behind `]`.
    After,
}

impl Splitter {
    /// For bytes that begin with the `[` of the array.
    pub(super) fn array() -> Self {
        let state = State::First;
        Self::Array { at: 1, state }
    }

    pub(super) fn lines() -> Self {
        Self::Lines { at: 0, seen: 0 }
    }

    /// Everything before this byte may be dropped once the elements given out are.
    pub(super) fn needed_from(&self) -> usize {
        match self {
            Self::Array { at, state } => match state {
                State::Inside { start, .. } | State::Word(start) => *start,
                State::First | State::Value | State::Comma | State::After => *at,
            },
            Self::Lines { at, .. } => *at,
        }
    }

    /// Whether an element has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        match self {
            Self::Array { state, .. } => match state {
                State::Inside { .. } | State::Word(_) => true,
                State::First | State::Value | State::Comma | State::After => false,
            },
            Self::Lines { at, seen } => seen > at,
        }
    }

    /// The first `dropped` bytes are gone.
    pub(super) fn shift(&mut self, dropped: usize) {
        match self {
            Self::Array { at, state } => {
                *at -= dropped;
                match state {
                    State::Inside { start, .. } | State::Word(start) => *start -= dropped,
                    State::First | State::Value | State::Comma | State::After => {}
                }
            }
            Self::Lines { at, seen } => {
                *at -= dropped;
                *seen = seen.saturating_sub(dropped);
            }
        }
    }

    pub(super) fn step(&mut self, bytes: &[u8], rest: Rest) -> Step {
        match self {
            Self::Array { at, state } => match (array_step(at, state, bytes), rest) {
                (Step::More, Rest::Nothing) => match state {
                    State::After => Step::End,
                    State::Inside { .. } | State::Word(_) => {
                        Step::Broken(bytes.len(), "the file ends inside an element of the array")
                    }
                    State::First | State::Value | State::Comma => {
                        Step::Broken(bytes.len(), "the file ends before the closing `]`")
                    }
                },
                (step, _) => step,
            },
            Self::Lines { at, seen } => line_step(at, seen, bytes, rest),
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Where the bytes stand that are not white space at either end (RFC 8259 knows four such bytes, not form feed).
pub(super) fn trim(bytes: &[u8]) -> Range<usize> {
    let start = bytes.iter().position(|byte| !is_space(*byte));
    let end = bytes.iter().rposition(|byte| !is_space(*byte));
    start.unwrap_or(bytes.len())..end.map_or(bytes.len(), |last| last + 1)
}

fn array_step(at: &mut usize, state: &mut State, bytes: &[u8]) -> Step {
    loop {
        if let State::Inside {
            start,
            depth,
            in_text,
        } = state
        {
            if !close(at, depth, in_text, bytes) {
                return Step::More;
            }
            let element = *start..*at;
            *state = State::Comma;
            return Step::Element(element);
        }
        if let State::Word(start) = *state {
            let ends = |byte: &u8| is_space(*byte) || matches!(byte, b',' | b']' | b'}');
            let Some(length) = bytes[*at..].iter().position(ends) else {
                *at = bytes.len();
                return Step::More;
            };
            *at += length;
            *state = State::Comma;
            return Step::Element(start..*at);
        }
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
        let Some(&byte) = bytes.get(*at) else {
            return Step::More;
        };
        match (&*state, byte) {
            (State::First | State::Comma, b']') => {
                *state = State::After;
                *at += 1;
                return Step::Closed(*at);
            }
            (State::Comma, b',') => {
                *state = State::Value;
                *at += 1;
            }
            (State::Comma, _) => return Step::Broken(*at, "expected `,` or `]` after an element"),
            (State::After, _) => return Step::Broken(*at, "nothing may follow the closing `]`"),
            (State::Value, b']') => {
                return Step::Broken(*at, "expected an element: no comma may stand before `]`");
            }
            (_, b'[' | b'{' | b'"') => {
                *state = State::Inside {
                    start: *at,
                    depth: usize::from(byte != b'"'),
                    in_text: byte == b'"',
                };
                *at += 1;
            }
            (_, b',' | b':' | b'}') => return Step::Broken(*at, "expected an element"),
            _ => *state = State::Word(*at),
        }
    }
}

/// Moves on to the end of the element; false if it is not among the bytes.
fn close(at: &mut usize, depth: &mut usize, in_text: &mut bool, bytes: &[u8]) -> bool {
    loop {
        if *in_text {
            loop {
                let Some(ahead) = memchr::memchr2(b'"', b'\\', &bytes[*at..]) else {
                    *at = bytes.len();
                    return false;
                };
                *at += ahead;
                if bytes[*at] == b'"' {
                    break;
                }
                if *at + 1 == bytes.len() {
                    return false;
                }
                *at += 2;
            }
            *at += 1;
            *in_text = false;
        } else {
            let marks = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
            let Some(ahead) = bytes[*at..].iter().position(marks) else {
                *at = bytes.len();
                return false;
            };
            *at += ahead + 1;
            match bytes[*at - 1] {
                b'"' => *in_text = true,
                b'{' | b'[' => *depth += 1,
                _ => *depth -= 1,
            }
        }
        if *depth == 0 && !*in_text {
            return true;
        }
    }
}

/// A JSON text on one line holds no raw line end, so lines are all there is to find.
fn line_step(at: &mut usize, seen: &mut usize, bytes: &[u8], rest: Rest) -> Step {
    loop {
        let from = (*seen).max(*at);
        let end = match (memchr::memchr(b'\n', &bytes[from..]), rest) {
            (Some(ahead), _) => from + ahead,
            (None, Rest::Nothing) => bytes.len(),
            (None, Rest::ToCome) => {
                *seen = bytes.len();
                return Step::More;
            }
        };
        let line = trim(&bytes[*at..end]);
        let element = *at + line.start..*at + line.end;
        let next = (end + 1).min(bytes.len());
        if !element.is_empty() {
            *at = next;
            return Step::Element(element);
        }
        if next == *at {
            return Step::End;
        }
        *at = next;
    }
}
