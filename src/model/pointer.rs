//! JSON Pointer (RFC 6901).

use std::fmt;

use serde_json::Value;

/// A parsed JSON Pointer: its reference tokens, unescaped. The empty pointer is the whole value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer {
    /// Unescaped reference tokens.
    pub tokens: Vec<String>,
}

/// Why a text is not a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// A non-empty pointer must begin with a slash.
    #[error("a JSON Pointer is empty or begins with `/`")]
    NoSlash,
    /// A tilde stands only in `~0` (tilde) and `~1` (slash).
    #[error("`~` must be followed by `0` or `1` in a JSON Pointer")]
    BadEscape,
}

impl Pointer {
    /// Parses RFC 6901 text.
    ///
    /// # Errors
    /// When the text does not begin with `/` or has a `~` that escapes nothing.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        let tokens = rest.split('/').map(unescape).collect::<Result<_, _>>()?;
        Ok(Self { tokens })
    }

    /// The value this pointer names inside `value`; array indexes are decimal without leading zeros.
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

    /// `token` as it is written inside a pointer, with `~` and `/` escaped.
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
    fn the_examples_of_rfc_6901_hold() {
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
    fn malformed_pointers_are_refused() {
        assert_eq!(Pointer::parse("foo"), Err(PointerError::NoSlash));
        assert_eq!(Pointer::parse("/a~2"), Err(PointerError::BadEscape));
        assert_eq!(Pointer::parse("/a~"), Err(PointerError::BadEscape));
    }
}
