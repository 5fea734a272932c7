//! Evaluates the expression of a column for one record.

use serde_json::Value as Json;

use crate::layout::{Expression, Reference, UuidName};
use crate::model::{MappedRow, Value};

use super::coverage::Coverage;
use super::missing::Missing;
use super::resolved::Resolved;

/// The result of evaluating an expression.
pub(super) enum Found<'a> {
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
    pub(super) fn evaluate(&self, expression: &'a Expression) -> Found<'a> {
        match expression {
            Expression::Pointer(pointer) => match pointer.find(self.record) {
                None => Found::Nothing,
                Some(Json::Null) => Found::Null,
                Some(json) => Found::Json(json),
            },
            Expression::Capture(slot) => Found::Value(Value::text(self.captures[*slot].as_str())),
            Expression::Parent { levels, column } => self.parent(*levels, *column),
            Expression::First(choices) => self.first(choices),
            Expression::Constant(Json::Null) => Found::Null,
            Expression::Constant(json) => Found::Json(json),
            Expression::Parameter(index) => match &self.resolved.parameters[*index] {
                Ok(value) => Found::Value(value.clone()),
                Err(why) => Found::Missing(Missing::Parameter {
                    parameter: *index,
                    why: why.clone(),
                }),
            },
            Expression::Reference(reference) => self.reference(reference),
            Expression::Rest => match (self.record, self.coverage) {
                (Json::Object(members), Some(coverage)) => Found::Made(coverage.rest_of(members)),
                _ => Found::Nothing,
            },
            Expression::Uuid(UuidName::Position) => {
                let (path, pointer, part) = self.position;
                let place = [Json::from(path), Json::from(pointer)];
                let name: Json = place.into_iter().chain(part.map(Json::from)).collect();
                Found::Name(name.to_string())
            }
            Expression::Uuid(UuidName::Values(values)) => self.name(values),
        }
    }

    /// Returns the first value that is present and not null; otherwise the last missing reference or parameter, if any.
    fn first(&self, choices: &'a [Expression]) -> Found<'a> {
        let mut last = Found::Nothing;
        for choice in choices {
            match self.evaluate(choice) {
                Found::Nothing | Found::Null | Found::Value(Value::Null) => {}
                missing @ Found::Missing(_) => last = missing,
                found => return found,
            }
        }
        last
    }

    fn name(&self, values: &'a [Expression]) -> Found<'a> {
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            parts.push(match self.evaluate(value) {
                Found::Nothing | Found::Null => Json::Null,
                Found::Json(json) => json.clone(),
                Found::Made(json) => json,
                Found::Value(value) => Json::from(value.key_text()),
                Found::Name(name) => Json::from(name),
                Found::Missing(missing) => return Found::Missing(missing),
            });
        }
        Found::Name(Json::Array(parts).to_string())
    }

    /// Returns the value that `reference` finds, if the row exists.
    pub(super) fn find(&self, reference: &'a Reference) -> Option<Value> {
        match self.reference(reference) {
            Found::Value(value) => Some(value),
            Found::Nothing
            | Found::Null
            | Found::Json(_)
            | Found::Made(_)
            | Found::Name(_)
            | Found::Missing(_) => None,
        }
    }

    fn parent(&self, levels: usize, column: usize) -> Found<'a> {
        let row = &self.rows[self.enclosing[self.enclosing.len() - levels]];
        Found::Value(match &row.values[column] {
            // An unmapped column that a child's foreign key refers to is the generated key.
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
                Found::Name(name) => key.push(Value::text(name)),
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
