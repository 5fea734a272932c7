//! JSON Pointer (RFC 6901).

use std::fmt;

use serde_json::Value;

/// A parsed JSON Pointer: its unescaped reference tokens. The empty pointer refers to the whole value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer {
    /// Unescaped reference tokens.
    pub tokens: Vec<String>,
}

/// Why a string is not a valid JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// A non-empty pointer does not begin with a slash.
    #[error("a JSON Pointer is empty or begins with `/`, such as `/0/name`")]
    NoSlash,
    /// A tilde is not part of `~0` (tilde) or `~1` (slash).
    #[error("`~` must be followed by `0` or `1` in a JSON Pointer")]
    BadEscape,
}

impl Pointer {
    /// Parses a pointer in the notation of RFC 6901.
    ///
    /// # Errors
    /// When the text does not begin with `/` or contains an invalid `~` escape.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        let tokens = rest.split('/').map(unescape).collect::<Result<_, _>>()?;
        Ok(Self { tokens })
    }

    /// Returns the value that this pointer refers to; array indexes are decimal without leading zeros.
    #[must_use]
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.tokens
            .iter()
            .try_fold(value, |value, token| match value {
                Value::Object(members) => members.get(token),
                Value::Array(items) => items.get(array_index(token)?),
                _ => None,
            })
    }

    /// Escapes `~` and `/` in a reference token.
    #[must_use]
    pub fn escape(token: &str) -> String {
        token.replace('~', "~0").replace('/', "~1")
    }
}

fn unescape(token: &str) -> Result<String, PointerError> {
    let mut rest = token;
    while let Some(at) = rest.find('~') {
        if !matches!(rest.as_bytes().get(at + 1), Some(b'0' | b'1')) {
            return Err(PointerError::BadEscape);
        }
        rest = &rest[at + 2..];
    }
    Ok(token.replace("~1", "/").replace("~0", "~"))
}

fn array_index(token: &str) -> Option<usize> {
    let plain =
        token == "0" || !token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit());
    if plain { token.parse().ok() } else { None }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens
            .iter()
            .try_for_each(|token| write!(out, "/{}", Self::escape(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_rfc_6901_pass() {
        let document = json!({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7});
        for (text, expected) in [
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/m~0n", json!(8)),
            ("/ ", json!(7)),
            ("", document.clone()),
        ] {
            let pointer = Pointer::parse(text).expect(text);
            assert_eq!(pointer.find(&document), Some(&expected), "{text}");
            assert_eq!(pointer.to_string(), text);
        }
        assert_eq!(
            Pointer::parse("/foo/00").expect("valid").find(&document),
            None
        );
    }

    #[test]
    fn malformed_pointers_are_rejected() {
        assert_eq!(Pointer::parse("foo"), Err(PointerError::NoSlash));
        assert_eq!(Pointer::parse("/a~2"), Err(PointerError::BadEscape));
        assert_eq!(Pointer::parse("/a~"), Err(PointerError::BadEscape));
    }
}
