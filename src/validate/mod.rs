//! Validation of parsed documents against the JSON Schema of their source.
//!
//! Every violation becomes a finding with file, line, column and pointer, in plain words, with values masked unless
//! they are asked for. Nothing here changes a value or reaches for the network.

mod alternatives;
mod document;
mod violation;
mod wording;

pub use document::DocumentValidator;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// It is no valid JSON Schema, or refers to one that is not in the layout.
    #[error("the JSON Schema `{schema}` cannot be used: fault at `{pointer}`")]
    Schema {
        /// File name of the schema.
        schema: String,
        /// Where in the schema.
        pointer: String,
        /// What is wrong with it.
        #[source]
        cause: Box<jsonschema::ValidationError<'static>>,
    },
    /// Its `items` are not one schema for all elements.
    #[error("the `items` of the JSON Schema `{schema}` are not one schema for all elements")]
    Items {
        /// File name of the schema.
        schema: String,
    },
}
