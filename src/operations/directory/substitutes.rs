//! Substitutes for values that are known only with a database: parameters without a value, and references.
//!
//! [`Value::Default`] means "there is a value, known later". It fits every column, so the mapping accepts it and checks
//! everything else.

use std::collections::BTreeMap;

use crate::layout::{Layout, ParameterDefault, Reference};
use crate::map::References;
use crate::model::{Place, Value};

/// Resolves every reference.
pub(in crate::operations) struct AnyReference;

impl References for AnyReference {
    fn find(&self, _reference: &Reference, _key: &[Value]) -> Option<Value> {
        Some(Value::Default)
    }

    fn find_invalid(&self, _reference: &Reference, _key: &[Value]) -> Option<Place> {
        None
    }

    fn has_file(&self, _path: &str) -> bool {
        true
    }
}

/// The value of each parameter: the given value, the fixed default, or a substitute.
pub(in crate::operations) fn parameter_substitutes(
    layout: &Layout,
    given: &BTreeMap<String, String>,
) -> Vec<Result<Value, String>> {
    let value = |parameter: &crate::layout::Parameter| match (
        given.get(&parameter.name),
        &parameter.default,
    ) {
        (Some(text), _) | (None, Some(ParameterDefault::Text(text))) => Value::text(text.as_str()),
        (None, Some(ParameterDefault::Only { .. }) | None) => Value::Default,
    };
    layout.parameters.iter().map(value).map(Ok).collect()
}
