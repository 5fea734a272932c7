//! Applies the compiled schema of a source to elements or whole documents.

use std::sync::atomic::AtomicBool;

use serde_json::Value;

use crate::layout::Source;
use crate::model::{Finding, Rule, ShowValues, locate, plural};
use crate::parse::{Chunk, Limits, Shape};

use super::ValidateError;
use super::checker::{Checker, Part, Verdict, unusable};
use super::violation::{Anchor, Violation};

/// An element with errors.
#[derive(Debug)]
pub struct InvalidElement {
    /// Its value, if it is valid JSON.
    pub value: Option<Value>,
    /// The errors.
    pub findings: Vec<Finding>,
}

/// The schema of a source, compiled once and shared by all workers.
#[derive(Debug)]
pub struct DocumentValidator {
    schema_name: String,
    document: Checker,
    /// For the elements of a streamed source; `None` if its schema has no `items`.
    element: Option<Checker>,
}

impl DocumentValidator {
    /// Compiles the schema of `source`, with formats being checked.
    ///
    /// # Errors
    /// When it is not a valid schema, or refers to a schema outside the layout.
    pub fn compile(source: &Source) -> Result<Self, ValidateError> {
        let part = |part| {
            let compiled = Checker::compile(&source.schema, part);
            let compiled = compiled.map_err(unusable(&source.schema_name))?;
            let schema = source.schema_name.clone();
            compiled.ok_or(ValidateError::Items { schema })
        };
        let has_items = source.streamed && source.schema.get("items").is_some();
        Ok(Self {
            schema_name: source.schema_name.clone(),
            document: part(Part::Whole)?,
            element: has_items.then(|| part(Part::Items)).transpose()?,
        })
    }

    /// Returns all violations in one element of `chunk` with the parsed `value`, in text order. If `interrupted` is set
    /// meanwhile, the result has no meaning.
    #[must_use]
    pub fn check(
        &self,
        chunk: &Chunk,
        element: usize,
        value: &Value,
        path: &str,
        show: ShowValues,
        interrupted: &AtomicBool,
    ) -> Vec<Finding> {
        let validator = match chunk.shape {
            Shape::Whole => &self.document,
            Shape::Elements => match &self.element {
                Some(validator) => validator,
                None => return Vec::new(),
            },
        };
        let place = || chunk.place(path, element);
        match validator.check(value, chunk.element(element).len(), show, interrupted) {
            Verdict::Valid => Vec::new(),
            Verdict::Invalid(violations, unlisted) => {
                let mut findings = place_all(chunk, element, path, violations);
                if unlisted > 0 {
                    let message = format!(
                        "{} of the schema in this record",
                        plural(unlisted, "more violation")
                    );
                    findings.push(Finding {
                        count: unlisted,
                        ..Finding::error(Rule::Schema, place(), message)
                    });
                }
                findings
            }
            Verdict::Among(violations) => {
                let mut findings = place_all(chunk, element, path, violations);
                let message = "the record is too large to list all schema violations";
                let finding = Finding::error(Rule::Schema, place(), message);
                findings.push(finding.hint("fix the listed violations, then run again"));
                findings
            }
            Verdict::TooCostly => {
                let message = format!(
                    "validating this record against the schema `{}` takes too long",
                    self.schema_name
                );
                let hint = "make each schema in `allOf`, `anyOf` and `oneOf` refer to itself at most once, and \
                            list fewer alternatives and patterns";
                vec![Finding::error(Rule::Schema, place(), message).hint(hint)]
            }
        }
    }

    /// Parses and checks the elements of `chunk`. Returns each with its index in the document and its value or its
    /// findings.
    ///
    /// Elements after a faulty one can be trusted only if the faulty one [ends as
    /// intended](Chunk::ends_as_intended).
    pub fn valid_elements<'a>(
        &'a self,
        path: &'a str,
        chunk: &'a Chunk,
        limits: Limits,
        show: ShowValues,
        interrupted: &'a AtomicBool,
    ) -> impl Iterator<Item = (usize, Result<Value, InvalidElement>)> + 'a {
        (0..chunk.elements.len()).map(move |element| {
            let checked = match chunk.parse(element, limits) {
                Ok(value) => {
                    let findings = self.check(chunk, element, &value, path, show, interrupted);
                    if findings.is_empty() {
                        Ok(value)
                    } else {
                        Err(InvalidElement {
                            value: Some(value),
                            findings,
                        })
                    }
                }
                Err(error) => Err(InvalidElement {
                    value: None,
                    findings: vec![chunk.syntax_finding(path, element, &error)],
                }),
            };
            (chunk.index(element), checked)
        })
    }
}

/// Locates all violations in one pass over the element.
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
        Finding::error(Rule::Schema, place, violation.message).hint("fix the value")
    };
    placed.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests;
