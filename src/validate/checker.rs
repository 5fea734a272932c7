//! A compiled schema that is applied within limits of time and memory.

use std::cmp::Ordering;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::json::{Json, SerdeJson};
use jsonschema::{Retrieve, ValidationOptions, Validator};
use serde_json::Value;

use crate::layout;
use crate::model::ShowValues;

use super::ValidateError;
use super::counted::{Counted, CountedJson};
use super::explain::explain;
use super::steps::{Exhausted, MemberSteps, within};
use super::violation::Violation;

/// The maximum number of violations of one element that are reported individually.
const LISTED: usize = 1000;
/// The number of steps for listing violations. Every few steps create an error, and errors use memory. Unit tests are not
/// optimised, so they exceed lower limits.
const LIST_STEPS: u64 = if cfg!(test) { 20_000 } else { 200_000 };
/// The same limit while no other thread is listing that many.
const LIST_STEPS_ALONE: u64 = 10 * LIST_STEPS;
/// The number of steps that a schema may use for any document, and for each byte of one.
const CHECK_STEPS: u64 = if cfg!(test) { 400_000 } else { 4_000_000 };
const CHECK_STEPS_PER_BYTE: u64 = if cfg!(test) { 2 } else { 64 };

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
    /// The same schema for values whose examinations are counted; compiled when it is first needed.
    counting: OnceLock<Option<Validator<CountedJson>>>,
    schema: Value,
    part: Part,
    /// Whether no limit is needed to decide on validity.
    is_light: bool,
    steps_per_member: MemberSteps,
}

/// The result of checking a value.
#[derive(Debug)]
pub(super) enum Verdict {
    Valid,
    /// These violations, and this many more.
    Invalid(Vec<Violation>, u64),
    /// At least these violations; finding all of them would take too long.
    Among(Vec<Violation>),
    /// The check was stopped because it takes too long, or because the run is interrupted.
    TooCostly,
}

impl Checker {
    /// Compiles a part of `schema`; `None` if the schema does not have that part.
    pub(super) fn compile(
        schema: &Value,
        part: Part,
    ) -> Result<Option<Self>, jsonschema::ValidationError<'static>> {
        let plain = compile(
            &layout::schema_options_for::<SerdeJson>(schema),
            schema,
            part,
        )?;
        let reads_names_again = layout::names_are_matched_slowly(schema);
        Ok(plain.map(|plain| Self {
            plain,
            counting: OnceLock::new(),
            schema: schema.clone(),
            part,
            is_light: layout::is_light(schema) && !reads_names_again,
            steps_per_member: MemberSteps {
                each: layout::steps_per_member(schema),
                reads_names_again,
            },
        }))
    }

    /// Checks a value whose text is `bytes` long.
    pub(super) fn check(
        &self,
        value: &Value,
        bytes: usize,
        show: ShowValues,
        interrupted: &AtomicBool,
    ) -> Verdict {
        if self.is_light && self.plain.is_valid(value) {
            return Verdict::Valid;
        }
        let Some(validator) = self.counting() else {
            return Verdict::TooCostly;
        };
        let value = Counted::new(value, interrupted);
        if !self.is_light {
            let steps = CHECK_STEPS_PER_BYTE.saturating_mul(bytes as u64);
            let steps = CHECK_STEPS.saturating_add(steps);
            match within(steps, self.steps_per_member, || validator.is_valid(value)) {
                Ok(true) => return Verdict::Valid,
                Ok(false) => {}
                Err(Exhausted) => return Verdict::TooCostly,
            }
        }
        self.list(validator, value, show)
    }

    fn list(
        &self,
        validator: &Validator<CountedJson>,
        value: Counted<'_>,
        show: ShowValues,
    ) -> Verdict {
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
        if let Ok(listed) = within(LIST_STEPS, self.steps_per_member, list) {
            return listed;
        }
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(listed) = within(LIST_STEPS_ALONE, self.steps_per_member, list) {
            return listed;
        }
        let first = || {
            validator
                .validate(value)
                .err()
                .map(|error| explain(&error, show))
        };
        match within(LIST_STEPS_ALONE, self.steps_per_member, first) {
            Ok(first) => Verdict::Among(first.unwrap_or_default()),
            Err(Exhausted) => Verdict::TooCostly,
        }
    }

    /// `None` cannot happen: the schema compiled for other values.
    fn counting(&self) -> Option<&Validator<CountedJson>> {
        let counting = self.counting.get_or_init(|| {
            let options = layout::schema_options_for::<CountedJson>(&self.schema);
            compile(&options, &self.schema, self.part).ok().flatten()
        });
        counting.as_ref()
    }
}

fn compile<F: Json>(
    options: &ValidationOptions<'_, Arc<dyn Retrieve>, F>,
    schema: &Value,
    part: Part,
) -> Result<Option<Validator<F>>, jsonschema::ValidationError<'static>> {
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
