//! One JSON text to one value, by the strict rules, with the place of the first thing that breaks them.
//!
//! The syntax is RFC 8259 as serde_json reads it. Beyond that a text is refused when an object has two members of one
//! name, when a text holds U+0000 or half a surrogate pair, and when it is nested too deep for the stack.

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use crate::model::Rule;

use super::limits::Limits;
use super::position::Position;
use super::trail::{self, Sought, Trail};
use super::visitor::{Document, Refusal};

/// Why and where a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// The rule that is broken.
    pub rule: Rule,
    /// Byte in the text, counted from 0; the length of the text if something is missing at its end.
    pub offset: usize,
    /// The same as line and column within the text.
    pub position: Position,
    /// JSON Pointer within the text of the value that is wrong, or the innermost one around it.
    pub pointer: Option<String>,
    /// What is wrong; never shows a value.
    pub message: String,
}

/// Parses `bytes` as one JSON value; numbers keep their digits.
///
/// `max_depth` levels of arrays and objects are allowed, and never more than [`Limits::DEEPEST`].
///
/// # Errors
/// The first thing that breaks the rules.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Value, SyntaxError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(not_utf8(bytes, error.valid_up_to())),
    };
    let max_depth = max_depth.min(Limits::DEEPEST);
    let document = Document::new(text, max_depth);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = document
        .value(0)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| match document.refusal.get() {
        Some(refusal) => refused(bytes, refusal, max_depth),
        None => not_json(bytes, &error, max_depth),
    })
}

fn error(bytes: &[u8], rule: Rule, trail: Trail, message: String) -> SyntaxError {
    SyntaxError {
        rule,
        offset: trail.offset,
        position: Position::START.after(&bytes[..trail.offset]),
        pointer: Some(trail.pointer),
        message,
    }
}

fn at(bytes: &[u8], offset: usize) -> Trail {
    trail::find(bytes, Sought::Offset(offset)).unwrap_or(Trail {
        offset,
        pointer: String::new(),
    })
}

fn not_utf8(bytes: &[u8], offset: usize) -> SyntaxError {
    let message = "this byte is not UTF-8".to_owned();
    error(bytes, Rule::InvalidUtf8, at(bytes, offset), message)
}

fn refused(bytes: &[u8], refusal: Refusal, max_depth: usize) -> SyntaxError {
    let (rule, sought, message) = match refusal {
        Refusal::Duplicate => (
            Rule::DuplicateMember,
            Sought::Duplicate,
            "the object has a second member of this name",
        ),
        Refusal::Nul => (
            Rule::NulInText,
            Sought::Nul,
            "the text holds `\\u0000`, which databases cannot store",
        ),
        Refusal::TooDeep => (
            Rule::TooDeep,
            Sought::Deeper(max_depth),
            "arrays and objects are nested deeper than the limit",
        ),
    };
    let trail = trail::find(bytes, sought).unwrap_or_else(|| at(bytes, 0));
    error(bytes, rule, trail, message.to_owned())
}

fn not_json(bytes: &[u8], cause: &serde_json::Error, max_depth: usize) -> SyntaxError {
    let offset = if cause.is_eof() {
        bytes.len()
    } else {
        offset_of(bytes, cause.line(), cause.column())
    };
    // At its own bound serde_json gives up before it asks our visitor.
    let deeper = trail::find(bytes, Sought::Deeper(max_depth));
    if deeper.is_some_and(|bracket| bracket.offset <= offset) {
        return refused(bytes, Refusal::TooDeep, max_depth);
    }
    let full = cause.to_string();
    let position = format!(" at line {} column {}", cause.line(), cause.column());
    let message = in_plain_words(full.strip_suffix(&position).unwrap_or(&full));
    let message = match bytes.get(offset) {
        Some(b'\'') => format!("{message}: texts and names stand in double quotes"),
        Some(b'/') => format!("{message}: JSON has no comments"),
        Some(b'N' | b'I') => format!("{message}: `NaN` and `Infinity` are not JSON"),
        Some(_) | None => message.to_owned(),
    };
    error(bytes, Rule::InvalidJson, at(bytes, offset), message)
}

/// What serde_json says, where it speaks as parsers speak among themselves.
fn in_plain_words(message: &str) -> &str {
    match message {
        "EOF while parsing a list" => "cut off: the JSON ends inside an array",
        "EOF while parsing an object" => "cut off: the JSON ends inside an object",
        "EOF while parsing a string" => "cut off: the JSON ends inside a text",
        "EOF while parsing a value" => "cut off: the JSON ends where a value should stand",
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "half of a surrogate pair: an escape from `\\ud800` to `\\udfff` stands for a character only with its other half"
        }
        other => other,
    }
}

/// serde_json counts lines from 1 and columns in bytes from 1; column 0 is the line end before the line.
fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let line_start = match line.checked_sub(2) {
        None => 0,
        Some(earlier) => memchr::memchr_iter(b'\n', bytes)
            .nth(earlier)
            .map_or(0, |newline| newline + 1),
    };
    (line_start + column)
        .saturating_sub(1)
        .min(bytes.len().saturating_sub(1))
}

#[cfg(test)]
mod tests;
