//! Tests of what strict parsing accepts and rejects, and with which messages.

use serde_json::{Value, json};

use super::*;

const DEPTH: usize = Limits::DEEPEST;

fn parsed(text: &str) -> Value {
    parse(text.as_bytes(), DEPTH).expect(text)
}

/// Returns rule, offset and pointer of the error.
fn rejected(text: impl AsRef<[u8]>) -> (Rule, usize, String) {
    let error = parse(text.as_ref(), DEPTH).expect_err("rejected");
    (error.rule, error.offset, error.pointer.unwrap_or_default())
}

#[test]
fn numbers_keep_their_digits() {
    for text in [
        "0",
        "-0",
        "18446744073709551616",
        "-9223372036854775809",
        "0.1000000000000000055511151231257827",
        "1e+999999",
        "-1.50E-7",
    ] {
        let expected = text.replace('E', "e");
        assert_eq!(parsed(text).to_string(), expected);
        assert_eq!(
            parsed(&format!("[{text}]")).to_string(),
            format!("[{expected}]")
        );
    }
}

#[test]
fn a_member_with_the_private_name_of_serde_json_is_an_ordinary_member() {
    for name in [
        "$serde_json::private::Number",
        r"\u0024serde_json::private::Number",
    ] {
        let value = parsed(&format!(r#"{{"{name}": "12"}}"#));
        let object = value.as_object().expect("an object");
        assert_eq!(object.len(), 1);
        assert_eq!(object["$serde_json::private::Number"], json!("12"));
        let value = parsed(&format!(r#"{{"{name}": 1.5, "b": 2.5}}"#));
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(2));
    }
}

#[test]
fn duplicate_members_are_found_at_any_depth() {
    let cases = [
        (r#"{"a":1,"a":2}"#, 7, "/a"),
        (r#"[0,{"x":{"b":{},"\u0062" :2}}]"#, 16, "/1/x/b"),
        (r#"{"":1,"":1}"#, 6, "/"),
        (r#"{"a":{"a":1},"b":[{"a":1}],"b":[]}"#, 27, "/b"),
    ];
    for (text, offset, pointer) in cases {
        let expected = (Rule::DuplicateMember, offset, pointer.to_owned());
        assert_eq!(rejected(text), expected, "{text}");
    }
}

#[test]
fn nul_is_found_in_values_and_names_but_not_after_a_backslash() {
    let nul = |offset, pointer: &str| (Rule::NulInText, offset, pointer.to_owned());
    assert_eq!(rejected(r#"{"a":["b\\\u0000"]}"#), nul(10, "/a/0"));
    assert_eq!(rejected(r#"{"a\u0000":1}"#), nul(3, "/a\0"));
    assert_eq!(parsed(r#"["\\u0000"]"#), json!(["\\u0000"]));
    assert_eq!(rejected(b"[\"\0\"]").0, Rule::InvalidJson);
}

#[test]
fn text_of_any_depth_does_not_overflow_the_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    parsed(&nested(DEPTH));
    parsed(&(r#"{"a":"#.repeat(DEPTH) + "1.5" + &"}".repeat(DEPTH)));
    for depth in [DEPTH + 1, 10_000, 1_000_000] {
        let (rule, offset, pointer) = rejected(nested(depth));
        assert_eq!((rule, offset), (Rule::TooDeep, DEPTH));
        assert_eq!(pointer, "/0".repeat(DEPTH));
        assert_eq!(rejected("[".repeat(depth)).0, Rule::TooDeep);
        assert_eq!(rejected(r#"{"a":"#.repeat(depth)).0, Rule::TooDeep);
    }
    let too_deep = parse(b"[[[{}]]]", 3).map_err(|error| (error.rule, error.offset));
    assert_eq!(too_deep, Err((Rule::TooDeep, 3)));
    assert!(parse(b"1", 0).is_ok() && parse(b"[]", 0).is_err());
}

#[test]
fn the_first_byte_that_is_not_utf8_is_located() {
    let error = parse(b"[\"\xe7\x8c\xab\",\n {\"name\": \"caf\xe9\"}]", DEPTH);
    let error = error.expect_err("rejected");
    assert_eq!((error.rule, error.offset), (Rule::InvalidUtf8, 22));
    assert_eq!(
        error.position,
        Position {
            line: 2,
            column: 15
        }
    );
    assert_eq!(error.pointer.as_deref(), Some("/1/name"));
    for bytes in [
        &b"\"\xc0\xaf\""[..],
        b"\"\xed\xa0\x80\"",
        b"\"\xf5\x80\x80\x80\"",
        b"\"\xe7\x8c",
    ] {
        assert_eq!(rejected(bytes), (Rule::InvalidUtf8, 1, String::new()));
    }
}

#[test]
fn truncated_text_and_unpaired_surrogates_have_clear_messages() {
    let cases = [
        (r#"{"a": "b"#, "incomplete: the JSON ends inside a string"),
        (r#"{"a": 1"#, "incomplete: the JSON ends inside an object"),
        ("[1", "incomplete: the JSON ends inside an array"),
        (
            r#"{"a":"#,
            "incomplete: the JSON ends where a value is expected",
        ),
        (r#"["\ud800"]"#, "unpaired surrogate"),
        (r#"["\ud800\u0041"]"#, "unpaired surrogate"),
        (r#"["\udc00"]"#, "unpaired surrogate"),
    ];
    for (text, expected) in cases {
        let error = parse(text.as_bytes(), DEPTH).expect_err("rejected");
        assert!(error.message.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn syntax_errors_have_exact_positions() {
    let cases = [
        ("", 0, ""),
        ("  ", 2, ""),
        ("[1", 2, "/0"),
        (r#"{"a": "b"#, 8, "/a"),
        (r#"{"a" 1}"#, 5, "/a"),
        (r#"{"a": tru}"#, 9, "/a"),
        (r#"[1, {"a": 01}]"#, 11, "/1/a"),
        ("[1,]", 3, "/1"),
        (r#"{"a":1,}"#, 7, ""),
        ("[1,,2]", 3, "/1"),
        ("[1 2]", 3, "/0"),
        ("{} {}", 3, ""),
        ("{'a':1}", 1, ""),
        ("[NaN]", 1, "/0"),
        ("[1, // x\n2]", 4, "/1"),
        ("[\"a\nb\"]", 3, "/0"),
        (r#"["\ud800"]"#, 8, "/0"),
        (r#"["\udc00"]"#, 7, "/0"),
        (r#"["\x"]"#, 3, "/0"),
        ("\u{feff}1", 0, ""),
        ("[1.]", 3, "/0"),
        ("[-]", 2, "/0"),
        ("nul", 3, ""),
        ("[}", 1, "/0"),
        ("[\u{c}1]", 1, "/0"),
    ];
    for (text, offset, pointer) in cases {
        let expected = (Rule::InvalidJson, offset, pointer.to_owned());
        assert_eq!(rejected(text), expected, "{text:?}");
    }
}

#[test]
fn messages_describe_the_error_without_showing_values() {
    let message = |text: &str| parse(text.as_bytes(), DEPTH).expect_err("rejected").message;
    assert_eq!(message("[1,\n\n  2 3]"), "expected `,` or `]`");
    assert_eq!(
        message("{'secret':1}"),
        "key must be a string: strings and property names must be in double quotes"
    );
    assert_eq!(
        message(r#"["\ud83d secret"]"#),
        "unpaired surrogate: an escape from `\\ud800` to `\\udfff` is only valid as part of a pair"
    );
}
