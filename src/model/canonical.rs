//! The canonical form of JSON text: equal values have equal forms, no matter how they were written.
//!
//! Follows RFC 8785 with two differences: members are sorted by their UTF-8 bytes, and numbers keep every digit as
//! `coefficient` `e` `exponent` without trailing zeros, because converting them to binary64 would lose some. Databases
//! that reformat JSON (JSONB, MySQL) therefore give the same digest as the text that was sent.

use std::borrow::Cow;

use super::Hasher;
use super::canonical_output::{Hashed, Length, Output};
use super::json_lexer::{JsonLexer, JsonToken, unescape_json};
use serde::de::IgnoredAny;

/// From this length on, a canonical form is hashed while it is written instead of being held as a second copy.
const LONG: usize = 1 << 20;

/// Returns the canonical form of `text`, or `text` unchanged if it is not valid JSON.
///
/// Works on the text directly: a tree of values would take many times as much memory.
#[must_use]
pub fn canonical_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    match write_canonical(text, &mut out) {
        Some(()) => out,
        None => text.to_owned(),
    }
}

/// Adds the canonical form of `text` to `hasher`, preceded by its length.
pub(super) fn hash_canonical_json(text: &str, hasher: &mut Hasher) {
    if text.len() < LONG {
        hasher.bytes(canonical_json(text).as_bytes());
        return;
    }
    let mut length = Length(0);
    if write_canonical(text, &mut length).is_none() {
        hasher.bytes(text.as_bytes());
        return;
    }
    hasher.fixed(&(length.0 as u64).to_le_bytes());
    let mut hashed = Hashed::new(hasher);
    write_canonical(text, &mut hashed).expect("the text was read before");
    hashed.flush();
}

/// Whether two JSON texts have the same canonical form.
#[must_use]
pub fn same_json(a: &str, b: &str) -> bool {
    if a.len().max(b.len()) < LONG {
        return a == b || canonical_json(a) == canonical_json(b);
    }
    let hash = |text| {
        let mut hasher = Hasher::new();
        hash_canonical_json(text, &mut hasher);
        hasher.sha256()
    };
    a == b || hash(a) == hash(b)
}

/// Writes the canonical form of `text`; `None` if it is not JSON, and what was written then means nothing.
fn write_canonical(text: &str, out: &mut impl Output) -> Option<()> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let lexer = JsonLexer::default();
    let mut reader = Reader { text, lexer };
    let (first, text) = reader.next()?;
    reader.write_value(first, text, DEEPEST, out)
}

/// The nesting limit of serde_json.
const DEEPEST: usize = 127;

/// Reads text that is valid JSON, except that it may contain unpaired surrogate escapes.
#[derive(Clone, Copy)]
struct Reader<'t> {
    text: &'t str,
    lexer: JsonLexer,
}

impl<'t> Reader<'t> {
    /// Skips the separators of members and items and returns the next token with its text.
    fn next(&mut self) -> Option<(JsonToken, &'t str)> {
        loop {
            let token = self.lexer.next(self.text.as_bytes());
            match token.or_else(|| self.lexer.finish())? {
                JsonToken::Comma | JsonToken::Colon => {}
                token => return Some((token, self.text.get(self.lexer.token())?)),
            }
        }
    }

    /// Writes the value that begins with this token. Returns `None` if serde_json would reject the text; at most
    /// `depth` more levels are allowed.
    fn write_value(
        &mut self,
        first: JsonToken,
        text: &str,
        depth: usize,
        out: &mut impl Output,
    ) -> Option<()> {
        match first {
            JsonToken::String => write_string(text, out)?,
            JsonToken::Open(b'[') => self.write_items(depth.checked_sub(1)?, out)?,
            JsonToken::Open(_) => self.write_members(depth.checked_sub(1)?, out)?,
            _ if text.starts_with(['t', 'f', 'n']) => out.push_str(text),
            _ => write_number(text, out),
        }
        Some(())
    }

    fn write_items(&mut self, depth: usize, out: &mut impl Output) -> Option<()> {
        out.push_str("[");
        let mut separator = "";
        loop {
            let (item, text) = self.next()?;
            if matches!(item, JsonToken::Close(_)) {
                out.push_str("]");
                return Some(());
            }
            out.push_str(separator);
            separator = ",";
            self.write_value(item, text, depth, out)?;
        }
    }

    fn write_members(&mut self, depth: usize, out: &mut impl Output) -> Option<()> {
        let mut members = Vec::new();
        loop {
            let (token, name) = self.next()?;
            if matches!(token, JsonToken::Close(_)) {
                break;
            }
            members.push((unescape_json(name)?, self.lexer.offset()));
            if let (JsonToken::Open(_), _) = self.next()? {
                self.lexer.skip(self.text.as_bytes(), &mut 1);
            }
        }
        // The last of several members with the same name wins, as in serde_json.
        members.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        members.dedup_by(|later, earlier| later.0 == earlier.0);
        out.push_str("{");
        let mut separator = "";
        for (name, end) in members {
            out.push_str(separator);
            separator = ",";
            write_text(&name, out);
            out.push_str(":");
            let lexer = JsonLexer::at(end);
            let mut member = Self { lexer, ..*self };
            let (value, text) = member.next()?;
            member.write_value(value, text, depth, out)?;
        }
        out.push_str("}");
        Some(())
    }
}

fn write_string(quoted: &str, out: &mut impl Output) -> Option<()> {
    match unescape_json(quoted)? {
        // A string without escapes is copied as it is.
        Cow::Borrowed(_) => out.push_str(quoted),
        Cow::Owned(text) => write_text(&text, out),
    }
    Some(())
}

fn write_text(text: &str, out: &mut impl Output) {
    let needs_escape = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    if text.as_bytes().iter().any(needs_escape) {
        let text = serde_json::to_string(text).expect("a string is JSON");
        out.push_str(&text);
    } else {
        out.push_str("\"");
        out.push_str(text);
        out.push_str("\"");
    }
}

/// Writes a JSON number as `[-]digits[e±n]`: no leading or trailing zeros in `digits`, zero as `0`.
fn write_number(text: &str, out: &mut impl Output) {
    let (negative, unsigned) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        out.push_str("0");
        return;
    }
    // No database stores an exponent beyond 64 bits: keep the text, so that it differs from all other numbers.
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i64>() else {
        out.push_str(text);
        return;
    };
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let shift = i64::try_from(trailing).unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0);
    if negative {
        out.push_str("-");
    }
    out.push_str(significant);
    let exponent = exponent.saturating_add(shift);
    if exponent != 0 {
        out.push_str("e");
        out.push_str(&exponent.to_string());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{Hasher, LONG, canonical_json, hash_canonical_json, same_json};

    #[test]
    fn equal_numbers_have_one_form() {
        for text in ["100", "1e2", "1E+2", "100.0", "1.00e2", "0.1e3"] {
            assert_eq!(canonical_json(text), "1e2", "{text}");
        }
        for text in ["0", "-0", "0.0", "0e7"] {
            assert_eq!(canonical_json(text), "0", "{text}");
        }
        assert_eq!(canonical_json("-0.5"), "-5e-1");
    }

    #[test]
    fn digits_beyond_binary64_are_kept() {
        assert_ne!(
            canonical_json("0.1000000000000000055"),
            canonical_json("0.1")
        );
        assert_ne!(
            canonical_json("9007199254740993"),
            canonical_json("9007199254740992")
        );
    }

    #[test]
    fn members_are_sorted_and_white_space_is_removed() {
        assert_eq!(
            canonical_json(r#" { "b" : [1, "x\u0041"], "a": null }"#),
            r#"{"a":null,"b":[1,"xA"]}"#
        );
    }

    /// Computes the canonical form from a tree of values.
    fn by_tree(text: &str) -> String {
        fn write(value: &Value, out: &mut String) {
            match value {
                Value::Number(number) => super::write_number(&number.to_string(), out),
                Value::Array(items) => {
                    out.push('[');
                    for (at, item) in items.iter().enumerate() {
                        out.push_str(if at > 0 { "," } else { "" });
                        write(item, out);
                    }
                    out.push(']');
                }
                Value::Object(members) => {
                    let mut sorted: Vec<_> = members.iter().collect();
                    sorted.sort_unstable_by(|a, b| a.0.cmp(b.0));
                    out.push('{');
                    for (at, (name, member)) in sorted.into_iter().enumerate() {
                        out.push_str(if at > 0 { "," } else { "" });
                        out.push_str(&Value::from(name.as_str()).to_string());
                        out.push(':');
                        write(member, out);
                    }
                    out.push('}');
                }
                Value::Null | Value::Bool(_) | Value::String(_) => {
                    out.push_str(&value.to_string());
                }
            }
        }
        match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                let mut out = String::new();
                write(&value, &mut out);
                out
            }
            Err(_) => text.to_owned(),
        }
    }

    #[test]
    fn canonical_form_equals_the_form_computed_from_a_tree() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for text in [
            r#" {"b":1,"a":{"z":[],"y":{}},"b":[2,{"c":null}],"\u0061":"again"} "#,
            r#"["\ud800"]"#,
            r#"["\ud83d\ude00","\/","\u007f","\u0000\n","\\","\""]"#,
            r#"{"\ud800":1}"#,
            r#"[1E5,1e+99999999999999999999,-0,-0.0,1.50,0.1e-7,100]"#,
            "",
            "{",
            "[1,]",
            "nul",
            "{\"a\" 1}",
            &deep(127),
            &deep(128),
            &deep(100_000),
        ] {
            let short: String = text.chars().take(80).collect();
            assert_eq!(canonical_json(text), by_tree(text), "{short}");
        }
    }

    #[test]
    fn a_long_text_is_hashed_like_its_canonical_form() {
        let long = "x\\n".repeat(LONG / 2);
        let names: Vec<_> = (0..LONG / 16)
            .map(|n| format!("\"member{n}\": {n}0"))
            .collect();
        let object = format!("{{{}}}", names.join(", "));
        for text in [
            format!("{{\"b\": 1.0, \"a\": \"{long}\"}}"),
            format!("[{object}, \"{}\"]", "y".repeat(LONG)),
            object,
            format!("[\"\\ud800\", \"{long}\"]"),
            long,
        ] {
            let (mut streamed, mut whole) = (Hasher::new(), Hasher::new());
            hash_canonical_json(&text, &mut streamed);
            whole.bytes(canonical_json(&text).as_bytes());
            assert_eq!(streamed.sha256(), whole.sha256());
            assert!(same_json(&text, &canonical_json(&text)));
            assert!(!same_json(&text, &text.replacen('1', "2", 1)) || !text.contains('1'));
        }
    }

    proptest! {
        #[test]
        fn canonical_form_of_any_text_equals_the_form_computed_from_a_tree(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", " ", "\"a\"", "\"b\"", "\"\\u0061\"", "1", "-0.50", "2E3", "true",
                    "null", "\"\\ud83d\"", "\"é\"",
                ]),
                0..12,
            )
        ) {
            let text = pieces.concat();
            prop_assert_eq!(canonical_json(&text), by_tree(&text));
            let object = format!("{{\"a\":[{0}],\"b\":{{\"a\":1}},\"a\":{0}}}", pieces.first().unwrap_or(&"1"));
            prop_assert_eq!(canonical_json(&object), by_tree(&object));
        }
    }
}
