//! Evaluates the expression of a column for one record.

use serde_json::Value as Json;

use crate::layout::{Expression, Reference, UuidName};
use crate::model::{MappedRow, Value};

use super::coverage::Coverage;
use super::missing::Missing;
use super::resolved::Resolved;

/// The result of evaluating an expression.
pub(super) enum Evaluated<'a> {
    /// No value, or null where null means no value.
    Nothing,
    /// JSON null is present.
    Null,
    /// A JSON value that must still be converted to the column's type.
    Json(&'a Json),
    /// A JSON value created for this record.
    Made(Json),
    /// A value that already has the type of a column.
    Value(Value),
    /// The name of a name-based UUID.
    Name(String),
    /// A required value does not exist; the reason.
    Missing(Missing),
}

/// The current record and its context.
pub(super) struct Scope<'a> {
    pub(super) record: &'a Json,
    /// Path of the file, pointer of the record, and part of a split string.
    pub(super) position: (&'a str, &'a str, Option<u32>),
    pub(super) captures: &'a [String],
    /// How many of `captures`, at the beginning, come from the file name.
    pub(super) name_captures: usize,
    /// The enclosing rows, innermost last.
    pub(super) enclosing: &'a [usize],
    pub(super) rows: &'a [MappedRow],
    pub(super) resolved: &'a Resolved<'a>,
    pub(super) coverage: Option<&'a Coverage>,
}

impl<'a> Scope<'a> {
    pub(super) fn evaluate(&self, expression: &'a Expression) -> Evaluated<'a> {
        match expression {
            Expression::Pointer(pointer) => match pointer.find(self.record) {
                None => Evaluated::Nothing,
                Some(Json::Null) => Evaluated::Null,
                Some(json) => Evaluated::Json(json),
            },
            Expression::Capture(slot) => {
                Evaluated::Value(Value::text(self.captures[*slot].as_str()))
            }
            Expression::Parent { levels, column } => self.parent(*levels, *column),
            Expression::First(choices) => self.first(choices),
            Expression::Constant(Json::Null) => Evaluated::Null,
            Expression::Constant(json) => Evaluated::Json(json),
            Expression::Parameter(index) => match &self.resolved.parameters[*index] {
                Ok(value) => Evaluated::Value(value.clone()),
                Err(why) => Evaluated::Missing(Missing::Parameter {
                    parameter: *index,
                    why: why.clone(),
                }),
            },
            Expression::Reference(reference) => self.reference(reference),
            Expression::Rest => match (self.record, self.coverage) {
                (Json::Object(members), Some(coverage)) => {
                    Evaluated::Made(coverage.rest_of(members))
                }
                _ => Evaluated::Nothing,
            },
            Expression::Uuid(UuidName::Position) => {
                let (path, pointer, part) = self.position;
                let place = [Json::from(path), Json::from(pointer)];
                let name: Json = place.into_iter().chain(part.map(Json::from)).collect();
                Evaluated::Name(name.to_string())
            }
            Expression::Uuid(UuidName::Values(values)) => self.name(values),
        }
    }

    /// Returns the first value that is present and not null; otherwise the last missing reference or parameter, if any.
    fn first(&self, choices: &'a [Expression]) -> Evaluated<'a> {
        let mut last = Evaluated::Nothing;
        for choice in choices {
            match self.evaluate(choice) {
                Evaluated::Nothing | Evaluated::Null | Evaluated::Value(Value::Null) => {}
                missing @ Evaluated::Missing(_) => last = missing,
                found => return found,
            }
        }
        last
    }

    fn name(&self, values: &'a [Expression]) -> Evaluated<'a> {
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            parts.push(match self.evaluate(value) {
                Evaluated::Nothing | Evaluated::Null => Json::Null,
                Evaluated::Json(json) => json.clone(),
                Evaluated::Made(json) => json,
                Evaluated::Value(value) => Json::from(value.key_text()),
                Evaluated::Name(name) => Json::from(name),
                Evaluated::Missing(missing) => return Evaluated::Missing(missing),
            });
        }
        Evaluated::Name(Json::Array(parts).to_string())
    }

    /// Returns the value that `reference` finds, if the row exists.
    pub(super) fn find(&self, reference: &'a Reference) -> Option<Value> {
        match self.reference(reference) {
            Evaluated::Value(value) => Some(value),
            Evaluated::Nothing
            | Evaluated::Null
            | Evaluated::Json(_)
            | Evaluated::Made(_)
            | Evaluated::Name(_)
            | Evaluated::Missing(_) => None,
        }
    }

    fn parent(&self, levels: usize, column: usize) -> Evaluated<'a> {
        let row = &self.rows[self.enclosing[self.enclosing.len() - levels]];
        Evaluated::Value(match &row.values[column] {
            // An unmapped column that a child's foreign key refers to is the generated key.
            Value::Default => Value::ParentKey(levels),
            Value::ParentKey(further) => Value::ParentKey(levels + further),
            value => value.clone(),
        })
    }

    fn reference(&self, reference: &'a Reference) -> Evaluated<'a> {
        let mut key = Vec::with_capacity(reference.key.len());
        for (_, expression) in &reference.key {
            match self.evaluate(expression) {
                Evaluated::Nothing | Evaluated::Null => return Evaluated::Nothing,
                Evaluated::Missing(missing) => return Evaluated::Missing(missing),
                Evaluated::Value(value) => key.push(value),
                Evaluated::Name(name) => key.push(Value::text(name)),
                Evaluated::Json(json) => key.push(as_key(json)),
                Evaluated::Made(json) => key.push(as_key(&json)),
            }
        }
        match self.resolved.references.find(reference, &key) {
            Some(value) => Evaluated::Value(value),
            None => Evaluated::Missing(Missing::Reference {
                table: reference.table,
                cause: self.resolved.references.find_invalid(reference, &key).map(Box::new),
                key: reference
                    .key
                    .iter()
                    .map(|(column, _)| *column)
                    .zip(key)
                    .collect(),
                captured: reference
                    .key
                    .iter()
                    .all(|(_, value)| matches!(value, Expression::Capture(slot) if *slot < self.name_captures)),
            }),
        }
    }
}

/// Converts a JSON scalar to a key, which is compared as text.
fn as_key(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::text(text.as_str()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Value::text(json.to_string())
        }
    }
}
