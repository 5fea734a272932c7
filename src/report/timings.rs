//! Report of `--timings`.

use serde::Serialize;
use serde_json::Value;

use crate::model::Timing;

use super::counts::{grouped, table};

/// The steps with their times; empty if there are none.
#[must_use]
pub fn timings_text(timings: &[Timing]) -> String {
    if timings.is_empty() {
        return String::new();
    }
    let row = |timing: &Timing| {
        vec![
            timing.step.clone(),
            grouped(timing.count),
            format!("{:.3}", timing.seconds),
        ]
    };
    let rows: Vec<_> = timings.iter().map(row).collect();
    table(&["step", "count", "seconds"], &rows)
}

/// A document with the timings as its last member. Documents that are arrays have none.
///
/// # Panics
/// If the view cannot be serialized.
#[must_use]
pub fn with_timings(view: &impl Serialize, timings: &[Timing]) -> Value {
    let mut document = serde_json::to_value(view).expect("a view has string keys and no errors");
    if let Value::Object(members) = &mut document {
        members.insert("timings".to_owned(), serde_json::json!(timings));
    }
    document
}
