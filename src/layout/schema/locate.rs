//! Where in a JSON text the value of a JSON Pointer stands, so that an error in a schema has a line.

use crate::model::Pointer;

/// The byte offset of the value that `pointer` names in `text`, which is valid JSON; of the nearest enclosing value
/// if there is none.
pub(super) fn offset(text: &str, pointer: &str) -> usize {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    scanner.space();
    let tokens = Pointer::parse(pointer).map(|pointer| pointer.tokens);
    for token in tokens.unwrap_or_default() {
        let before = scanner.at;
        if !scanner.enter(text, &token) {
            return before;
        }
    }
    scanner.at
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    /// Moves from the beginning of a container to the beginning of its member `token`.
    fn enter(&mut self, text: &str, token: &str) -> bool {
        let object = match self.peek() {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => return false,
        };
        self.at += 1;
        for index in 0_usize.. {
            self.space();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                return false;
            }
            let found = if object {
                let start = self.at;
                self.value();
                let name = serde_json::from_str::<String>(&text[start..self.at]);
                self.space();
                self.at += 1; // the colon
                self.space();
                name.is_ok_and(|name| name == token)
            } else {
                index.to_string() == token
            };
            if found {
                return true;
            }
            self.value();
            self.space();
            self.at += usize::from(self.peek() == Some(b','));
        }
        false
    }

    /// Moves past one value.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ if depth == 0 && byte.is_ascii_whitespace() => return,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1 + usize::from(byte == b'\\');
            if byte == b'"' {
                return;
            }
        }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn every_value_of_a_document_is_found_where_it_stands() {
        let text = r#" {"a": [1, {"b\"}": "x]", "c/d": null}, true], "e": {} }"#;
        for (pointer, rest) in [
            ("", r#"{"a""#),
            ("/a", "[1"),
            ("/a/0", "1,"),
            ("/a/1/b\"}", r#""x]""#),
            ("/a/1/c~1d", "null"),
            ("/a/2", "true"),
            ("/e", "{} }"),
            ("/e/missing", "{} }"),
        ] {
            assert!(text[offset(text, pointer)..].starts_with(rest), "{pointer}");
        }
    }
}
