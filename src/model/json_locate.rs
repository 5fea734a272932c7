//! Resolves JSON Pointers to byte ranges, in one pass over text that is known to be valid.
//!
//! Used only when there is something to report, on the bytes of one element; nothing is allocated per value.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::json_lexer::{JsonLexer, JsonToken, unescape_json};

/// The location of a value in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The range of the value.
    pub value: Range<usize>,
    /// The range of its member name, including the quotes, if it is a member of an object.
    pub key: Option<Range<usize>>,
}

/// Returns the location in `json` of the value of each of `pointers` (RFC 6901); `None` if it does not exist.
///
/// `json` must be a text that [`crate::parse::strict::parse`] accepts; otherwise the result is an arbitrary part of it.
#[must_use]
pub fn locate(json: &[u8], pointers: &[&str]) -> Vec<Option<Located>> {
    let mut root = PointerTree::default();
    for (index, pointer) in pointers.iter().enumerate() {
        let mut node = &mut root;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            node = node.below.entry(token).or_default();
        }
        node.here.push(index);
    }
    let lexer = JsonLexer::default();
    let mut scan = Scan { json, lexer };
    let mut found = vec![None; pointers.len()];
    if let Some(first) = scan.next() {
        scan.visit(first, Some(&root), None, &mut found);
    }
    found
}

/// Returns the offset in `json` of the value at `pointer` or, if it does not exist, of the nearest enclosing value.
#[must_use]
pub fn locate_nearest(json: &[u8], pointer: &str) -> usize {
    let mut candidates = vec![pointer];
    while let Some((outer, _)) = candidates.last().and_then(|inner| inner.rsplit_once('/')) {
        candidates.push(outer);
    }
    let nearest = locate(json, &candidates).into_iter().flatten().next();
    nearest.map_or(0, |located| located.value.start)
}

/// The pointers as a tree: which of them end here, and which continue below.
#[derive(Default)]
struct PointerTree {
    here: Vec<usize>,
    below: HashMap<String, PointerTree>,
}

struct Scan<'a> {
    json: &'a [u8],
    lexer: JsonLexer,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<JsonToken> {
        self.lexer.next(self.json).or_else(|| self.lexer.finish())
    }

    /// Moves to the end of the value that begins with `first`.
    fn visit(
        &mut self,
        first: JsonToken,
        wanted: Option<&PointerTree>,
        key: Option<Range<usize>>,
        found: &mut [Option<Located>],
    ) {
        let start = self.lexer.token().start;
        let inner = wanted.filter(|wanted| !wanted.below.is_empty());
        match (first, inner) {
            (JsonToken::Open(b'{'), Some(wanted)) => self.members(wanted, found),
            (JsonToken::Open(_), Some(wanted)) => self.elements(wanted, found),
            (JsonToken::Open(_), None) => {
                self.lexer.skip(self.json, &mut 1);
            }
            _ => {}
        }
        let value = start..self.lexer.offset();
        for &index in wanted.map_or(&[][..], |wanted| &wanted.here[..]) {
            found[index] = Some(Located {
                value: value.clone(),
                key: key.clone(),
            });
        }
    }

    fn members(&mut self, wanted: &PointerTree, found: &mut [Option<Located>]) {
        while let Some(token) = self.next() {
            match token {
                JsonToken::Comma => {}
                JsonToken::String => {
                    let key = self.lexer.token();
                    let colon = self.next();
                    let (Some(JsonToken::Colon), Some(first)) = (colon, self.next()) else {
                        return;
                    };
                    let name = std::str::from_utf8(&self.json[key.clone()]).ok();
                    let name = name.and_then(unescape_json);
                    let below = name.and_then(|name| wanted.below.get(name.as_ref()));
                    self.visit(first, below, Some(key), found);
                }
                _ => return,
            }
        }
    }

    fn elements(&mut self, wanted: &PointerTree, found: &mut [Option<Located>]) {
        let (mut index, mut left) = (0_usize, wanted.below.len());
        let mut token = String::new();
        while let Some(first) = self.next() {
            match first {
                JsonToken::Comma | JsonToken::Colon => continue,
                JsonToken::Close(_) => return,
                JsonToken::Open(_) | JsonToken::String | JsonToken::Word => {}
            }
            token.clear();
            if left > 0 {
                write!(token, "{index}").expect("a String takes any text");
            }
            let below = wanted.below.get(&token).filter(|_| left > 0);
            left -= usize::from(below.is_some());
            self.visit(first, below, None, found);
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_give_the_bytes_of_keys_and_values() {
        let json = r#" {"a": [1, {"b\u002fc": "x\"]"}, [ ]], "": {"~": null}, "n":-1.5e3}"#;
        let text = |range: &Range<usize>| &json[range.clone()];
        let cases = [
            ("/a/0", "1", None),
            ("/a/1/b~1c", r#""x\"]""#, Some(r#""b\u002fc""#)),
            ("/a/2", "[ ]", None),
            ("//~0", "null", Some(r#""~""#)),
            ("/n", "-1.5e3", Some(r#""n""#)),
            ("", json.trim(), None),
        ];
        let pointers: Vec<_> = cases.iter().map(|case| case.0).collect();
        let found = locate(json.as_bytes(), &pointers);
        for ((pointer, value, key), located) in cases.into_iter().zip(found) {
            let located = located.expect(pointer);
            assert_eq!(text(&located.value), value, "{pointer}");
            assert_eq!(located.key.as_ref().map(text), key, "{pointer}");
        }
    }

    #[test]
    fn missing_values_have_no_location() {
        let pointers = ["/a/1", "/a/00", "/b", "/a/0/x", "/a/"];
        let json = br#"{"a": [1]}"#;
        assert_eq!(locate(json, &pointers), [const { None }; 5]);
        let nearest = pointers.map(|pointer| locate_nearest(json, pointer));
        assert_eq!(nearest, [6, 6, 0, 7, 6]);
    }

    #[test]
    fn scanning_broken_text_terminates() {
        for json in [
            "", "{", "[", "\"", "\"\\", "{\"a\"", "{\"a\":", "{\"a", "[{\"a", "[1,", "]", "{]",
        ] {
            for located in locate(json.as_bytes(), &["/a", "/0/a", "/0", ""]) {
                let value = located.map(|located| located.value);
                assert!(
                    value.is_none_or(|value| json.get(value).is_some()),
                    "{json}"
                );
            }
        }
    }
}
