//! Counts the parts of a JSON text, from which the minimum size of its binary forms follows.

use std::ops::Range;

use crate::model::{JsonLexer, JsonToken};

/// The parts of a JSON text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JsonParts {
    /// Arrays and objects.
    pub(super) containers: u64,
    /// Elements of arrays and members of objects.
    pub(super) elements: u64,
    /// Members of objects, which are included in the elements.
    pub(super) members: u64,
    /// Numbers.
    pub(super) numbers: u64,
    /// Bytes of strings and names, at least: an escape counts as one.
    pub(super) string_bytes: u64,
    /// The different bytes of strings and names, without escapes; not counted further than 8.
    pub(super) distinct_bytes: usize,
}

impl JsonParts {
    /// Counts the parts of a JSON text.
    pub(super) fn of(json: &str) -> Self {
        let mut parts = Self::default();
        let mut distinct = DistinctBytes::default();
        let (bytes, mut lexer) = (json.as_bytes(), JsonLexer::default());
        let mut is_first = false;
        while let Some(token) = lexer.next(bytes).or_else(|| lexer.finish()) {
            parts.elements += u64::from(is_first && !matches!(token, JsonToken::Close(_)));
            is_first = false;
            match token {
                JsonToken::Open(_) => {
                    parts.containers += 1;
                    is_first = true;
                }
                JsonToken::Close(_) => {}
                JsonToken::Comma => parts.elements += 1,
                JsonToken::Colon => parts.members += 1,
                JsonToken::String => {
                    let Range { start, end } = lexer.token();
                    parts.string_bytes += string_bytes(&bytes[start + 1..end - 1], &mut distinct);
                }
                JsonToken::Word => {
                    let first = bytes[lexer.token().start];
                    parts.numbers += u64::from(matches!(first, b'-' | b'0'..=b'9'));
                }
            }
        }
        parts.distinct_bytes = distinct.count();
        parts
    }
}

/// Counts the bytes that the inside of a string encodes, at least.
fn string_bytes(inside: &[u8], distinct: &mut DistinctBytes) -> u64 {
    let (mut count, mut at) = (0, 0);
    while at < inside.len() {
        count += 1;
        match (inside[at], inside.get(at + 1)) {
            // The second half of a surrogate pair counts as another one; both are three bytes at least.
            (b'\\', Some(b'u')) => at += 6,
            (b'\\', _) => at += 2,
            (byte, _) => {
                distinct.add(byte);
                at += 1;
            }
        }
    }
    count
}

/// The different bytes of a value, not counted further than 8.
#[derive(Default)]
pub(super) struct DistinctBytes {
    seen: [u64; 4],
    count: usize,
}

impl DistinctBytes {
    fn add(&mut self, byte: u8) {
        let (word, bit) = (usize::from(byte >> 6), 1 << (byte & 63));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.count += 1;
        }
    }

    fn count(&self) -> usize {
        self.count.min(8)
    }

    /// Of all these bytes.
    #[cfg(feature = "postgres")]
    pub(super) fn of(bytes: &[u8]) -> usize {
        let mut distinct = Self::default();
        for &byte in bytes {
            distinct.add(byte);
            if distinct.count >= 8 {
                break;
            }
        }
        distinct.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_outside_strings() {
        let parts = JsonParts::of(r#"{"a":[-1.5e+3,0,"[,:\"",{}],"b\u00e9":[ ]}"#);
        let expected = JsonParts {
            containers: 4,
            elements: 6,
            members: 2,
            numbers: 2,
            string_bytes: 7,
            distinct_bytes: 5,
        };
        assert_eq!(parts, expected);
        assert_eq!(JsonParts::of("true"), JsonParts::default());
    }
}
