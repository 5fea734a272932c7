//! A compiled schema that is applied within limits of time and memory.

use std::cmp::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::{ValidationOptions, Validator};
use serde_json::Value;

use crate::layout;
use crate::model::ShowValues;

use super::ValidateError;
use super::steps::{Exhausted, counted, counting_options, within};
use super::violation::{Violation, explain};

/// The maximum number of violations of one element that are reported individually.
const LISTED: usize = 1000;
/// The number of steps for listing violations. Nearly every step creates an error, and errors use memory.
const LIST_STEPS: u64 = 50_000;
/// The same limit while no other thread is listing that many.
const LIST_STEPS_ALONE: u64 = 500_000;
/// The number of steps that a schema may use for any document, and for each byte of one.
const CHECK_STEPS: u64 = 1_000_000;
const CHECK_STEPS_PER_BYTE: u64 = 16;

/// Held while a thread lists violations with the higher limit.
static ALONE: Mutex<()> = Mutex::new(());

/// The part of a schema that is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// The schema for the elements of an array.
    Items,
}

/// A compiled part of a schema.
#[derive(Debug)]
pub(super) struct Checker {
    plain: Validator,
    /// The same schema with its steps counted; compiled when it is first needed.
    counting: OnceLock<Option<Validator>>,
    schema: Value,
    part: Part,
    /// Whether the number of steps is unbounded even though the schema is small.
    is_unbounded: bool,
}

/// The result of checking a value.
#[derive(Debug)]
pub(super) enum Verdict {
    Valid,
    /// These violations, and this many more.
    Invalid(Vec<Violation>, u64),
    /// At least these violations; finding all of them would take too long.
    Among(Vec<Violation>),
    /// The check was stopped because it takes too long.
    TooCostly(Exhausted),
}

impl Checker {
    /// Compiles a part of `schema`; `None` if the schema does not have that part.
    pub(super) fn compile(
        schema: &Value,
        part: Part,
    ) -> Result<Option<Self>, jsonschema::ValidationError<'static>> {
        let plain = compile(&layout::schema_options(), schema, part)?;
        Ok(plain.map(|plain| Self {
            plain,
            counting: OnceLock::new(),
            schema: schema.clone(),
            part,
            is_unbounded: layout::depends_on_document(schema),
        }))
    }

    /// Checks a value whose text is `bytes` long.
    pub(super) fn check(&self, value: &Value, bytes: usize, show: ShowValues) -> Verdict {
        if !self.is_unbounded {
            return match self.plain.is_valid(value) {
                true => Verdict::Valid,
                false => self.list(value, show),
            };
        }
        let steps = CHECK_STEPS.saturating_add(CHECK_STEPS_PER_BYTE.saturating_mul(bytes as u64));
        match within(steps, || self.counting().is_valid(value)) {
            Ok(true) => Verdict::Valid,
            Ok(false) => self.list(value, show),
            Err(exhausted) => Verdict::TooCostly(exhausted),
        }
    }

    fn list(&self, value: &Value, show: ShowValues) -> Verdict {
        let validator = self.counting();
        let list = || {
            let mut violations = Vec::new();
            let mut unlisted = 0;
            for error in validator.iter_errors(value) {
                match violations.len().cmp(&LISTED) {
                    Ordering::Less => violations.extend(explain(&error, show)),
                    Ordering::Equal | Ordering::Greater => unlisted += 1,
                }
            }
            Verdict::Invalid(violations, unlisted)
        };
        if let Ok(listed) = within(LIST_STEPS, list) {
            return listed;
        }
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(listed) = within(LIST_STEPS_ALONE, list) {
            return listed;
        }
        let first = || {
            validator
                .validate(value)
                .err()
                .map(|error| explain(&error, show))
        };
        match within(LIST_STEPS_ALONE, first) {
            Ok(first) => Verdict::Among(first.unwrap_or_default()),
            Err(exhausted) => Verdict::TooCostly(exhausted),
        }
    }

    fn counting(&self) -> &Validator {
        let counting = self.counting.get_or_init(|| {
            let counting = compile(&counting_options(), &counted(&self.schema), self.part);
            counting.ok().flatten()
        });
        // A schema that compiled without the keyword also compiles with it.
        counting.as_ref().unwrap_or(&self.plain)
    }
}

fn compile(
    options: &ValidationOptions<'_>,
    schema: &Value,
    part: Part,
) -> Result<Option<Validator>, jsonschema::ValidationError<'static>> {
    match (part, schema.get("items")) {
        (Part::Whole, _) => options.build(schema).map(Some),
        (Part::Items, Some(items @ Value::Bool(_))) => options.build(items).map(Some),
        (Part::Items, _) => Ok(options.build_map(schema)?.get("#/items").cloned()),
    }
}

/// Converts the error of a schema that cannot be compiled.
pub(super) fn unusable(
    schema: &str,
) -> impl Fn(jsonschema::ValidationError<'static>) -> ValidateError {
    |error| ValidateError::Schema {
        schema: schema.to_owned(),
        pointer: error.instance_path().to_string(),
        cause: Box::new(error),
    }
}
