//! The compiled schema of a source, applied to elements or whole documents.

use std::cmp::Ordering;

use jsonschema::Validator;
use serde_json::Value;

use crate::layout::Source;
use crate::model::{Finding, Rule, ShowValues};
use crate::parse::{Chunk, Limits, Shape, locate};

use super::ValidateError;
use super::violation::{Anchor, Violation, explain};

/// A source's schema, compiled once and shared by all workers.
#[derive(Debug)]
pub struct DocumentValidator {
    document: Validator,
    /// For the elements of a streamed source; `None` if its schema says nothing about them.
    element: Option<Validator>,
}

impl DocumentValidator {
    /// How many violations of one element are told one by one.
    const TOLD: usize = 1000;

    /// Compiles the schema of `source`, with formats checked.
    ///
    /// # Errors
    /// When it is no valid schema, or needs one from elsewhere.
    pub fn compile(source: &Source) -> Result<Self, ValidateError> {
        let options = jsonschema::options()
            .offline()
            .should_validate_formats(true);
        let unusable = |error: jsonschema::ValidationError<'static>| ValidateError::Schema {
            schema: source.schema_name.clone(),
            pointer: error.instance_path().to_string(),
            cause: Box::new(error),
        };
        let document = options.build(&source.schema).map_err(unusable)?;
        let element = match source.schema.get("items") {
            Some(Value::Bool(_)) if source.streamed => {
                let items = &source.schema["items"];
                Some(options.build(items).map_err(unusable)?)
            }
            Some(_) if source.streamed => {
                let map = options.build_map(&source.schema).map_err(unusable)?;
                let items = map.get("#/items").cloned();
                let schema = || source.schema_name.clone();
                Some(items.ok_or_else(|| ValidateError::Items { schema: schema() })?)
            }
            Some(_) | None => None,
        };
        Ok(Self { document, element })
    }

    /// All violations in one element of `chunk`, whose parsed `value` it is, in the order of the text.
    #[must_use]
    pub fn check(
        &self,
        chunk: &Chunk,
        element: usize,
        value: &Value,
        path: &str,
        show: ShowValues,
    ) -> Vec<Finding> {
        let validator = match chunk.shape {
            Shape::Whole => &self.document,
            Shape::Elements => match &self.element {
                Some(validator) => validator,
                None => return Vec::new(),
            },
        };
        if validator.is_valid(value) {
            return Vec::new();
        }
        let mut violations = Vec::new();
        let mut untold = 0;
        for error in validator.iter_errors(value) {
            match violations.len().cmp(&Self::TOLD) {
                Ordering::Less => violations.extend(explain(&error, show)),
                Ordering::Equal | Ordering::Greater => untold += 1,
            }
        }
        let mut findings = place_all(chunk, element, path, violations);
        if untold > 0 {
            let place = chunk.place(path, element);
            let message = format!("{untold} more violations of the schema in this record");
            findings.push(Finding {
                count: untold,
                ..Finding::error(Rule::Schema, place, message)
            });
        }
        findings
    }

    /// Parses and checks the elements of `chunk`: each with its index in the document, and its value or what is
    /// wrong with it.
    ///
    /// What stands behind an element with errors is to be trusted if the element [ends as
    /// meant](Chunk::ends_as_meant).
    pub fn valid_elements<'a>(
        &'a self,
        path: &'a str,
        chunk: &'a Chunk,
        limits: Limits,
        show: ShowValues,
    ) -> impl Iterator<Item = (usize, Result<Value, Vec<Finding>>)> + 'a {
        (0..chunk.elements.len()).map(move |element| {
            let checked = match chunk.parse(element, limits) {
                Ok(value) => {
                    let findings = self.check(chunk, element, &value, path, show);
                    if findings.is_empty() {
                        Ok(value)
                    } else {
                        Err(findings)
                    }
                }
                Err(error) => Err(vec![chunk.syntax_finding(path, element, &error)]),
            };
            (chunk.index(element), checked)
        })
    }
}

/// Finds the places of all violations in one pass over the element.
fn place_all(
    chunk: &Chunk,
    element: usize,
    path: &str,
    violations: Vec<Violation>,
) -> Vec<Finding> {
    let bytes = chunk.element(element);
    let pointers: Vec<_> = violations.iter().map(|it| it.pointer.as_str()).collect();
    let offsets = locate(bytes, &pointers).into_iter().zip(&violations);
    let offsets = offsets.map(|(located, violation)| match (located, violation.anchor) {
        (Some(located), Anchor::Value) => located.value.start,
        (Some(located), Anchor::Name) => located.key.unwrap_or(located.value).start,
        (None, _) => 0,
    });
    let offsets: Vec<_> = offsets.collect();
    let mut placed: Vec<_> = offsets.into_iter().zip(violations).collect();
    placed.sort_by_key(|(offset, _)| *offset);
    let (mut at, mut position) = (0, chunk.start(element));
    let finding = |(offset, violation): (usize, Violation)| {
        position = position.after(&bytes[at..offset]);
        at = offset;
        let place = chunk.placed(path, element, &violation.pointer, position);
        Finding::error(Rule::Schema, place, violation.message).remedy("mend the file")
    };
    placed.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests;
