//! The JSON Schemas of a layout: loaded, compiled once to see that they can be, asked what is possible.
//!
//! Documents are not validated here; that is the business of the `validate` stage.

mod declared;
mod keywords;
mod locate;
mod reach;
mod streamed;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::model::Place;

use super::problem::{Problems, SourceText};

use keywords::{dangling_reference, misspelt};

pub(super) use declared::near_miss;
pub(super) use reach::{Kind, Step, accepts, impossible_prefix};
pub(super) use streamed::says_only_items;

/// Parses and compiles the schema `name`; `None` (and a problem) if it cannot be used.
pub(super) fn load(name: &str, bytes: &[u8], problems: &mut Problems) -> Option<Value> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        let message = "the schema begins with a byte order mark";
        problems.error(Place::file(name), message, "save it as UTF-8 without one");
        return None;
    }
    let schema: Value = match serde_json::from_slice(bytes) {
        Ok(schema) => schema,
        Err(error) => {
            let place = Place {
                line: Some(error.line() as u64),
                column: Some(error.column() as u64),
                ..Place::file(name)
            };
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text);
            problems.error(place, format!("not JSON: {message}"), "mend the JSON");
            return None;
        }
    };
    // A JSON text is UTF-8, or it would not have been parsed.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let place = |pointer: &str| SourceText { name, text }.place(locate::offset(text, pointer));
    let compiled = jsonschema::options()
        .should_validate_formats(true)
        .offline()
        .build(&schema);
    if let Err(error) = compiled {
        let (pointer, message, remedy) = explain(&schema, &error);
        problems.error(place(&pointer), message, remedy);
        return None;
    }
    for keyword in misspelt(&schema) {
        let message = format!(
            "`{}` is no keyword of JSON Schema, and ignored",
            keyword.word
        );
        let remedy = format!("did you mean `{}`?", keyword.meant);
        problems.warning(place(&keyword.pointer), message, remedy);
    }
    Some(schema)
}

/// Where and what is wrong with a schema that is none, and how to mend it.
fn explain(schema: &Value, error: &ValidationError<'_>) -> (String, String, &'static str) {
    let pointer = error.instance_path().to_string();
    if let ValidationErrorKind::Referencing(_) = error.kind() {
        let (pointer, message, remedy) = match (dangling_reference(schema), schema.get("$schema")) {
            (None, Some(_)) => (
                "/$schema".to_owned(),
                "a version of JSON Schema that is not known",
                "write \"https://json-schema.org/draft/2020-12/schema\", or that of draft 2019-09, 7, 6 or 4",
            ),
            (reference, _) => (
                reference.unwrap_or_default(),
                "this `$ref` leads to nothing in the same file",
                "write it as `#/$defs/name`; nothing is fetched from elsewhere",
            ),
        };
        return (pointer, message.to_owned(), remedy);
    }
    let (message, remedy) = match pointer.rsplit('/').next() {
        Some("type") => (
            format!("`type` cannot be {}", error.instance()),
            "write \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\" or \"string\", or an array of them",
        ),
        _ => (
            format!("not a valid JSON Schema: {error}"),
            "see https://json-schema.org for what a keyword takes",
        ),
    };
    (pointer, message, remedy)
}
