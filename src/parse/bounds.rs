//! Whether an element that is no JSON still ends where its writer meant it to end.
//!
//! Elements of an array are cut out by their quotes and brackets. A comma too many leaves those alone; a quote or a
//! bracket that is missing does not, and then an element ends somewhere in the next ones. This tells the two apart by
//! what follows from a fault in quotes or brackets: from a quote that is missing on, texts and what stands between
//! them change places, so that names and words stand where only numbers, literals and punctuation may; and a
//! bracket that is missing is closed by one of the other kind, or by none. It is no parser: what it
//! refuses may be whole, and two faults that make up for one another go unnoticed, within the one element that holds
//! both.

/// Words that stand outside of texts; the last are none of JSON's, but programs write them for numbers.
const WORDS: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];

/// Whether quotes and brackets of the element can be believed. All JSON can.
pub(super) fn hold(element: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(&byte) = element.get(at) {
        at += 1;
        let closes = match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => continue,
            b'{' => {
                open.push(b'}');
                continue;
            }
            b'[' => {
                open.push(b']');
                continue;
            }
            b'}' | b']' => open.pop() == Some(byte),
            b'"' => match text(&element[at..]) {
                Some(length) => {
                    at += length;
                    true
                }
                None => false,
            },
            _ => {
                let length = word(&element[at - 1..]);
                let word = &element[at - 1..at - 1 + length];
                at += length - 1;
                is_number(word) || WORDS.contains(&word.strip_prefix(b"-").unwrap_or(word))
            }
        };
        if !closes {
            return false;
        }
    }
    open.is_empty()
}

/// The length of a text and its closing quote, behind the opening one. One that runs over the end of a line has most
/// likely lost its own quote.
fn text(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..])?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' if bytes.get(at + 1) != Some(&b'\n') => at += 2,
            _ => return None,
        }
        if at > bytes.len() {
            return None;
        }
    }
}

/// The length of what stands up to the next mark or space; at least 1.
fn word(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' | b'{' | b'[' | b'}' | b']' | b'"'
        )
    };
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

/// Numbers, and what is meant as one: `+1`, `.5`, `007`.
fn is_number(word: &[u8]) -> bool {
    let part =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    word.iter().any(u8::is_ascii_digit) && word.iter().all(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::hold;

    #[test]
    fn faults_between_values_leave_quotes_and_brackets_alone() {
        for element in [
            r#"{"id":"m10",}"#,
            r#"{"id" 7 "b":[1 2,,]}"#,
            r#"{"path":"C:\work","n":-Infinity,"m":NaN}"#,
            r#"{"n":007,"m":+.5}"#,
            "{\"a\":\"tab\there\"\n}",
        ] {
            assert!(hold(element.as_bytes()), "{element}");
        }
    }

    #[test]
    fn a_quote_or_bracket_that_is_missing_is_noticed() {
        for element in [
            r#"{"a":"x}, {"b":"y"}"#,
            r#"{"a:"x"}, {"b":"y"}"#,
            r#"{a":"x"}"#,
            "{\"a\":\"x}, \n{\"1\"}",
            "[\"1\",\"2,\n\"3\"]",
            r#"{"a":[1,2},{"b":[1]}"#,
            r#"{"a":{"b":1]"#,
            r#"{"a":'it]s'}"#,
            r#"{"a":1 /* } */}"#,
            r#"{"a":"x\"}"#,
            r#"{"a":"x\"#,
            r#"{"a""#,
            "-",
            "\u{feff}1",
        ] {
            assert!(!hold(element.as_bytes()), "{element}");
        }
    }

    proptest! {
        #[test]
        fn all_json_holds(text in ".*", number in any::<f64>(), flag in any::<Option<bool>>()) {
            let value = json!({&text: [number, flag, {"inner": text}, text], "b": {}});
            prop_assert!(hold(value.to_string().as_bytes()));
            let pretty = serde_json::to_string_pretty(&value).expect("JSON");
            prop_assert!(hold(pretty.as_bytes()));
        }
    }
}
