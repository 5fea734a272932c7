//! Counts how often the subschemas of a schema examine the values of a document.
//!
//! A recursive schema may examine a value twice as often with each level of the document, and jsonschema has no limit
//! of its own. Therefore a counting keyword is inserted into each subschema; when the limit is reached, it unwinds.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::Value;

use crate::layout;

/// The name of the keyword, which no schema uses.
const COUNTED: &str = "accession:step";

/// The limit of steps was exceeded in this subschema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exhausted {
    /// JSON Pointer into the schema.
    pub(super) schema_pointer: String,
}

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Returns `schema` with the counting keyword inserted.
pub(super) fn counted(schema: &Value) -> Value {
    let mut schema = schema.clone();
    insert(&mut schema);
    schema
}

/// Returns the options for compiling such a schema.
pub(super) fn counting_options() -> ValidationOptions<'static> {
    layout::schema_options().with_keyword(COUNTED, |_, _, path| {
        let (schema_pointer, _) = path.as_str().rsplit_once('/').unwrap_or_default();
        let schema_pointer = schema_pointer.to_owned();
        Ok(Box::new(StepCounter { schema_pointer }))
    })
}

/// Runs `work`, which uses a counting validator, in at most this many steps.
pub(super) fn within<T>(steps: u64, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
    LEFT.set(steps);
    // Intermediate state of `work` is dropped with its result; validators keep no state.
    let done = catch_unwind(AssertUnwindSafe(work));
    LEFT.set(u64::MAX);
    done.map_err(|payload| match payload.downcast::<Exhausted>() {
        Ok(exhausted) => *exhausted,
        Err(other) => resume_unwind(other),
    })
}

struct StepCounter {
    schema_pointer: String,
}

impl StepCounter {
    fn take(&self) {
        match LEFT.get().checked_sub(1) {
            Some(left) => LEFT.set(left),
            // Bypasses the panic hook, because this is not a bug.
            None => resume_unwind(Box::new(Exhausted {
                schema_pointer: self.schema_pointer.clone(),
            })),
        }
    }
}

impl<'i> Keyword<'i> for StepCounter {
    fn validate(&self, _instance: &'i Value) -> Result<(), ValidationError<'i>> {
        self.take();
        Ok(())
    }

    fn is_valid(&self, _instance: &'i Value) -> bool {
        self.take();
        true
    }
}

/// Inserts the keyword into each object that may be a schema; in other objects it has no effect.
fn insert(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            for (word, value) in keywords.iter_mut() {
                match (word.as_str(), value) {
                    ("enum" | "const" | "default" | "examples" | "$vocabulary", _) => {}
                    (
                        "properties" | "patternProperties" | "$defs" | "definitions"
                        | "dependentSchemas" | "dependencies" | "dependentRequired",
                        Value::Object(named),
                    ) => named.values_mut().for_each(insert),
                    (_, value) => insert(value),
                }
            }
            keywords.insert(COUNTED.to_owned(), Value::Bool(true));
        }
        Value::Array(several) => several.iter_mut().for_each(insert),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
