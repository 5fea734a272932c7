//! Tests that reading in chunks of any size gives the same result as reading the whole.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::locate;

/// The result of reading a file: values with line and column, and the finding that ended it.
type Outcome = (Vec<(Value, u64, u64)>, Option<Finding>);

fn read(bytes: &[u8], framing: Framing, sizes: (usize, usize)) -> Outcome {
    let limits = Limits::default();
    let mut values = Vec::new();
    for chunk in Chunks::new(bytes, "f.json", framing, limits).with_sizes(sizes.0, sizes.1) {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(finding) => return (values, Some(*finding)),
        };
        let from = usize::try_from(chunk.offset).expect("small");
        assert_eq!(bytes[from..][..chunk.bytes.len()], chunk.bytes);
        assert!(!chunk.elements.is_empty());
        for element in 0..chunk.elements.len() {
            assert_eq!(chunk.index(element), values.len());
            match chunk.parse(element, limits) {
                Ok(value) => {
                    let start = chunk.start(element);
                    values.push((value, start.line, start.column));
                }
                Err(error) => {
                    let finding = chunk.syntax_finding("f.json", element, &error);
                    return (values, Some(finding));
                }
            }
        }
    }
    (values, None)
}

/// Returns rule, line, column and pointer of the fault in these bytes, which must not depend on the sizes.
fn fault(bytes: impl AsRef<[u8]>) -> (Rule, u64, u64, String) {
    let bytes = bytes.as_ref();
    let of = |sizes| {
        let finding = read(bytes, Framing::Array, sizes).1.expect("a finding");
        let place = finding.place.expect("placed");
        (
            finding.rule,
            place.line.unwrap_or_default(),
            place.column.unwrap_or_default(),
            place.pointer.unwrap_or_default(),
        )
    };
    let large = of((1 << 19, 1 << 18));
    for sizes in [(1, 1), (1, 3), (7, 2), (20, 5)] {
        assert_eq!(of(sizes), large, "{sizes:?}");
    }
    large
}

#[test]
fn faults_between_elements_have_exact_positions() {
    let cases = [
        ("", 1, 1, ""),
        (" \r\n ", 2, 2, ""),
        ("[", 1, 2, ""),
        ("[1", 1, 3, "/0"),
        ("[1,", 1, 4, ""),
        ("[1,,2]", 1, 4, ""),
        ("[,1]", 1, 2, ""),
        ("[1 2]", 1, 4, ""),
        ("[1,]", 1, 4, ""),
        ("[\"猫\",\r\n \"犬\" x]", 2, 6, ""),
        ("[1] 2", 1, 5, ""),
        ("[1]]", 1, 4, ""),
        ("[1}", 1, 3, ""),
        ("[{\"a\":\"b", 1, 9, "/0"),
        ("[1,\n{\"a\":", 2, 6, "/1"),
        ("[1,\n \"a\\", 2, 5, "/1"),
        ("[1:2]", 1, 3, "/0"),
        ("[{\"a\":[}]}]", 1, 8, "/0/a/0"),
        ("[{\"a\":1},\n{\"b\" 2}]", 2, 6, "/1/b"),
        ("[tru]", 1, 5, "/0"),
        ("[1\u{c},2]", 1, 3, "/0"),
        ("[1]\u{c}", 1, 4, ""),
        ("{\"a\":1}\u{c}", 1, 8, ""),
    ];
    for (text, line, column, pointer) in cases {
        let expected = (Rule::InvalidJson, line, column, pointer.to_owned());
        assert_eq!(fault(text), expected, "{text:?}");
    }
}

#[test]
fn faults_inside_elements_have_the_position_in_the_file() {
    let bad = fault(b"[1,\r\n{\"n\":\"\xe7\x8c\xab\xe9\"}]");
    assert_eq!(bad, (Rule::InvalidUtf8, 2, 8, "/1/n".to_owned()));
    let twice = fault("[{},\n {\"a\":1, \"a\":2}]");
    assert_eq!(twice, (Rule::DuplicateMember, 2, 10, "/1/a".to_owned()));
    let nul = fault(r#"["猫\u0000"]"#);
    assert_eq!(nul, (Rule::NulInText, 1, 4, "/0".to_owned()));
    let deep = "[".repeat(10_000);
    assert_eq!(fault(&deep).0, Rule::InvalidJson);
    let deep = fault(deep + &"]".repeat(10_000));
    assert_eq!((deep.0, deep.1, deep.2), (Rule::TooDeep, 1, 128));
}

#[test]
fn other_encodings_are_rejected_and_a_utf8_byte_order_mark_is_a_notice() {
    for bytes in [
        &b"\xff\xfe[\0]\0"[..],
        b"\xfe\xff\0[\0]",
        b"[\0]\0",
        b"\0[\0]",
        b"\0\0\xfe\xff\0\0\0[",
    ] {
        assert_eq!(fault(bytes), (Rule::InvalidUtf8, 1, 1, String::new()));
    }
    assert_eq!(fault([0; 64]).0, Rule::InvalidJson);
    for sizes in [(1, 1), (1 << 19, 1 << 18)] {
        for framing in [Framing::Array, Framing::Document] {
            let bytes = &b"\xef\xbb\xbf[7]"[..];
            let limits = Limits::default();
            let mut chunks = Chunks::new(bytes, "f", framing, limits).with_sizes(sizes.0, sizes.1);
            let chunk = chunks.next().expect("one").expect("readable");
            assert_eq!((chunk.offset, chunk.line), (chunk.offset.max(3), 1));
            assert_eq!(
                chunk.start(0).column,
                if framing == Framing::Array { 2 } else { 1 }
            );
            assert!(chunks.next().is_none());
            let rules: Vec<_> = chunks.notices().iter().map(|notice| notice.rule).collect();
            assert_eq!(rules, [Rule::ByteOrderMark]);
        }
    }
}

#[test]
fn a_document_that_is_not_an_array_is_one_element() {
    for (bytes, framing) in [
        (&b" {\"a\": [1]}\n"[..], Framing::Array),
        (b" {\"a\": [1]}\n", Framing::Document),
        (b" [[1], 2]\n", Framing::Document),
    ] {
        let mut chunks = Chunks::new(bytes, "f", framing, Limits::default()).with_sizes(1, 1);
        let chunk = chunks.next().expect("one").expect("readable");
        assert_eq!(chunk.shape, Shape::Whole);
        assert_eq!(chunk.pointer(0), "");
        assert_eq!(chunk.element(0), bytes.trim_ascii());
        assert_eq!((chunk.start(0).column, chunk.index(0)), (2, 0));
        assert!(chunks.next().is_none());
    }
}

#[test]
fn empty_arrays_and_empty_line_files_have_no_elements() {
    assert_eq!(read(b" [ \n ] ", Framing::Array, (1, 1)), (vec![], None));
    assert_eq!(read(b"", Framing::Lines, (1, 1)), (vec![], None));
    assert_eq!(read(b"\n \r\n", Framing::Lines, (1, 1)), (vec![], None));
}

#[test]
fn lines_are_elements_and_blank_lines_are_skipped() {
    let text = b"{\"a\":1}\r\n\n  [2] \n\"\\n\"";
    for sizes in [(1, 1), (3, 4), (1 << 19, 1 << 18)] {
        let (values, fault) = read(text, Framing::Lines, sizes);
        assert_eq!(fault, None);
        let texts: Vec<_> = values
            .iter()
            .map(|(value, line, column)| format!("{line}:{column} {value}"))
            .collect();
        assert_eq!(texts, ["1:1 {\"a\":1}", "3:3 [2]", "4:1 \"\\n\""]);
        let (values, fault) = read(b"1\n{\"a\":\n2}\n", Framing::Lines, sizes);
        assert_eq!(values.len(), 1);
        let place = fault.and_then(|fault| fault.place).expect("placed");
        assert_eq!(
            (place.line, place.column, place.pointer.as_deref()),
            (Some(2), Some(6), Some("/1/a"))
        );
    }
}

#[test]
fn a_record_over_the_limit_is_skipped_and_the_rest_is_read() {
    let limits = Limits::default().with_max_record(10);
    let long = "x".repeat(100_000);
    let spaced = format!("\"{long}\"{}", " ".repeat(1000));
    let cases = [
        (format!("[1, \"{long}\", 3]"), Framing::Array),
        (
            format!("[1, {{\"a\": [\"{long}\\\\\"]}} , 3]"),
            Framing::Array,
        ),
        (format!("[1, {}, 3]", "7".repeat(100_000)), Framing::Array),
        (format!("[1,[{}],3]", "1,".repeat(50_000)), Framing::Array),
        (format!("1\n{{\"a\":\"{long}\"}}\n3"), Framing::Lines),
        (format!("1\n\"{long}\r\n\n3\n"), Framing::Lines),
        (format!("1\n{spaced}\n3\n"), Framing::Lines),
    ];
    for (text, framing) in cases {
        for sizes in [(1, 1), (8, 4), (40, 7), (1 << 19, 1 << 18)] {
            let beginning: String = text.chars().take(20).collect();
            let mut chunks =
                Chunks::new(text.as_bytes(), "f", framing, limits).with_sizes(sizes.0, sizes.1);
            let (mut values, mut found) = (Vec::new(), Vec::new());
            while let Some(chunk) = chunks.next() {
                let chunk = chunk.expect("readable");
                assert!(chunks.window.bytes.len() < 100 + sizes.0 + 2 * sizes.1);
                for at in 0..chunk.elements.len() {
                    match chunk.parse(at, limits) {
                        Ok(value) => values.push((chunk.index(at), value)),
                        Err(error) => {
                            let place = chunk.syntax_finding("f", at, &error).place;
                            found.push((error.rule, place.and_then(|place| place.pointer)));
                            assert!(chunk.is_cut_off() || sizes.1 > 10, "{beginning}");
                            let lines = framing == Framing::Lines;
                            assert!(lines || chunk.ends_as_intended(at), "{beginning}");
                        }
                    }
                }
            }
            assert_eq!(
                found,
                [(Rule::TooLarge, Some("/1".to_owned()))],
                "{beginning}"
            );
            let expected = [(0, serde_json::json!(1)), (2, serde_json::json!(3))];
            assert_eq!(values, expected, "{beginning} {sizes:?}");
        }
    }
}

#[test]
fn a_record_over_the_limit_without_an_end_ends_the_file() {
    let limits = Limits::default().with_max_record(10);
    let text = format!("[1, \"{}, 3]", "x".repeat(1000));
    let chunks = Chunks::new(text.as_bytes(), "f", Framing::Array, limits).with_sizes(8, 4);
    let found: Vec<_> = chunks.filter_map(Result::err).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, Rule::TooLarge);
    // Closed by quotes and brackets of later elements: what follows cannot be trusted.
    let text = format!("[1, {{\"a: \"{}\"}}, {{\"b\": 2}}]", "x".repeat(1000));
    let chunks = Chunks::new(text.as_bytes(), "f", Framing::Array, limits).with_sizes(8, 4);
    let long = chunks.filter_map(Result::ok).find(Chunk::is_cut_off);
    assert!(long.is_none_or(|chunk| !chunk.ends_as_intended(0)));
}

#[test]
fn a_document_over_the_limit_is_rejected_early() {
    let limits = Limits::default().with_max_record(10);
    let endless = b"{".chain(std::io::repeat(b'x'));
    let mut chunks = Chunks::new(endless, "f", Framing::Array, limits).with_sizes(8, 4);
    let finding = chunks.find_map(Result::err).expect("rejected");
    assert_eq!(finding.rule, Rule::TooLarge);
    assert_eq!(
        finding.place.and_then(|place| place.pointer).as_deref(),
        Some("")
    );
    assert!(chunks.window.bytes.len() < 40);
}

#[test]
fn values_that_take_much_more_memory_than_their_text_are_rejected() {
    let limits = Limits::default().with_max_record(4 << 20);
    let text = format!("[{}1]", "1,".repeat(1_200_000));
    let chunk = Chunks::new(text.as_bytes(), "f", Framing::Document, limits).next();
    let chunk = chunk.expect("a chunk").expect("read");
    let error = chunk.parse(0, limits).expect_err("too much");
    assert_eq!(error.rule, Rule::TooLarge);
    assert!(error.message.contains("144 MiB"), "{error}");
    assert!(chunk.parse(0, limits.with_max_record(16 << 20)).is_ok());
}

#[test]
fn endless_white_space_is_not_kept() {
    let spaces = || std::io::repeat(b' ').take(100_000);
    let file = spaces()
        .chain(&b"[1"[..])
        .chain(spaces())
        .chain(&b",2]"[..])
        .chain(spaces());
    let mut chunks = Chunks::new(file, "f", Framing::Array, Limits::default()).with_sizes(64, 64);
    let mut elements = 0;
    while let Some(chunk) = chunks.next() {
        elements += chunk.expect("readable").elements.len();
        assert!(chunks.window.bytes.capacity() < 1000);
    }
    assert_eq!(elements, 2);
    assert_eq!(
        chunks.root.map(|root| (root.0, root.2)),
        Some((100_000, 200_005))
    );
}

#[test]
fn a_failing_reader_is_a_finding() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk failure"))
        }
    }
    let file = b"[1, 2, 3".chain(Failing);
    let chunks = Chunks::new(file, "f", Framing::Array, Limits::default()).with_sizes(1, 4);
    let items: Vec<_> = chunks
        .map(|item| item.map_err(|finding| finding.rule))
        .collect();
    assert!(matches!(items[..], [Ok(_), Ok(_), Err(Rule::Unreadable)]));
}

#[test]
fn places_of_missing_values_fall_back_to_the_enclosing_value() {
    let text = &b"[0,\n {\"a\": {\"b\": 1}}]"[..];
    let chunk = Chunks::new(text, "f", Framing::Array, Limits::default())
        .next()
        .expect("one")
        .expect("readable");
    let view = |pointer: &str| {
        let place = crate::parse::place("f", &chunk, 1, pointer);
        (place.to_string(), place.pointer.unwrap_or_default())
    };
    assert_eq!(view("/a/b"), ("f:2:14".to_owned(), "/1/a/b".to_owned()));
    assert_eq!(view("/a/c/d"), ("f:2:8".to_owned(), "/1/a/c/d".to_owned()));
    assert_eq!(view("/x"), ("f:2:2".to_owned(), "/1/x".to_owned()));
    assert_eq!(view(""), ("f:2:2".to_owned(), "/1".to_owned()));
}

/// Generates JSON values with arbitrary white space between the tokens.
fn value() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", "", "", " ", "\n", "\r\n", "\t  "]);
    let text = || {
        let piece = prop::sample::select(vec![
            "a",
            "猫",
            "😀",
            "\\\"",
            "\\\\",
            "\\u732b",
            "\\ud83d\\ude00",
            "]",
            "{",
            ",",
            "\\n",
        ]);
        prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
    };
    let number = prop::sample::select(vec![
        "0",
        "-1",
        "1.50",
        "1e999999",
        "12345678901234567890123",
        "-0.0",
    ]);
    let word = prop::sample::select(vec!["true", "false", "null", "[]", "{}"]);
    let leaf = prop_oneof![
        text(),
        number.prop_map(str::to_owned),
        word.prop_map(str::to_owned)
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let spaced = (space(), inner, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        let member = (space(), text(), space(), spaced.clone());
        let array =
            prop::collection::vec(spaced, 0..4).prop_map(|items| format!("[{}]", items.join(",")));
        let object = prop::collection::vec(member, 0..4).prop_map(|members| {
            let member = |(at, (a, name, b, value)): (usize, (&str, String, &str, String))| {
                format!("{a}\"{at}{}{b}:{value}", &name[1..])
            };
            let members: Vec<_> = members.into_iter().enumerate().map(member).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![array, object]
    })
}

fn array() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", "", " ", "\n", "\r\n"]);
    let item = (space(), value(), space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
    (space(), prop::collection::vec(item, 0..8), space())
        .prop_map(|(a, items, b)| format!("{a}[{}]{b}", items.join(",")))
}

/// Computes line and column in the simplest possible way.
fn place_of(text: &str, offset: usize) -> (u64, u64) {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    (line as u64, column as u64)
}

proptest! {
    #[test]
    fn chunked_elements_equal_the_whole_document(text in array(), chunk in 1_usize..60, block in 1_usize..20) {
        let expected: Vec<Value> = serde_json::from_str(&text).expect("generated JSON");
        let (found, fault) = read(text.as_bytes(), Framing::Array, (chunk, block));
        prop_assert_eq!(fault, None);
        let values: Vec<_> = found.iter().map(|(value, ..)| value.clone()).collect();
        prop_assert_eq!(values, expected);
        let pointers: Vec<_> = (0..found.len()).map(|index| format!("/{index}")).collect();
        let pointers: Vec<_> = pointers.iter().map(String::as_str).collect();
        for (located, (_, line, column)) in locate(text.as_bytes(), &pointers).into_iter().zip(&found) {
            let start = located.expect("exists").value.start;
            prop_assert_eq!(place_of(&text, start), (*line, *column));
        }
    }

    #[test]
    fn damaged_arrays_are_accepted_only_if_they_are_json(
        text in array(), at in any::<prop::sample::Index>(), with in prop::sample::select(vec!["", ",", "]", "[", "\"", "\\", "{", "}", ":", " ", "0", "\u{c}"]),
        chunk in 1_usize..60, block in 1_usize..20,
    ) {
        let chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let damaged: String = chars[..at].iter().collect::<String>() + with + &chars[at + 1..].iter().collect::<String>();
        let expected = serde_json::from_str::<Value>(&damaged);
        let (found, fault) = read(damaged.as_bytes(), Framing::Array, (chunk, block));
        match fault {
            None => {
                let values: Vec<_> = found.into_iter().map(|(value, ..)| value).collect();
                let whole = expected.expect("JSON, as no fault was found");
                prop_assert!(whole == Value::Array(values.clone()) || values == [whole]);
            }
            Some(fault) if fault.rule == Rule::DuplicateMember => {}
            Some(fault) => {
                prop_assert!(expected.is_err(), "{fault:?}");
                let place = fault.place.expect("placed");
                prop_assert!(place.line.is_some() && place.column.is_some());
            }
        }
    }

    #[test]
    fn reading_any_bytes_terminates(
        pieces in prop::collection::vec(prop::sample::select(vec![
            &b"["[..], b"]", b"{", b"}", b",", b":", b"\"", b"\\", b"\\u0000", b"\\ud800", b"\xff", b"\xe7\x8c", b"\0",
            b"\n", b"\r", b" ", b"1", b"-", b"e", b".", b"null", b"\"a\"", b"\"a\":", b"\xef\xbb\xbf", b"\x0c", b"/",
        ]), 0..30),
        chunk in 1_usize..20, block in 1_usize..10,
    ) {
        let bytes = pieces.concat();
        for framing in [Framing::Array, Framing::Lines, Framing::Document] {
            let (values, fault) = read(&bytes, framing, (chunk, block));
            let (again, same) = read(&bytes, framing, (1 << 19, 1 << 18));
            prop_assert_eq!((values, fault.clone()), (again, same));
            if framing == Framing::Document && fault.is_none() {
                let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
                prop_assert!(serde_json::from_slice::<Value>(text).is_ok());
            }
            let _ = locate(&bytes, &["/a", "/0/a", ""]);
        }
    }
}

#[test]
fn a_record_that_is_not_closed_is_reported_where_it_begins() {
    let bytes = b"[\n  {\"id\": 1},\n  {\"id\": \"2},\n  {\"id\": 3}\n]\n";
    let finding = read(bytes, Framing::Array, (1, 1)).1.expect("a finding");
    let place = finding.place.expect("placed");
    assert_eq!(
        (place.line, place.column),
        (Some(3), Some(3)),
        "{}",
        finding.message
    );
    assert!(
        finding.message.ends_with("; the record begins here"),
        "{}",
        finding.message
    );
}
