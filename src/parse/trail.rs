//! Finds out, after parsing has failed, where exactly and on what JSON Pointer.
//!
//! A second, slower reading of the same bytes, so that the first carries no pointers. It never recurses and it ends on
//! any input; up to the place it looks for, the bytes are JSON.

use std::collections::HashSet;
use std::ops::Range;

use crate::model::Pointer;

use super::locate::member_name;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sought {
    /// The second member of one name.
    Duplicate,
    /// The first U+0000, which JSON can only write as `\u0000`.
    Nul,
    /// The bracket that opens one level more than this.
    Deeper(usize),
    /// What stands at this byte.
    Offset(usize),
}

/// Where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trail {
    /// Byte in the text.
    pub(super) offset: usize,
    /// JSON Pointer of the innermost value begun there.
    pub(super) pointer: String,
}

enum Frame {
    Array(usize),
    Object(HashSet<String>, Option<String>),
}

struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
}

/// The first place in `json` that is what was `sought`.
pub(super) fn find(json: &[u8], sought: Sought) -> Option<Trail> {
    let frames = Vec::new();
    let mut walk = Walk {
        json,
        at: 0,
        frames,
    };
    let end = match sought {
        Sought::Offset(offset) => offset.min(json.len()),
        Sought::Duplicate | Sought::Nul | Sought::Deeper(_) => json.len(),
    };
    while walk.at < end {
        let start = walk.at;
        match json[start] {
            b'"' => {
                let string = walk.string();
                if sought == Sought::Offset(end) && string.end > end {
                    break;
                }
                let repeated = walk.name(&string);
                let nul = nul_escape(&json[string]);
                match (sought, nul) {
                    (Sought::Duplicate, _) if repeated => return Some(walk.trail(start)),
                    (Sought::Nul, Some(ahead)) => return Some(walk.trail(start + ahead)),
                    _ => {}
                }
                continue;
            }
            b'{' | b'[' if sought == Sought::Deeper(walk.frames.len()) => {
                return Some(walk.trail(start));
            }
            b'{' => walk.frames.push(Frame::Object(HashSet::new(), None)),
            b'[' => walk.frames.push(Frame::Array(0)),
            b'}' | b']' => {
                walk.frames.pop();
            }
            b',' => match walk.frames.last_mut() {
                Some(Frame::Array(index)) => *index += 1,
                Some(Frame::Object(_, name)) => *name = None,
                None => {}
            },
            _ => {}
        }
        walk.at += 1;
    }
    matches!(sought, Sought::Offset(_)).then(|| walk.trail(end))
}

impl Walk<'_> {
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.json.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at += 1;
                    return start..self.at;
                }
                _ => 1,
            };
        }
        self.at = self.json.len();
        start..self.at
    }

    /// Takes a string as the name of the next member, if one is due; tells whether the object has it already.
    fn name(&mut self, string: &Range<usize>) -> bool {
        let Some(Frame::Object(known, name @ None)) = self.frames.last_mut() else {
            return false;
        };
        let Some(text) = member_name(&self.json[string.clone()]) else {
            return false;
        };
        *name = Some(text.clone().into_owned());
        !known.insert(text.into_owned())
    }

    fn trail(&self, offset: usize) -> Trail {
        let mut pointer = String::new();
        for frame in &self.frames {
            let token = match frame {
                Frame::Array(index) => index.to_string(),
                Frame::Object(_, Some(name)) => Pointer::escape(name),
                Frame::Object(_, None) => break,
            };
            pointer.push('/');
            pointer.push_str(&token);
        }
        Trail { offset, pointer }
    }
}

/// Where in a quoted string `\u0000` is written (and not `\\u0000`).
fn nul_escape(string: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(ahead) = memchr::memchr(b'\\', string.get(at..)?) {
        at += ahead;
        if string[at..].starts_with(br"\u0000") {
            return Some(at);
        }
        at += 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(json: &str, sought: Sought) -> Option<(usize, String)> {
        find(json.as_bytes(), sought).map(|trail| (trail.offset, trail.pointer))
    }

    #[test]
    fn each_kind_of_place_is_found() {
        let json = r#"[{"a":{"b/c":1,"b\u002fc":2}},"\\u0000","x\u0000",[[]]]"#;
        let at = |text: &str| json.find(text).expect("stands there");
        let duplicate = Some((at(r#""b\u002f"#), "/0/a/b~1c".to_owned()));
        assert_eq!(trail(json, Sought::Duplicate), duplicate);
        let nul = Some((at(r#"x\u0000"#) + 1, "/2".to_owned()));
        assert_eq!(trail(json, Sought::Nul), nul);
        let deep = Some((at("[[]]") + 1, "/3/0".to_owned()));
        assert_eq!(
            trail(json, Sought::Deeper(2)),
            Some((at(r#"{"b"#), "/0/a".to_owned()))
        );
        assert_eq!(trail("[[[]]]", Sought::Deeper(3)), None);
        assert_eq!(
            trail(
                &json.replace(r#"{"b/c":1,"b\u002fc":2}"#, "1"),
                Sought::Deeper(2)
            )
            .map(|found| found.1),
            deep.map(|found| found.1)
        );
        let offset = at(":2");
        assert_eq!(
            trail(json, Sought::Offset(offset)),
            Some((offset, "/0/a/b~1c".to_owned()))
        );
        assert_eq!(
            trail(json, Sought::Offset(999)),
            Some((json.len(), String::new()))
        );
    }
}
