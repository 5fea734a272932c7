//! Validates parsed documents against the JSON Schema of their source.
//!
//! Every violation becomes a finding with file, line, column, pointer and a plain message; values are masked unless
//! requested. Nothing here changes a value or accesses the network.

mod checker;
mod counted;
mod document;
mod explain;
mod steps;
mod violation;
mod wording;

pub use document::{DocumentValidator, InvalidElement};

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// It is not a valid JSON Schema, or refers to a schema outside the layout.
    #[error("the JSON Schema `{schema}` cannot be used: error at `{pointer}`")]
    Schema {
        /// File name of the schema.
        schema: String,
        /// JSON Pointer into the schema.
        pointer: String,
        /// The error.
        #[source]
        cause: Box<jsonschema::ValidationError<'static>>,
    },
    /// Its `items` is not a single schema for all elements.
    #[error("`items` of the JSON Schema `{schema}` must be a single schema for all elements")]
    Items {
        /// File name of the schema.
        schema: String,
    },
}

#[cfg(test)]
mod tests;
