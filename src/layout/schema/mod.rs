//! The JSON Schemas of a layout: loaded, compiled once to see that they can be, asked what is possible.
//!
//! Documents are not validated here; that is the business of the `validate` stage.

mod locate;
mod reach;
mod streamed;

use serde_json::Value;

use crate::model::Place;

use super::problem::{Problems, SourceText};

pub(super) use reach::{Kind, Step, accepts, impossible_prefix};
pub(super) use streamed::says_only_items;

/// Parses and compiles the schema `name`; `None` (and a problem) if it cannot be used.
pub(super) fn load(name: &str, bytes: &[u8], problems: &mut Problems) -> Option<Value> {
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
        problems.error(
            place,
            format!("not a valid JSON Schema: {error}"),
            "see https://json-schema.org; a `$ref` must lead to a place in the same file",
        );
        return None;
    }
    Some(schema)
}
