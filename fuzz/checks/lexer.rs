//! The lexer: pieces of any size have the tokens of the whole, and each token of JSON is what `serde_json` reads.

use accession::model::{JsonLexer, JsonToken, json_depth};
use accession::parse::{Limits, strict};
use serde_json::Value;

type Tokens = Vec<(JsonToken, Vec<u8>)>;

pub(crate) fn check(data: &[u8]) {
    let (found, inside) = tokens(data, data.len().max(1));
    let seed = data.first().map_or(1, |byte| usize::from(*byte) + 1);
    for size in [1, 2, 7, seed] {
        assert_eq!(
            tokens(data, size),
            (found.clone(), inside),
            "in pieces of {size}"
        );
    }
    let Ok(value) = strict::parse(data, Limits::DEEPEST) else {
        return;
    };
    assert_eq!(inside, None);
    for (token, text) in &found {
        match (token, serde_json::from_slice::<Value>(text)) {
            (JsonToken::String, read) => assert!(read.is_ok_and(|read| read.is_string())),
            (JsonToken::Word, read) => assert_eq!(depth(&read.expect("a scalar")), 0),
            (_, read) => assert!(read.is_err() && text.len() == 1),
        }
    }
    let compact: Vec<u8> = found.into_iter().flat_map(|(_, text)| text).collect();
    assert_eq!(
        strict::parse(&compact, Limits::DEEPEST).as_ref(),
        Ok(&value)
    );
    let text = std::str::from_utf8(data).expect("strict JSON is UTF-8");
    assert_eq!(json_depth(text), depth(&value));
}

/// The tokens of `data`, which arrives in pieces and is dropped when it was read; and the incomplete token at its end.
fn tokens(data: &[u8], size: usize) -> (Tokens, Option<JsonToken>) {
    let (mut lexer, mut bytes, mut found) = (JsonLexer::default(), Vec::new(), Vec::new());
    for piece in data.chunks(size) {
        bytes.extend_from_slice(piece);
        while let Some(token) = lexer.next(&bytes) {
            found.push((token, bytes[lexer.token()].to_vec()));
        }
        let kept = lexer
            .inside()
            .map_or(lexer.offset(), |_| lexer.token().start);
        bytes.drain(..kept);
        lexer.shift(kept);
    }
    let last = lexer.finish();
    found.extend(last.map(|token| (token, bytes[lexer.token()].to_vec())));
    (found, lexer.inside())
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
