//! The inputs of a mapping besides the element: parameters, and the rows that references refer to.

use crate::layout::Reference;
use crate::model::{Place, Value};

/// What mapping a wave of sources needs from earlier waves and from the command line.
pub struct Resolved<'a> {
    /// For each parameter of the layout, its value or why it has none.
    pub parameters: Vec<Result<Value, String>>,
    /// Finds the rows that references refer to.
    pub references: Box<dyn References + 'a>,
}

/// Looks up a column of a row by a unique key, in the rows of this run and in the database.
pub trait References: Sync {
    /// Returns the value of `reference.column` in the row whose key columns equal `key`.
    fn find(&self, reference: &Reference, key: &[Value]) -> Option<Value>;

    /// The place of a rejected record with this key.
    fn find_invalid(&self, reference: &Reference, key: &[Value]) -> Option<Place>;

    /// Whether the directory contains this file.
    fn has_file(&self, path: &str) -> bool;
}
