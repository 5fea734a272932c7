//! Parses one JSON text into one value by the strict rules, and locates the first violation.
//!
//! The syntax is RFC 8259 as implemented by serde_json. In addition, a text is rejected if an object has two members
//! with the same name, if a string contains U+0000 or an unpaired surrogate, or if it is nested too deeply.

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use crate::model::Rule;

use super::fault::{self, FaultLocation, Target};
use super::limits::Limits;
use super::position::Position;
use super::visitor::{Document, Rejection};

/// Why and where a text was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// The rule that was violated.
    pub rule: Rule,
    /// Byte offset in the text, counted from 0; the length of the text if something is missing at the end.
    pub offset: usize,
    /// The same position as line and column within the text.
    pub position: Position,
    /// JSON Pointer, within the text, of the faulty value or of the innermost value that contains the fault.
    pub pointer: Option<String>,
    /// Description of the error; never contains a value.
    pub message: String,
}

impl SyntaxError {
    /// The whole text exceeds a limit.
    pub(super) fn too_large(message: String) -> Self {
        Self {
            rule: Rule::TooLarge,
            offset: 0,
            position: Position::START,
            pointer: None,
            message,
        }
    }
}

/// Parses `bytes` as one JSON value. Numbers keep their digits.
///
/// Arrays and objects may be nested `max_depth` levels deep, and never deeper than [`Limits::DEEPEST`].
///
/// # Errors
/// The first violation of the rules.
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
    value.map_err(|error| match document.rejection.get() {
        Some(rejection) => rejected(bytes, rejection, max_depth),
        None => not_json(bytes, &error, max_depth),
    })
}

fn error(bytes: &[u8], rule: Rule, fault: FaultLocation, message: String) -> SyntaxError {
    SyntaxError {
        rule,
        offset: fault.offset,
        position: Position::START.after(&bytes[..fault.offset]),
        pointer: Some(fault.pointer),
        message,
    }
}

fn at(bytes: &[u8], offset: usize) -> FaultLocation {
    fault::find(bytes, Target::Offset(offset)).unwrap_or(FaultLocation {
        offset,
        pointer: String::new(),
    })
}

fn not_utf8(bytes: &[u8], offset: usize) -> SyntaxError {
    let message = "this byte is not valid UTF-8".to_owned();
    error(bytes, Rule::InvalidUtf8, at(bytes, offset), message)
}

fn rejected(bytes: &[u8], rejection: Rejection, max_depth: usize) -> SyntaxError {
    let (rule, target, message) = match rejection {
        Rejection::Duplicate => (
            Rule::DuplicateMember,
            Target::Duplicate,
            "the object has a second property with this name",
        ),
        Rejection::Nul => (
            Rule::NulInText,
            Target::Nul,
            "the string contains `\\u0000`, which databases cannot store",
        ),
        Rejection::TooDeep => (
            Rule::TooDeep,
            Target::Deeper(max_depth),
            "arrays and objects are nested deeper than the limit",
        ),
    };
    let fault = fault::find(bytes, target).unwrap_or_else(|| at(bytes, 0));
    error(bytes, rule, fault, message.to_owned())
}

fn not_json(bytes: &[u8], cause: &serde_json::Error, max_depth: usize) -> SyntaxError {
    let offset = if cause.is_eof() {
        bytes.len()
    } else {
        offset_of(bytes, cause.line(), cause.column())
    };
    // At its own limit, serde_json fails before it calls our visitor.
    let deeper = fault::find(bytes, Target::Deeper(max_depth));
    if deeper.is_some_and(|bracket| bracket.offset <= offset) {
        return rejected(bytes, Rejection::TooDeep, max_depth);
    }
    let full = cause.to_string();
    let position = format!(" at line {} column {}", cause.line(), cause.column());
    let message = plain_message(full.strip_suffix(&position).unwrap_or(&full));
    let message = match bytes.get(offset) {
        Some(b'\'') => format!("{message}: strings and property names must be in double quotes"),
        Some(b'/') => format!("{message}: JSON has no comments"),
        Some(b'N' | b'I') => format!("{message}: `NaN` and `Infinity` are not JSON"),
        Some(_) | None => message.to_owned(),
    };
    error(bytes, Rule::InvalidJson, at(bytes, offset), message)
}

/// Rewords the messages of serde_json that use parser jargon.
fn plain_message(message: &str) -> &str {
    match message {
        "EOF while parsing a list" => "incomplete: the JSON ends inside an array",
        "EOF while parsing an object" => "incomplete: the JSON ends inside an object",
        "EOF while parsing a string" => "incomplete: the JSON ends inside a string",
        "EOF while parsing a value" => "incomplete: the JSON ends where a value is expected",
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "unpaired surrogate: an escape from `\\ud800` to `\\udfff` is only valid as part of a pair"
        }
        other => other,
    }
}

/// serde_json counts lines from 1 and columns in bytes from 1; column 0 is the line feed before the line.
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
