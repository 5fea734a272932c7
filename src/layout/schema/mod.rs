//! The JSON Schemas of a layout: loaded, compiled once as a check, and queried for possible paths.
//!
//! Documents are validated by the `validate` stage, not here.

mod bounded_pattern;
mod cost;
mod declared;
mod keywords;
mod reach;
mod streamed;
mod weight;

use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{Json, SerdeJson};
use jsonschema::{Retrieve, ValidationError, ValidationOptions};
use serde_json::Value;

use crate::model::{Place, locate_nearest};

use super::problem::{Problems, SourceText};

use cost::excess;
use keywords::{dangling_reference, misspelt};

pub(crate) use bounded_pattern::names_are_matched_slowly;
pub(super) use declared::near_miss;
pub(super) use reach::{Kind, PathStep, accepts, impossible_prefix};
pub(super) use streamed::says_only_items;
pub(crate) use weight::{is_light, steps_per_member};

/// Parses and compiles the schema `name`. Returns `None`, and a problem, if it cannot be used.
pub(super) fn load(name: &str, bytes: &[u8], problems: &mut Problems) -> Option<Value> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        let message = "the schema starts with a byte order mark";
        problems.error(
            Place::file(name),
            message,
            "save it as UTF-8 without a byte order mark",
        );
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
            problems.error(
                place,
                format!("not valid JSON: {message}"),
                "fix the syntax",
            );
            return None;
        }
    };
    // JSON text that was parsed is valid UTF-8.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let place =
        |pointer: &str| SourceText { name, text }.place(locate_nearest(text.as_bytes(), pointer));
    if let Some(excess) = excess(&schema) {
        let place = place(&excess.pointer);
        problems.error(place, excess.kind.message(), excess.kind.hint());
        return None;
    }
    if let Err(error) = options_for::<SerdeJson>(&schema).build(&schema) {
        let (pointer, message, hint) = explain(&schema, &error);
        problems.error(place(&pointer), message, hint);
        return None;
    }
    for keyword in misspelt(&schema) {
        let message = format!(
            "`{}` is not a keyword of JSON Schema and is ignored",
            keyword.word
        );
        let hint = format!("did you mean `{}`?", keyword.meant);
        problems.warning(place(&keyword.pointer), message, hint);
    }
    Some(schema)
}

/// Validation options: nothing is fetched, formats are checked, and matching a pattern is limited.
pub(crate) fn options_for<F: Json>(
    schema: &Value,
) -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    let options = bounded_pattern::limited(0);
    match bounded_pattern::is_needed(schema) {
        true => options.with_keyword("pattern", bounded_pattern::bounded_pattern::<F>),
        false => options,
    }
}

/// Returns location, message and hint for an invalid schema.
fn explain(schema: &Value, error: &ValidationError<'_>) -> (String, String, &'static str) {
    let pointer = error.instance_path().to_string();
    if let ValidationErrorKind::Referencing(_) = error.kind() {
        let (pointer, message, hint) = match (dangling_reference(schema), schema.get("$schema")) {
            (None, Some(_)) => (
                "/$schema".to_owned(),
                "unsupported version of JSON Schema",
                "use \"https://json-schema.org/draft/2020-12/schema\", or draft 2019-09, 7, 6 or 4",
            ),
            (reference, _) => (
                reference.unwrap_or_default(),
                "the target of `$ref` is not in the same file",
                "use the form `#/$defs/name`; other files are not fetched",
            ),
        };
        return (pointer, message.to_owned(), hint);
    }
    let (message, hint) = match pointer.rsplit('/').next() {
        Some("type") => (
            format!("`type` cannot be {}", error.instance()),
            "use \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\" or \"string\", or an array of them",
        ),
        _ => (
            format!("not a valid JSON Schema: {error}"),
            "see https://json-schema.org for the values of keywords",
        ),
    };
    (pointer, message, hint)
}
