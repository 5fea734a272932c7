//! JSON pointers to byte ranges, in one pass over a text that has already been parsed.
//!
//! Run only when something is to be reported, on the element's own bytes; nothing is allocated per value.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

/// Where a value stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The bytes of the value.
    pub value: Range<usize>,
    /// The bytes of its member name with the quotes, when it is a member of an object.
    pub key: Option<Range<usize>>,
}

/// For each of `pointers` (RFC 6901) where its value stands in `json`, `None` where it does not exist.
///
/// `json` is a text that [`super::strict::parse`] accepts; in any other the result is an arbitrary part of it.
#[must_use]
pub fn locate(json: &[u8], pointers: &[&str]) -> Vec<Option<Located>> {
    let mut root = Wanted::default();
    for (index, pointer) in pointers.iter().enumerate() {
        let mut node = &mut root;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            node = node.below.entry(token).or_default();
        }
        node.here.push(index);
    }
    let mut scan = Scan { json, at: 0 };
    let mut found = vec![None; pointers.len()];
    scan.space();
    scan.visit(&root, None, &mut found);
    found
}

/// The pointers as a tree: which of them end here, which go on below.
#[derive(Default)]
struct Wanted {
    here: Vec<usize>,
    below: HashMap<String, Wanted>,
}

struct Scan<'a> {
    json: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(ahead) =
            memchr::memchr2(b'"', b'\\', self.json.get(self.at..).unwrap_or(&[]))
        {
            self.at += ahead + 1;
            if self.json[self.at - 1] == b'"' {
                return start..self.at;
            }
            self.at += 1;
        }
        self.at = self.json.len();
        start..self.at
    }

    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => self.literal(),
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn literal(&mut self) {
        self.at += 1;
        while !matches!(
            self.peek(),
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
        ) {
            self.at += 1;
        }
    }

    fn visit(&mut self, wanted: &Wanted, key: Option<Range<usize>>, found: &mut [Option<Located>]) {
        let start = self.at;
        match self.peek() {
            Some(b'{') if !wanted.below.is_empty() => self.members(wanted, found),
            Some(b'[') if !wanted.below.is_empty() => self.elements(wanted, found),
            _ => self.skip(),
        }
        // Behind a text that was cut short there is nothing.
        let value = start..self.at.min(self.json.len());
        if value.is_empty() {
            return;
        }
        for &index in &wanted.here {
            found[index] = Some(Located {
                value: value.clone(),
                key: key.clone(),
            });
        }
    }

    fn members(&mut self, wanted: &Wanted, found: &mut [Option<Located>]) {
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => {}
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                _ => break self.at += 1,
            }
            let key = self.string();
            self.space();
            self.at += 1; // the colon
            self.space();
            let below = member_name(&self.json[key.clone()])
                .and_then(|name| wanted.below.get(name.as_ref()));
            match below {
                Some(below) => self.visit(below, Some(key), found),
                None => self.skip(),
            }
        }
    }

    fn elements(&mut self, wanted: &Wanted, found: &mut [Option<Located>]) {
        self.at += 1;
        let (mut index, mut left) = (0_usize, wanted.below.len());
        let mut token = String::new();
        loop {
            self.space();
            match self.peek() {
                None | Some(b']') => break self.at += 1,
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            token.clear();
            if left > 0 {
                write!(token, "{index}").expect("a String takes any text");
            }
            match wanted.below.get(&token) {
                Some(below) if left > 0 => {
                    left -= 1;
                    self.visit(below, None, found);
                }
                _ => self.skip(),
            }
            index += 1;
        }
    }
}

/// The text of a member name, given with its quotes.
pub(super) fn member_name(quoted: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let raw = quoted.get(1..quoted.len().saturating_sub(1))?;
    if memchr::memchr(b'\\', raw).is_none() {
        std::str::from_utf8(raw).ok().map(Into::into)
    } else {
        serde_json::from_slice::<String>(quoted)
            .ok()
            .map(Into::into)
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
    fn what_does_not_exist_is_none() {
        let pointers = ["/a/1", "/a/00", "/b", "/a/0/x", "/a/"];
        assert_eq!(locate(br#"{"a": [1]}"#, &pointers), [const { None }; 5]);
    }

    #[test]
    fn broken_text_ends() {
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
