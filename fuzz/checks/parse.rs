//! Strict JSON against `serde_json`, and a file cut into elements against the same file as a whole.

use accession::model::Rule;
use accession::parse::{Chunks, Framing, Limits, Shape, strict};
use serde_json::Value;

pub(crate) fn check(data: &[u8]) {
    // Its own way to pass numbers is taken by serde_json for numbers wherever it is written.
    let text = String::from_utf8_lossy(data);
    if text.contains("serde_json") || text.contains("\\u") && text.contains("private") {
        return;
    }
    agrees_with_serde_json(data);
    streamed_is_whole(data);
}

fn agrees_with_serde_json(data: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(data);
    let ours = strict::parse(data, Limits::DEEPEST);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        (Ok(ours), Err(theirs)) => panic!("only we take {ours}: {theirs}"),
        (Err(ours), theirs) => {
            assert!(ours.offset <= data.len(), "{ours:?}");
            assert!(
                ours.position.line >= 1 && ours.position.column >= 1,
                "{ours:?}"
            );
            let stricter = [Rule::DuplicateMember, Rule::NulInText, Rule::TooDeep];
            let because_stricter = stricter.contains(&ours.rule);
            assert!(
                theirs.is_err() || because_stricter,
                "only they take it: {ours:?}"
            );
        }
    }
}

/// All elements of a file, or nothing if anything in it is rejected.
fn read(data: &[u8], framing: Framing, sizes: (usize, usize)) -> Option<(Shape, Vec<Value>)> {
    let mut shape = Shape::Elements;
    let mut values = Vec::new();
    let mut next = 0;
    let chunks = Chunks::new(data, "a.json", framing, Limits::default());
    for chunk in chunks.with_sizes(sizes.0, sizes.1) {
        let chunk = chunk.ok()?;
        shape = chunk.shape;
        for element in 0..chunk.elements.len() {
            assert_eq!(chunk.index(element), next);
            next += 1;
            let range = &chunk.elements[element];
            let start = usize::try_from(chunk.offset).expect("small") + range.start;
            assert_eq!(chunk.element(element), &data[start..start + range.len()]);
            let position = chunk.position(element, 0);
            assert!(position.line >= 1 && position.column >= 1);
            values.push(chunk.parse(element, Limits::default()).ok()?);
        }
    }
    Some((shape, values))
}

fn streamed_is_whole(data: &[u8]) {
    let whole = read(data, Framing::Document, (1 << 20, 1 << 20));
    let seed = data.len();
    for sizes in [
        (1, 1),
        (7, 3),
        (seed % 61 + 1, seed % 17 + 1),
        (1 << 20, 1 << 20),
    ] {
        let streamed = read(data, Framing::Array, sizes);
        match (&whole, streamed) {
            (None, None) => {}
            (Some((_, whole)), Some((Shape::Whole, streamed))) => assert_eq!(*whole, streamed),
            (Some((_, whole)), Some((Shape::Elements, streamed))) => {
                assert_eq!(whole[..], [Value::Array(streamed)]);
            }
            (whole, streamed) => panic!("{sizes:?}: whole {whole:?}, streamed {streamed:?}"),
        }
        // Lines agree among themselves, whatever the sizes of blocks.
        let lines = read(data, Framing::Lines, sizes);
        let again = read(data, Framing::Lines, (1 << 20, 1 << 20));
        assert_eq!(lines.map(|(_, lines)| lines), again.map(|(_, lines)| lines));
    }
}
