//! Converts a validator error to violations with a message and the location of the value or member.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use crate::model::{Pointer, ShowValues};

use super::alternatives::explain_alternatives;
use super::wording::{expectation, found};

/// The part of the located value that a violation points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Value,
    /// The member's name: the member itself is not allowed, regardless of its value.
    Name,
}

/// A part of a value that violates the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// JSON Pointer within the validated value.
    pub(super) pointer: String,
    pub(super) anchor: Anchor,
    /// Keyword, what was expected, and what was found.
    pub(super) message: String,
}

/// Converts `error` to one or more violations.
pub(super) fn explain(error: &ValidationError<'_>, show: ShowValues) -> Vec<Violation> {
    let keyword = error.kind().keyword();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let violation = |name: &String| {
                let message = format!("`{keyword}`: unexpected member `{name}`");
                at_member(error, name, message)
            };
            unexpected.iter().map(violation).collect()
        }
        Kind::PropertyNames { error: inner } => {
            let name = inner.instance().as_str().unwrap_or_default();
            let message = format!("`{keyword}`: invalid member name: {}", expectation(inner));
            vec![at_member(error, name, message)]
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            explain_alternatives(error, context, show)
        }
        _ => {
            let message = format!("`{keyword}`: {}{}", expectation(error), found(error, show));
            vec![at_value(error, message)]
        }
    }
}

/// Creates a violation at the value that `error` is about.
pub(super) fn at_value(error: &ValidationError<'_>, message: String) -> Violation {
    Violation {
        pointer: error.instance_path().as_str().to_owned(),
        anchor: Anchor::Value,
        message,
    }
}

fn at_member(error: &ValidationError<'_>, name: &str, message: String) -> Violation {
    Violation {
        pointer: format!("{}/{}", error.instance_path(), Pointer::escape(name)),
        anchor: Anchor::Name,
        message,
    }
}
