//! Places in files: values are found at their positions, and no line shown has a value or a character that a terminal
//! obeys, whatever the file is.

use accession::model::{Pointer, ShowValues, locate, sanitize_char};
use accession::parse::{
    Framing, Limits, OutOfOrder, Position, RecordTexts, excerpts, position_in_file, strict,
};
use serde_json::Value;

pub(crate) fn check(data: &[u8]) {
    match strict::parse(data, Limits::DEEPEST) {
        Ok(value) => every_value_is_found(data, &value),
        Err(error) => {
            let pointer = error.pointer.unwrap_or_default();
            let pointers = [pointer.as_str(), "", "/0", "/a", "/0/a"];
            let _ = locate(data, &pointers);
            for framing in [Framing::Array, Framing::Lines, Framing::Document] {
                let _ = position_in_file(data, &pointers, framing, Limits::default());
                let mut texts = RecordTexts::new(data, framing, Limits::default());
                let _ = pointers.map(|pointer| texts.text(pointer));
            }
        }
    }
    lines_are_tame(data);
}

fn pointers(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    if found.len() > 200 {
        return;
    }
    found.push((at.to_owned(), value.clone()));
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                pointers(member, &format!("{at}/{}", Pointer::escape(name)), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn every_value_is_found(data: &[u8], value: &Value) {
    let mut wanted = Vec::new();
    pointers(value, "", &mut wanted);
    let asked: Vec<&str> = wanted.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let located = locate(data, &asked);
    for ((pointer, value), located) in wanted.iter().zip(located) {
        let located = located.unwrap_or_else(|| panic!("{pointer} is not found"));
        let read = strict::parse(&data[located.value], Limits::DEEPEST);
        assert_eq!(read.as_ref(), Ok(value), "{pointer}");
    }
    // A byte order mark would be skipped, and is not valid JSON here.
    for framing in [Framing::Array, Framing::Document] {
        // Parents come before their children here: nothing is passed but by leaving the last two chunks.
        let mut texts = RecordTexts::new(data, framing, Limits::default());
        let texts = asked.iter().map(|pointer| match texts.text(pointer) {
            Ok(text) => text,
            Err(OutOfOrder) => {
                texts = RecordTexts::new(data, framing, Limits::default());
                texts.text(pointer).ok().flatten()
            }
        });
        let positions = position_in_file(data, &asked, framing, Limits::default());
        for (((pointer, value), text), position) in wanted.iter().zip(texts).zip(positions) {
            // The root of an array that is read element by element is not a record.
            if let Some(text) = text {
                assert_eq!(
                    strict::parse(&text, Limits::DEEPEST).as_ref(),
                    Ok(value),
                    "{pointer}"
                );
            } else {
                assert!(pointer.is_empty(), "{pointer}");
            }
            assert!(position.is_some(), "{pointer}");
        }
    }
}

fn lines_are_tame(data: &[u8]) {
    let places = [(1, 1), (1, 7), (1, 90), (2, 1), (3, 40)];
    let places = places.map(|(line, column)| Position { line, column });
    for show in [ShowValues::Masked, ShowValues::Shown] {
        for excerpt in excerpts(data, &places, show).into_iter().flatten() {
            let characters = excerpt.text.chars().count();
            assert!(excerpt.marked.start <= excerpt.marked.end, "{excerpt:?}");
            assert!(excerpt.marked.end <= characters, "{excerpt:?}");
            assert!(
                excerpt.text.chars().all(|c| sanitize_char(c) == c),
                "{excerpt:?}"
            );
            if show == ShowValues::Masked && !data.contains(&b':') {
                // Without a colon there are no names: no letters but those of the few words, which may be cut.
                let words = ["undefined", "Infinity", "null", "None", "NaN", "nil"];
                let mut shown = excerpt.text.split(|c: char| !c.is_alphanumeric());
                let known = |text: &str| words.iter().any(|word| word.contains(text));
                assert!(shown.all(known), "{excerpt:?}");
            }
        }
    }
}
