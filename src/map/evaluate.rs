//! Evaluating a column's expression for one record.

use serde_json::Value as Json;

use crate::layout::{Expression, Reference};
use crate::model::{Row, Value};

use super::coverage::Coverage;

/// What mapping a wave of sources needs to know of earlier waves and of the command line.
pub struct Resolved<'a> {
    /// Per parameter of the layout: its value, or why it has none.
    pub parameters: Vec<Result<Value, String>>,
    /// Rows that references point to.
    pub references: &'a dyn References,
}

/// Finds a column of a row by a unique key, among this run's rows and those in the database.
pub trait References: Sync {
    /// The value of `reference.column` in the row whose key columns equal `key`.
    fn find(&self, reference: &Reference, key: &[Value]) -> Option<Value>;
}

/// Where a value was found.
pub(super) enum Found<'a> {
    /// Nothing there, or null where null means nothing.
    Nothing,
    /// JSON null, present.
    Null,
    /// A JSON value, still to be fitted into the column.
    Json(&'a Json),
    /// A JSON value made for this record.
    Made(Json),
    /// A value that already has a column's type.
    Value(Value),
    /// It must be there, and is not: why.
    Missing(Missing),
}

/// Why an expression that must have a value has none.
pub(super) enum Missing {
    /// The parameter has no value.
    Parameter(String),
    /// The referred row is nowhere.
    Reference {
        table: usize,
        key: Vec<(usize, Value)>,
    },
}

/// The record at hand and what surrounds it.
pub(super) struct Scope<'a> {
    pub(super) record: &'a Json,
    pub(super) captures: &'a [String],
    /// The enclosing rows, innermost last.
    pub(super) enclosing: &'a [usize],
    pub(super) rows: &'a [Row],
    pub(super) resolved: &'a Resolved<'a>,
    pub(super) coverage: Option<&'a Coverage>,
}

impl<'a> Scope<'a> {
    pub(super) fn evaluate(&self, expression: &'a Expression) -> Found<'a> {
        match expression {
            Expression::Pointer(pointer) => match pointer.find(self.record) {
                None => Found::Nothing,
                Some(Json::Null) => Found::Null,
                Some(json) => Found::Json(json),
            },
            Expression::Capture(slot) => Found::Made(Json::from(self.captures[*slot].as_str())),
            Expression::Parent { levels, column } => self.parent(*levels, *column),
            Expression::First(choices) => choices
                .iter()
                .map(|choice| self.evaluate(choice))
                .find(|found| {
                    !matches!(
                        found,
                        Found::Nothing | Found::Null | Found::Value(Value::Null)
                    )
                })
                .unwrap_or(Found::Nothing),
            Expression::Constant(Json::Null) => Found::Null,
            Expression::Constant(json) => Found::Json(json),
            Expression::Parameter(index) => match &self.resolved.parameters[*index] {
                Ok(value) => Found::Value(value.clone()),
                Err(why) => Found::Missing(Missing::Parameter(why.clone())),
            },
            Expression::Reference(reference) => self.reference(reference),
            Expression::Rest => match (self.record, self.coverage) {
                (Json::Object(members), Some(coverage)) => Found::Made(coverage.rest_of(members)),
                _ => Found::Nothing,
            },
        }
    }

    fn parent(&self, levels: usize, column: usize) -> Found<'a> {
        let row = &self.rows[self.enclosing[self.enclosing.len() - levels]];
        Found::Value(match &row.values[column] {
            // A column that nothing maps and a parent's key refers to is the generated key.
            Value::Default => Value::ParentKey(levels),
            Value::ParentKey(further) => Value::ParentKey(levels + further),
            value => value.clone(),
        })
    }

    fn reference(&self, reference: &'a Reference) -> Found<'a> {
        let mut key = Vec::with_capacity(reference.key.len());
        for (_, expression) in &reference.key {
            match self.evaluate(expression) {
                Found::Nothing | Found::Null => return Found::Nothing,
                Found::Missing(missing) => return Found::Missing(missing),
                Found::Value(value) => key.push(value),
                Found::Json(json) => key.push(as_key(json)),
                Found::Made(json) => key.push(as_key(&json)),
            }
        }
        match self.resolved.references.find(reference, &key) {
            Some(value) => Found::Value(value),
            None => Found::Missing(Missing::Reference {
                table: reference.table,
                key: reference
                    .key
                    .iter()
                    .map(|(column, _)| *column)
                    .zip(key)
                    .collect(),
            }),
        }
    }
}

/// A JSON scalar as a key; whoever looks it up compares by text.
fn as_key(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::text(text.as_str()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Value::text(json.to_string())
        }
    }
}
