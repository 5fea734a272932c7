//! Mapping: turns a valid JSON element into rows by the rules of the layout.
//!
//! This stage is pure: its input is the element, the captures of the file and the resolved parameters; its output is
//! rows or problems. It does not query a database; values that depend on a generated key are completed by the plan
//! ([`Deferred`]).
//!
//! [`Deferred`]: crate::model::Deferred

mod coverage;
mod each;
mod element;
mod evaluate;
mod from_json;
mod mapper;
mod missing;
mod record;
mod resolved;
mod rule;

pub use coverage::UnmappedMembers;
pub use element::Element;
pub use mapper::{MappedElement, Mapper};
pub use resolved::{References, Resolved};
pub use rule::key_in_column;

use crate::model::{Place, Rule};

/// A problem that prevents an element from being mapped; the caller adds file, line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingProblem {
    /// JSON Pointer from the root of the document.
    pub pointer: String,
    /// The rule that was violated.
    pub rule: Rule,
    /// What was found and what was expected.
    pub message: String,
    /// A hint on how to fix it.
    pub hint: String,
    /// The rejected record that is the cause, if there is one.
    pub cause: Option<Box<Place>>,
}

/// A layout that cannot be used for mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A constant or default does not fit its column.
    #[error("the constant of column `{table}.{column}` does not fit: {message}")]
    Constant {
        /// Table name.
        table: String,
        /// Column name.
        column: String,
        /// The reason.
        message: String,
    },
}
