//! Locates a fault after parsing has failed: its exact offset and its JSON Pointer.
//!
//! This is a second, slower pass over the same bytes, so that the first pass need not track pointers. It is not
//! recursive and terminates on any input. Up to the fault it looks for, the bytes are valid JSON.

use std::collections::HashSet;

use crate::model::{JsonLexer, JsonToken, Pointer, unescape_json};

/// The kind of fault to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The second member with the same name.
    Duplicate,
    /// The first U+0000, which JSON can express only as `\u0000`.
    Nul,
    /// The bracket that opens a level beyond this depth.
    Deeper(usize),
    /// The byte at this offset.
    Offset(usize),
}

/// The location of a fault.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FaultLocation {
    /// Byte offset in the text.
    pub(super) offset: usize,
    /// JSON Pointer of the innermost value that has begun there.
    pub(super) pointer: String,
}

enum Frame {
    Array(usize),
    Object(HashSet<String>, Option<String>),
}

/// The open arrays and objects.
#[derive(Default)]
struct Frames(Vec<Frame>);

/// Returns the first place in `json` that matches `target`.
pub(super) fn find(json: &[u8], target: Target) -> Option<FaultLocation> {
    let mut frames = Frames::default();
    let end = match target {
        Target::Offset(offset) => offset.min(json.len()),
        Target::Duplicate | Target::Nul | Target::Deeper(_) => json.len(),
    };
    let mut lexer = JsonLexer::default();
    while let Some(token) = lexer.next_mark(json) {
        let range = lexer.token();
        if range.end > end {
            break;
        }
        match token {
            JsonToken::String => {
                let repeated = frames.name(&json[range.clone()]);
                let nul = nul_escape(&json[range.clone()]);
                match (target, nul) {
                    (Target::Duplicate, _) if repeated => {
                        return Some(frames.location(range.start));
                    }
                    (Target::Nul, Some(ahead)) => {
                        return Some(frames.location(range.start + ahead));
                    }
                    _ => {}
                }
            }
            JsonToken::Open(_) if target == Target::Deeper(frames.0.len()) => {
                return Some(frames.location(range.start));
            }
            JsonToken::Open(b'{') => frames.0.push(Frame::Object(HashSet::new(), None)),
            JsonToken::Open(_) => frames.0.push(Frame::Array(0)),
            JsonToken::Close(_) => {
                frames.0.pop();
            }
            JsonToken::Comma => match frames.0.last_mut() {
                Some(Frame::Array(index)) => *index += 1,
                Some(Frame::Object(_, name)) => *name = None,
                None => {}
            },
            JsonToken::Colon | JsonToken::Word => {}
        }
    }
    matches!(target, Target::Offset(_)).then(|| frames.location(end))
}

impl Frames {
    /// Uses a string as the name of the next member if one is expected; returns whether the object already has it.
    fn name(&mut self, string: &[u8]) -> bool {
        let Some(Frame::Object(known, name @ None)) = self.0.last_mut() else {
            return false;
        };
        let quoted = std::str::from_utf8(string).ok();
        let Some(text) = quoted.and_then(unescape_json) else {
            return false;
        };
        *name = Some(text.clone().into_owned());
        !known.insert(text.into_owned())
    }

    fn location(&self, offset: usize) -> FaultLocation {
        let mut pointer = String::new();
        for frame in &self.0 {
            let token = match frame {
                Frame::Array(index) => index.to_string(),
                Frame::Object(_, Some(name)) => Pointer::escape(name),
                Frame::Object(_, None) => break,
            };
            pointer.push('/');
            pointer.push_str(&token);
        }
        FaultLocation { offset, pointer }
    }
}

/// Returns the position of `\u0000` in a quoted string (but not of `\\u0000`).
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

    fn location(json: &str, target: Target) -> Option<(usize, String)> {
        find(json.as_bytes(), target).map(|fault| (fault.offset, fault.pointer))
    }

    #[test]
    fn every_kind_of_fault_is_located() {
        let json = r#"[{"a":{"b/c":1,"b\u002fc":2}},"\\u0000","x\u0000",[[]]]"#;
        let at = |text: &str| json.find(text).expect("exists");
        let duplicate = Some((at(r#""b\u002f"#), "/0/a/b~1c".to_owned()));
        assert_eq!(location(json, Target::Duplicate), duplicate);
        let nul = Some((at(r#"x\u0000"#) + 1, "/2".to_owned()));
        assert_eq!(location(json, Target::Nul), nul);
        let deep = Some((at("[[]]") + 1, "/3/0".to_owned()));
        assert_eq!(
            location(json, Target::Deeper(2)),
            Some((at(r#"{"b"#), "/0/a".to_owned()))
        );
        assert_eq!(location("[[[]]]", Target::Deeper(3)), None);
        assert_eq!(
            location(
                &json.replace(r#"{"b/c":1,"b\u002fc":2}"#, "1"),
                Target::Deeper(2)
            )
            .map(|found| found.1),
            deep.map(|found| found.1)
        );
        let offset = at(":2");
        assert_eq!(
            location(json, Target::Offset(offset)),
            Some((offset, "/0/a/b~1c".to_owned()))
        );
        assert_eq!(
            location(json, Target::Offset(999)),
            Some((json.len(), String::new()))
        );
        // A name that is cut off is not a name.
        let cut_off = Some((11, "/a".to_owned()));
        assert_eq!(location(r#"{"a":{"abcd"#, Target::Offset(11)), cut_off);
    }
}
