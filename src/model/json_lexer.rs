//! The JSON lexer: finds strings, brackets, separators and words in bytes that may arrive in pieces.
//!
//! It accepts any bytes, rejects nothing and allocates nothing. Its state is a few words, so it can stop after any byte
//! and resume with the next piece. Everything that scans JSON text is a loop over its tokens: splitting a file into
//! elements, resolving JSON Pointers, locating faults, masking, measuring depth and size. Parsing is left to
//! serde_json.

use std::borrow::Cow;
use std::ops::Range;

/// A token of JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonToken {
    /// `[` or `{`.
    Open(u8),
    /// `]` or `}`.
    Close(u8),
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// A string with both quotes.
    String,
    /// A number, a literal, or any other run of bytes without white space, quotes and punctuation.
    Word,
}

/// The position of the lexer in a text.
///
/// All methods take the same bytes; more may be appended between calls. The caller may also drop bytes from the front,
/// and reports that with [`JsonLexer::shift`].
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLexer {
    start: usize,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    String,
    /// In a string, after a backslash.
    Escape,
    Word,
}

const WORD: u8 = 1;
const SEPARATOR: u8 = 2;
const BRACKET: u8 = 4;
const QUOTE: u8 = 8;

/// The class of each byte outside of strings; 0 is white space.
static CLASSES: [u8; 256] = {
    let mut classes = [WORD; 256];
    let (marks, mut at) = (b" \t\r\n,:[]{}\"", 0);
    while at < marks.len() {
        classes[marks[at] as usize] = match marks[at] {
            b',' | b':' => SEPARATOR,
            b'[' | b']' | b'{' | b'}' => BRACKET,
            b'"' => QUOTE,
            _ => 0,
        };
        at += 1;
    }
    classes
};

impl JsonLexer {
    /// Creates a lexer that begins at byte `offset`, which is outside of strings.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self {
            start: offset,
            at: offset,
            state: State::Between,
        }
    }

    /// Returns the next token; `None` if it is not complete. A word is complete when the byte after it is known, or
    /// after [`JsonLexer::finish`].
    #[inline]
    pub fn next(&mut self, bytes: &[u8]) -> Option<JsonToken> {
        self.advance::<{ WORD | SEPARATOR | BRACKET | QUOTE }>(bytes)
    }

    /// The same without words, which is faster.
    #[inline]
    pub fn next_mark(&mut self, bytes: &[u8]) -> Option<JsonToken> {
        self.advance::<{ SEPARATOR | BRACKET | QUOTE }>(bytes)
    }

    /// Moves to the end of the string, array or object in which `depth` brackets are open, or which begins here.
    /// Returns false if the end is not among the bytes.
    #[inline]
    pub fn skip(&mut self, bytes: &[u8], depth: &mut usize) -> bool {
        while let Some(token) = self.advance::<{ BRACKET | QUOTE }>(bytes) {
            match token {
                JsonToken::Open(_) => *depth += 1,
                JsonToken::Close(_) => *depth = depth.saturating_sub(1),
                JsonToken::Comma | JsonToken::Colon | JsonToken::String | JsonToken::Word => {}
            }
            if *depth == 0 {
                return true;
            }
        }
        false
    }

    /// Ends the text; returns the word that it ends with. A string without its closing quote is not a token.
    pub fn finish(&mut self) -> Option<JsonToken> {
        let ended = self.inside().filter(|token| *token == JsonToken::Word);
        if ended.is_some() {
            self.state = State::Between;
        }
        ended
    }

    /// Returns the kind of the token that has begun but is not complete.
    #[must_use]
    pub fn inside(&self) -> Option<JsonToken> {
        match self.state {
            State::Between => None,
            State::String | State::Escape => Some(JsonToken::String),
            State::Word => Some(JsonToken::Word),
        }
    }

    /// Returns the range of the last token, or of the part of the incomplete one that was read.
    #[must_use]
    pub fn token(&self) -> Range<usize> {
        self.start..self.at
    }

    /// Returns how far the bytes were read.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Adjusts the position after the caller dropped the first `dropped` bytes, which were read.
    pub fn shift(&mut self, dropped: usize) {
        self.start = self.start.saturating_sub(dropped);
        self.at -= dropped;
    }

    /// Finds the next token of the classes in `STOPS`, and strings whatever `STOPS` is.
    #[inline]
    fn advance<const STOPS: u8>(&mut self, bytes: &[u8]) -> Option<JsonToken> {
        let mut rest = bytes.get(self.at..)?;
        if self.state == State::Between {
            let stops = |byte: &u8| CLASSES[usize::from(*byte)] & STOPS != 0;
            let Some(ahead) = rest.iter().position(stops) else {
                self.at = bytes.len();
                return None;
            };
            self.start = self.at + ahead;
            self.at = self.start + 1;
            match rest[ahead] {
                byte @ (b'[' | b'{') => return Some(JsonToken::Open(byte)),
                byte @ (b']' | b'}') => return Some(JsonToken::Close(byte)),
                b',' => return Some(JsonToken::Comma),
                b':' => return Some(JsonToken::Colon),
                b'"' => self.state = State::String,
                _ => self.state = State::Word,
            }
            rest = &rest[ahead + 1..];
        }
        if self.state == State::Word {
            let ends = |byte: &u8| CLASSES[usize::from(*byte)] != WORD;
            let length = rest.iter().position(ends);
            self.at += length.unwrap_or(rest.len());
            length?;
            self.state = State::Between;
            return Some(JsonToken::Word);
        }
        loop {
            if self.state == State::Escape {
                rest = rest.get(1..)?;
                self.at += 1;
                self.state = State::String;
            }
            let Some(ahead) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = bytes.len();
                return None;
            };
            self.at += ahead + 1;
            if rest[ahead] == b'"' {
                self.state = State::Between;
                return Some(JsonToken::String);
            }
            rest = &rest[ahead + 1..];
            self.state = State::Escape;
        }
    }
}

/// Returns how deep arrays and objects are nested in a JSON text; 0 if it has none.
#[must_use]
pub fn json_depth(json: &str) -> usize {
    let (mut lexer, mut depth, mut deepest) = (JsonLexer::default(), 0_usize, 0);
    while let Some(token) = lexer.next_mark(json.as_bytes()) {
        match token {
            JsonToken::Open(_) => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            JsonToken::Close(_) => depth = depth.saturating_sub(1),
            JsonToken::Comma | JsonToken::Colon | JsonToken::String | JsonToken::Word => {}
        }
    }
    deepest
}

/// Decodes a JSON string, given with its quotes; `None` if it is invalid.
#[must_use]
pub fn unescape_json(quoted: &str) -> Option<Cow<'_, str>> {
    let raw = quoted.get(1..quoted.len().checked_sub(1)?)?;
    match memchr::memchr(b'\\', raw.as_bytes()) {
        None => Some(Cow::Borrowed(raw)),
        Some(_) => serde_json::from_str(quoted).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    type Tokens = Vec<(JsonToken, Vec<u8>)>;

    /// The tokens of bytes that arrive in pieces and are dropped when they were read; and the incomplete token at the
    /// end.
    fn tokens(pieces: &[&[u8]]) -> (Tokens, Option<JsonToken>) {
        let (mut lexer, mut bytes, mut found) = (JsonLexer::default(), Vec::new(), Vec::new());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            while let Some(token) = lexer.next(&bytes) {
                found.push((token, bytes[lexer.token()].to_vec()));
            }
            let kept = lexer
                .inside()
                .map_or(lexer.offset(), |_| lexer.token().start);
            bytes.drain(..kept);
            lexer.shift(kept);
        }
        let last = lexer.finish();
        found.extend(last.map(|token| (token, bytes[lexer.token()].to_vec())));
        (found, lexer.inside())
    }

    /// Cuts `bytes` at these positions, which are taken modulo the length.
    fn cut<'b>(bytes: &'b [u8], cuts: &[usize]) -> Vec<&'b [u8]> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2)
            .map(|pair| &bytes[pair[0]..pair[1]])
            .collect()
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = r#"[\\"\[\]{},:a-c猫\n\u{1} ]{0,8}"#;
        let scalar = prop_oneof![
            any::<Option<bool>>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        scalar.prop_recursive(5, 60, 6, move |inner| {
            let members = prop::collection::hash_map(text, inner.clone(), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Value::from),
                members.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn tokens_are_strings_words_and_punctuation() {
        let found = tokens(&[br#" {"a\"[": [-1.5e3,null , "\\"]}x'"b""#]).0;
        let texts = found.iter().map(|(_, text)| String::from_utf8_lossy(text));
        let expected = r#"{ "a\"[" : [ -1.5e3 , null , "\\" ] } x' "b""#;
        assert_eq!(texts.collect::<Vec<_>>().join(" "), expected);
        let word = (JsonToken::Word, b"tru".to_vec());
        assert_eq!(tokens(&[b"tru"]), (vec![word], None));
        for unfinished in [&br#"""#[..], br#""\"#, br#""\""#, br#""a"#] {
            let inside = Some(JsonToken::String);
            assert_eq!(tokens(&[unfinished]), (Vec::new(), inside));
        }
    }

    #[test]
    fn brackets_in_strings_are_not_depth() {
        assert_eq!(json_depth(r#"{"a[\"[": [1, "]"]}"#), 2);
        assert_eq!(json_depth("]]["), 1);
    }

    proptest! {
        #[test]
        fn tokens_are_those_of_serde_json(
            value in value(), cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            let text = serde_json::to_string_pretty(&value).expect("JSON");
            let (found, inside) = tokens(&cut(text.as_bytes(), &cuts));
            prop_assert_eq!(inside, None);
            for (token, text) in &found {
                let read = serde_json::from_slice::<Value>(text).ok();
                prop_assert_eq!(*token == JsonToken::String, matches!(read, Some(Value::String(_))));
                let is_scalar = read.is_some_and(|read| !read.is_string());
                prop_assert_eq!(*token == JsonToken::Word, is_scalar);
                prop_assert!(is_scalar || *token == JsonToken::String || text.len() == 1);
            }
            let compact: Vec<u8> = found.into_iter().flat_map(|(_, text)| text).collect();
            prop_assert_eq!(compact, value.to_string().into_bytes());
            prop_assert_eq!(json_depth(&text), depth(&value));
            if value.is_string() || depth(&value) > 0 {
                let mut lexer = JsonLexer::default();
                let bytes = format!("{text} ]").into_bytes();
                prop_assert!(lexer.skip(&bytes, &mut 0));
                prop_assert_eq!(lexer.offset(), text.len());
            }
        }

        #[test]
        fn pieces_of_any_bytes_have_the_tokens_of_the_whole(
            value in value(), cuts in prop::collection::vec(any::<usize>(), 0..8),
            changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        ) {
            let mut bytes = value.to_string().into_bytes();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let whole = tokens(&[&bytes]);
            prop_assert_eq!(&tokens(&cut(&bytes, &cuts)), &whole);
            if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
                prop_assert_eq!(whole.1, None);
                let compact: Vec<u8> = whole.0.into_iter().flat_map(|(_, text)| text).collect();
                prop_assert_eq!(serde_json::from_slice::<Value>(&compact).expect("JSON"), value);
            }
        }
    }
}
