//! Checks whether an element that is not valid JSON still ends at its intended end.
//!
//! Elements of an array are found by their quotes and brackets. A superfluous comma does not affect those. A missing
//! quote or bracket does: the element then ends somewhere inside a later one. The check distinguishes the two cases by
//! their consequences. After a missing quote, strings and the text between them are swapped, so that names and words
//! appear where only numbers, literals and punctuation are allowed. A missing bracket is closed by one of the other
//! kind, or not at all.
//!
//! This is a heuristic, not a parser: it may reject an element with intact bounds, and it does not detect two faults in
//! the same element that cancel each other out.

use crate::model::{JsonLexer, JsonToken};

/// Words that are allowed outside of strings. The last two are not valid JSON, but some programs write them as numbers.
const WORDS: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];

/// Whether the quotes and brackets of the element are balanced. They are in all valid JSON.
pub(super) fn is_balanced(element: &[u8]) -> bool {
    let mut bounds = Bounds::default();
    bounds.feed(element);
    bounds.finish()
}

/// The same check for an element that arrives in pieces and is not kept.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    lexer: JsonLexer,
    /// The closing brackets of the open brackets.
    open: Vec<u8>,
    /// The beginning of the word that is being read.
    word: Word,
    broken: bool,
}

/// The properties of a word or number that has been read in part.
#[derive(Debug, Default, Clone, Copy)]
struct Word {
    /// The first bytes, without a minus sign.
    bytes: [u8; LONGEST],
    length: usize,
    negative: bool,
    digits: bool,
    /// Whether it contains a character that no number has.
    other: bool,
}

/// The length of the longest word plus one.
const LONGEST: usize = 9;

impl Bounds {
    /// Processes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        while !self.broken {
            let token = self.lexer.next(bytes);
            let text = || &bytes[self.lexer.token()];
            match token.or(self.lexer.inside()) {
                // A string that spans a line end is probably missing its closing quote.
                Some(JsonToken::String) => self.broken = memchr::memchr(b'\n', text()).is_some(),
                Some(JsonToken::Word) => text().iter().for_each(|byte| self.word.push(*byte)),
                Some(JsonToken::Open(bracket)) => {
                    self.open.push(if bracket == b'{' { b'}' } else { b']' });
                    // Elements of this depth are never parsed, and their brackets should not use memory either.
                    self.broken = self.open.len() > DEEPEST;
                }
                Some(JsonToken::Close(bracket)) => self.broken = self.open.pop() != Some(bracket),
                Some(JsonToken::Comma | JsonToken::Colon) | None => {}
            }
            match token {
                Some(JsonToken::Word) => self.end_word(),
                Some(_) => {}
                None => return self.lexer.shift(bytes.len()),
            }
        }
    }

    /// Ends the input and returns whether quotes and brackets are balanced.
    pub(super) fn finish(mut self) -> bool {
        if self.lexer.finish().is_some() {
            self.end_word();
        }
        !self.broken && self.open.is_empty() && self.lexer.inside().is_none()
    }

    fn end_word(&mut self) {
        self.broken |= !std::mem::take(&mut self.word).is_plausible();
    }
}

/// An element that is nested deeper than this is considered broken.
const DEEPEST: usize = 100_000;

impl Word {
    fn push(&mut self, byte: u8) {
        let sign = matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
        self.digits |= byte.is_ascii_digit();
        self.other |= !sign && !byte.is_ascii_digit();
        if byte == b'-' && self.length == 0 && !self.negative {
            self.negative = true;
        } else if self.length < LONGEST {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }

    /// Whether it is a JSON literal, a number, or probably meant as a number, such as `+1`, `.5` or `007`.
    fn is_plausible(self) -> bool {
        self.digits && !self.other || WORDS.contains(&&self.bytes[..self.length])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Bounds, is_balanced};

    #[test]
    fn faults_between_values_do_not_affect_quotes_and_brackets() {
        for element in [
            r#"{"id":"m10",}"#,
            r#"{"id" 7 "b":[1 2,,]}"#,
            r#"{"path":"C:\work","n":-Infinity,"m":NaN}"#,
            r#"{"n":007,"m":+.5}"#,
            "{\"a\":\"tab\there\"\n}",
        ] {
            assert!(is_balanced(element.as_bytes()), "{element}");
        }
    }

    #[test]
    fn a_missing_quote_or_bracket_is_detected() {
        for element in [
            r#"{"a":"x}, {"b":"y"}"#,
            r#"{"a:"x"}, {"b":"y"}"#,
            r#"{a":"x"}"#,
            "{\"a\":\"x}, \n{\"1\"}",
            "[\"1\",\"2,\n\"3\"]",
            r#"{"a":[1,2},{"b":[1]}"#,
            r#"{"a":{"b":1]"#,
            r#"{"a":'it]s'}"#,
            r#"{"a":1 /* } */}"#,
            r#"{"a":"x\"}"#,
            r#"{"a":"x\"#,
            r#"{"a""#,
            "-",
            "\u{feff}1",
        ] {
            assert!(!is_balanced(element.as_bytes()), "{element}");
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_same_result() {
        for element in [
            r#"{"a":"x\"}, {","n":-Infinity,"m":[007,true,NaN]}"#,
            r#"{"a:"x"}, {"b":"y"}"#,
            "{\"a\":\"b\\\n\"}",
            "tru",
            "falsehoods",
            "",
        ] {
            for size in 1..=element.len().max(1) {
                let mut bounds = Bounds::default();
                for piece in element.as_bytes().chunks(size) {
                    bounds.feed(piece);
                }
                assert_eq!(
                    bounds.finish(),
                    is_balanced(element.as_bytes()),
                    "{element} by {size}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn valid_json_is_balanced(text in ".*", number in any::<f64>(), flag in any::<Option<bool>>()) {
            let value = json!({&text: [number, flag, {"inner": text}, text], "b": {}});
            prop_assert!(is_balanced(value.to_string().as_bytes()));
            let pretty = serde_json::to_string_pretty(&value).expect("JSON");
            prop_assert!(is_balanced(pretty.as_bytes()));
        }
    }
}
