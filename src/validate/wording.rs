//! Describes in plain words what a schema expects.
//!
//! Values of the schema may be quoted. Values of the file are quoted only on request; otherwise only their types and
//! lengths are shown.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::{JsonType, JsonTypeSet};
use serde_json::Value;

use crate::model::{ShowValues, excerpt, number_of};

/// The maximum number of `enum` options listed, and of characters shown of a value.
const LISTED: usize = 12;
const SHOWN: usize = 200;

/// Describes what was expected of the value that `error` is about.
pub(super) fn expectation(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::AdditionalItems { limit } => format!("expected at most {}", number_of(limit, "item")),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "expected no other properties".to_owned()
        }
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "expected one of the allowed forms".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => {
            "expected exactly one of the allowed forms to match, but several do".to_owned()
        }
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "matching the pattern against this string takes too long".to_owned()
        }
        Kind::Constant { expected_value } => format!("expected `{expected_value}`"),
        Kind::Contains => "expected a certain number of items that match `contains`".to_owned(),
        Kind::ContentEncoding { content_encoding } => {
            format!("expected a string encoded as {content_encoding}")
        }
        Kind::ContentMediaType { content_media_type } => {
            format!("expected a string with the media type {content_media_type}")
        }
        Kind::Custom { message, .. } => message.clone(),
        Kind::Enum { options } => format!("expected {}", one_of(options)),
        Kind::ExclusiveMaximum { limit } => format!("expected less than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("expected more than {limit}"),
        Kind::Maximum { limit } => format!("expected at most {limit}"),
        Kind::Minimum { limit } => format!("expected at least {limit}"),
        Kind::FalseSchema => "expected no value here".to_owned(),
        Kind::Format { format } => format!("expected {}", format_name(format)),
        Kind::FromUtf8 { .. } => "expected the encoded string to be UTF-8".to_owned(),
        Kind::MaxItems { limit } => format!("expected at most {}", number_of(limit, "item")),
        Kind::MinItems { limit } => format!("expected at least {}", number_of(limit, "item")),
        Kind::MaxLength { limit } => format!("expected at most {}", number_of(limit, "character")),
        Kind::MinLength { limit } => format!("expected at least {}", number_of(limit, "character")),
        Kind::MaxProperties { limit } => {
            format!("expected at most {}", number_of(limit, "property"))
        }
        Kind::MinProperties { limit } => {
            format!("expected at least {}", number_of(limit, "property"))
        }
        Kind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}"),
        Kind::Not { .. } => "the value matches a forbidden form".to_owned(),
        Kind::Pattern { pattern } => format!("expected a string that matches `{pattern}`"),
        Kind::PropertyNames { .. } => "expected other property names".to_owned(),
        Kind::Required { property } => match property.as_str() {
            Some(name) => format!("the property `{name}` is missing"),
            None => "a property is missing".to_owned(),
        },
        Kind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(single) => JsonTypeSet::from(*single),
                TypeKind::Multiple(several) => *several,
            };
            format!("expected {}", types(expected))
        }
        Kind::UnevaluatedItems { .. } => "expected no further items".to_owned(),
        Kind::UniqueItems => "expected all items to be different".to_owned(),
        Kind::Referencing(_) => "the schema has an unresolved reference".to_owned(),
    }
}

/// Returns `, found …`: the value if it may be shown, otherwise its type or size if that is helpful.
pub(super) fn found(error: &ValidationError<'_>, show: ShowValues) -> String {
    let value = error.instance().as_ref();
    if matches!(error.kind(), Kind::Required { .. }) {
        return String::new();
    }
    match show {
        ShowValues::Shown => format!(", found `{}`", excerpt(&value.to_string(), 0, SHOWN)),
        ShowValues::Masked => {
            let size = match (error.kind(), value) {
                (Kind::MaxLength { .. } | Kind::MinLength { .. }, Value::String(text)) => {
                    number_of(text.chars().count(), "character")
                }
                (_, Value::Array(items)) if is_about_number(error.kind()) => {
                    number_of(items.len(), "item")
                }
                (_, Value::Object(members)) if is_about_number(error.kind()) => {
                    number_of(members.len(), "property")
                }
                (Kind::Type { .. } | Kind::AnyOf { .. } | Kind::OneOfNotValid { .. }, _) => {
                    type_of(value).to_owned()
                }
                _ => return String::new(),
            };
            format!(", found {size}")
        }
    }
}

fn is_about_number(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::AdditionalItems { .. }
            | Kind::MaxItems { .. }
            | Kind::MinItems { .. }
            | Kind::MaxProperties { .. }
            | Kind::MinProperties { .. }
    )
}

/// Returns for example `a string, an array or null`.
pub(super) fn types(expected: JsonTypeSet) -> String {
    // Every integer is a number.
    let expected = if expected.contains(JsonType::Number) {
        expected.remove(JsonType::Integer)
    } else {
        expected
    };
    let mut names: Vec<_> = expected.iter().map(name).collect();
    // Null is named last.
    names.sort_by_key(|name| *name == "null");
    listed(&names)
}

fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn one_of(options: &Value) -> String {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let mut names: Vec<_> = options
        .iter()
        .take(LISTED)
        .map(|option| format!("`{option}`"))
        .collect();
    if options.len() > LISTED {
        names.push(format!("{} more", options.len() - LISTED));
    }
    listed(&names)
}

fn format_name(format: &str) -> String {
    let example = match format {
        "date-time" => "a date and time such as `2024-05-01T10:00:00Z`",
        "date" => "a date such as `2024-05-01`",
        "time" => "a time such as `10:00:00Z`",
        "duration" => "a duration such as `P1DT12H`",
        "email" | "idn-email" => "an e-mail address",
        "uri" | "iri" => "an absolute URI",
        "uuid" => "a UUID",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        "hostname" | "idn-hostname" => "a host name",
        "json-pointer" => "a JSON Pointer",
        "regex" => "a regular expression",
        other => return format!("the format `{other}`"),
    };
    format!("{example} (format `{format}`)")
}
