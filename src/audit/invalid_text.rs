//! Represents SQLite strings that are not valid UTF-8. SQLite does not check the strings that programs write, and its
//! triggers copy them into the audit log.
//!
//! A value becomes `{"$text": hex}`, its bytes in hexadecimal, wherever it is: as a member of an image, as a record id,
//! as a part of a record id. Different bytes become different strings, so they can be compared.

use data_encoding::HEXUPPER;
use serde_json::Value;

use crate::model::{JsonLexer, RecordId};

use super::image::Image;
use super::key::key_text;

/// The text of these bytes; `{"$text": hex}` in place of values that are not UTF-8.
#[must_use]
pub fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.as_bytes();
        readable_json(bytes).unwrap_or_else(|| object(bytes))
    })
}

/// The bytes of a record id that [`readable`] shows as this text; `None` if they are the text itself.
#[must_use]
pub fn unreadable(record_id: &str) -> Option<Vec<u8>> {
    let bytes = |part: &str| {
        let hexadecimal = part.strip_prefix("{\"$text\":\"")?.strip_suffix("\"}")?;
        HEXUPPER.decode(hexadecimal.as_bytes()).ok()
    };
    if let Some(bytes) = bytes(record_id) {
        return Some(bytes);
    }
    let parts: Vec<String> = serde_json::from_str(record_id).ok()?;
    parts.iter().find_map(|part| bytes(part))?;
    let parts = parts.into_iter().map(|part| match bytes(&part) {
        Some(bytes) => quoted(&bytes),
        None => Value::from(part).to_string().into_bytes(),
    });
    let parts: Vec<Vec<u8>> = parts.collect();
    Some([b"[", &parts.join(&b',')[..], b"]"].concat())
}

/// Bytes as a JSON string, as SQLite writes them: only ASCII characters are escaped.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in bytes {
        match byte.is_ascii() {
            true => {
                let quoted = Value::from(char::from(byte).to_string()).to_string();
                out.extend(&quoted.as_bytes()[1..quoted.len() - 1]);
            }
            false => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

fn object(bytes: &[u8]) -> String {
    format!("{{\"$text\":\"{}\"}}", HEXUPPER.encode(bytes))
}

/// The same for JSON objects, and for arrays of strings, whose elements stay strings; `None` for anything else.
fn readable_json(bytes: &[u8]) -> Option<String> {
    let in_array = match bytes.first()? {
        b'[' => true,
        b'{' => false,
        _ => return None,
    };
    let mut out = String::with_capacity(bytes.len());
    let mut lexer = JsonLexer::default();
    loop {
        let before = lexer.offset();
        let token = match (lexer.next_mark(bytes), lexer.inside()) {
            (Some(_), _) => lexer.token(),
            (None, None) => bytes.len()..bytes.len(),
            (None, Some(_)) => return None,
        };
        let between = std::str::from_utf8(&bytes[before..token.start]).ok()?;
        out.push_str(between.is_ascii().then_some(between)?);
        match std::str::from_utf8(&bytes[token.clone()]) {
            Ok(token) => out.push_str(token),
            Err(_) => {
                let inside = token.start + 1..token.end - 1;
                let text = object(&unescaped(&bytes[inside])?);
                match in_array {
                    true => out.push_str(&Value::from(text).to_string()),
                    false => out.push_str(&text),
                }
            }
        }
        if token.is_empty() {
            return Some(out);
        }
    }
}

/// The bytes that the inside of a JSON string encodes.
fn unescaped(inside: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((&first, after)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = after;
            continue;
        }
        // One escape, or the two of a surrogate pair.
        let length = match after.first()? {
            b'u' if rest.get(6..8) == Some(b"\\u") => [12, 6],
            b'u' => [6, 6],
            _ => [2, 2],
        };
        let read = length.into_iter().find_map(|length| {
            let escape = std::str::from_utf8(rest.get(..length)?).ok()?;
            let text: String = serde_json::from_str(&format!("\"{escape}\"")).ok()?;
            Some((length, text))
        });
        let (length, text) = read?;
        bytes.extend(text.as_bytes());
        rest = &rest[length..];
    }
    Some(bytes)
}

/// The record id with BLOBs in hexadecimal, given the images of its entry before and after. Earlier versions wrote the
/// bytes of a BLOB as if they were a string.
#[must_use]
pub fn with_hexadecimal_blobs(record_id: RecordId, images: [Option<&str>; 2]) -> RecordId {
    // The first is of the row that has this record id. After an UPDATE its key may be a BLOB with the same bytes.
    let row = images.into_iter().flatten().next();
    let Some(text) = row.filter(|image| image.contains("{\"$blob\":")) else {
        return record_id;
    };
    let Ok(image) = serde_json::from_str::<Image>(text) else {
        return record_id;
    };
    let is_known = |part: &str| {
        image
            .values()
            .any(|value| key_text(value, str::to_owned) == part)
    };
    let hexadecimal = |part: &str| {
        let bytes = part.strip_prefix("{\"$text\":\"");
        let hexadecimal = match bytes.and_then(|rest| rest.strip_suffix("\"}")) {
            Some(hexadecimal) => hexadecimal.to_owned(),
            None => HEXUPPER.encode(part.as_bytes()),
        };
        let member = format!("{{\"$blob\":\"{hexadecimal}\"}}");
        (!is_known(part) && text.contains(&member)).then_some(hexadecimal)
    };
    if let Some(hexadecimal) = hexadecimal(&record_id) {
        return hexadecimal.into();
    }
    let parts: Vec<String> = serde_json::from_str(&record_id).unwrap_or_default();
    let replaced: Vec<Option<String>> = parts.iter().map(|part| hexadecimal(part)).collect();
    if replaced.iter().all(Option::is_none) {
        return record_id;
    }
    let parts = replaced.into_iter().zip(parts);
    let parts: Vec<String> = parts.map(|(new, old)| new.unwrap_or(old)).collect();
    Value::from(parts).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_not_utf_8_are_shown_by_their_bytes() {
        let readable = |bytes: &[u8]| readable(bytes.to_vec());
        assert_eq!(readable("größe".as_bytes()), "größe");
        assert_eq!(readable(b"a\xffb"), r#"{"$text":"61FF62"}"#);
        assert_eq!(
            readable(b"{\"id\":\"\xff\\u0000\\\"\\ud83d\\ude00\",\"v\":\"\xc3\xb6\"}"),
            r#"{"id":{"$text":"FF0022F09F9880"},"v":"ö"}"#
        );
        assert_eq!(
            readable(b"[\"a\",\"\xff\"]"),
            r#"["a","{\"$text\":\"FF\"}"]"#
        );
        assert_eq!(readable(b"{\"a\xff"), r#"{"$text":"7B2261FF"}"#);
    }

    #[test]
    fn record_ids_are_found_by_how_they_are_shown() {
        for bytes in [
            &b"a\xffb"[..],
            b"[\"a\",\"\xff\\\"\\u0001\",\"\xc3\xb6\"]",
            b"[\"\xfe\"]",
        ] {
            assert_eq!(
                unreadable(&readable(bytes.to_vec())).as_deref(),
                Some(bytes)
            );
        }
        for text in [
            "a",
            "7",
            r#"["a","b"]"#,
            r#"{"$text":"ff"}"#,
            r#"{"$blob":"FF"}"#,
        ] {
            assert_eq!(unreadable(text), None, "{text}");
        }
    }

    #[test]
    fn record_ids_of_blobs_are_hexadecimal() {
        let id = |record_id: &str, image: &str| {
            String::from(with_hexadecimal_blobs(
                record_id.into(),
                [None, Some(image)],
            ))
        };
        let image = r#"{"id":{"$blob":"6162"},"v":1}"#;
        assert_eq!(id("ab", image), "6162");
        assert_eq!(id("6162", image), "6162");
        assert_eq!(id("1", r#"{"id":1,"v":{"$blob":"31"}}"#), "1");
        let image = r#"{"a":"x","b":{"$blob":"00FF"}}"#;
        assert_eq!(
            id(r#"["x","{\"$text\":\"00FF\"}"]"#, image),
            r#"["x","00FF"]"#
        );
        assert_eq!(id(r#"["x","00FF"]"#, image), r#"["x","00FF"]"#);
        assert_eq!(id("x", r#"{"id":"x"}"#), "x");
        let moved = |record_id: &str, old, new| {
            String::from(with_hexadecimal_blobs(
                record_id.into(),
                [Some(old), Some(new)],
            ))
        };
        let (text, blob) = (r#"{"id":"1"}"#, r#"{"id":{"$blob":"31"}}"#);
        assert_eq!(moved("1", text, blob), "1");
        assert_eq!(moved("31", blob, text), "31");
        assert_eq!(moved("1", blob, text), "31", "of an earlier version");
    }
}
