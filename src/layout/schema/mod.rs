//! The JSON Schemas of a layout: loaded, compiled once to see that they can be, asked what is possible.
//!
//! Documents are not validated here; that is the business of the `validate` stage.

mod declared;
mod locate;
mod reach;
mod streamed;

use serde_json::Value;

use crate::model::Place;

use super::problem::{Problems, SourceText};

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
    let compiled = jsonschema::options()
        .should_validate_formats(true)
        .offline()
        .build(&schema);
    if let Err(error) = compiled {
        let pointer = match error.kind() {
            jsonschema::error::ValidationErrorKind::Referencing(_) => {
                reach::foreign_reference(&schema)
            }
            _ => Some(error.instance_path().to_string()),
        };
        // A JSON text is UTF-8, or it would not have been parsed.
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let offset = locate::offset(text, &pointer.unwrap_or_default());
        let place = SourceText { name, text }.place(offset);
        let (message, remedy) = explain(&error);
        problems.error(place, message, remedy);
        return None;
    }
    Some(schema)
}

/// What is wrong with a schema that is none, and how to mend it.
fn explain(error: &jsonschema::ValidationError<'_>) -> (String, &'static str) {
    let keyword = error.instance_path().to_string();
    let keyword = keyword.rsplit('/').next().unwrap_or_default().to_owned();
    if matches!(
        error.kind(),
        jsonschema::error::ValidationErrorKind::Referencing(_)
    ) {
        let message = "this `$ref` leads to nothing in the same file";
        return (
            message.to_owned(),
            "write it as `#/$defs/name`; nothing is fetched from elsewhere",
        );
    }
    match keyword.as_str() {
        "type" => (
            format!("`type` cannot be {}", error.instance()),
            "write \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\" or \"string\", or an array of them",
        ),
        _ => (
            format!("not a valid JSON Schema: {error}"),
            "see https://json-schema.org for what a keyword takes",
        ),
    }
}
