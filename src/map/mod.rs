//! Mapping: a valid JSON element becomes rows of tables, by the rules of the layout.
//!
//! Pure: the element, the file's captures and the resolved parameters come in, rows or problems go out. Nothing is
//! looked up in a database; what depends on a generated key is left for the plan to complete ([`Deferred`]).
//!
//! [`Deferred`]: crate::model::Deferred

mod coverage;
mod each;
mod element;
mod evaluate;
mod from_json;
mod missing;
mod record;
mod rule;

pub use coverage::UnmappedMembers;
pub use element::{Element, MappedElement, Mapper};
pub use evaluate::{References, Resolved};
pub use rule::key_in_column;

use crate::model::Rule;

/// Something that keeps an element from becoming rows; the caller knows file, line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer from the root of the document.
    pub pointer: String,
    /// What kind of problem.
    pub rule: Rule,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
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
        /// Why not.
        message: String,
    },
}
