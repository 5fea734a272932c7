//! A part of a value that violates the schema, with a message and the location of the value or member.

use jsonschema::ValidationError;

use crate::model::Pointer;

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

/// Creates a violation at the value that `error` is about.
pub(super) fn at_value(error: &ValidationError<'_>, message: String) -> Violation {
    Violation {
        pointer: error.instance_path().as_str().to_owned(),
        anchor: Anchor::Value,
        message,
    }
}

/// Creates a violation at a member of the value, or where it would be.
pub(super) fn at_member(error: &ValidationError<'_>, name: &str, message: String) -> Violation {
    Violation {
        pointer: format!("{}/{}", error.instance_path(), Pointer::escape(name)),
        anchor: Anchor::Name,
        message,
    }
}
