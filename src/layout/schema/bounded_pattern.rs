//! Patterns that a finite automaton cannot match: with lookaround, backreferences or groups that are not entered again.
//!
//! Each step back, and each position where such a pattern may begin, can read the string to its end. So the number of
//! steps back that are allowed gets smaller with the length of the string; fancy-regex has one limit per pattern.

use std::sync::{Arc, OnceLock};

use jsonschema::json::{Json, Node};
use jsonschema::paths::Location;
use jsonschema::{
    Keyword, PatternOptions, Retrieve, ValidationError, ValidationOptions, Validator,
};
use serde_json::{Map, Value, json};

use super::keywords::each;

/// The maximum number of steps back.
const BACKTRACKS: usize = 100_000;
/// Steps back times the length in bytes of the string: some seconds. Unit tests are not optimised.
const BYTES_READ: usize = if cfg!(test) {
    100_000_000
} else {
    2_000_000_000
};
/// Of strings up to this length in bytes, the number of steps back is the highest.
const SHORT: usize = (BYTES_READ / BACKTRACKS).next_power_of_two();
/// Strings may be twice as long in each class as in the one before.
const CLASSES: usize = 24;

/// The backtracking limit of strings that are at most `SHORT << class` bytes long.
fn limit(class: usize) -> usize {
    (BACKTRACKS >> class).max(1)
}

/// Options in which every pattern has the limit of a class.
pub(super) fn limited<F: Json>(class: usize) -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    jsonschema::options_for::<F>()
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(limit(class)))
}

/// Whether the schema has such a pattern.
pub(super) fn is_needed(schema: &Value) -> bool {
    let mut found = false;
    each(schema, &mut String::new(), &mut |_, keywords| {
        let pattern = keywords.get("pattern").and_then(Value::as_str);
        found |= pattern.is_some_and(goes_back);
    });
    found
}

/// Whether names of members are matched with such a pattern.
pub(crate) fn names_are_matched_slowly(schema: &Value) -> bool {
    let mut found = false;
    each(schema, &mut String::new(), &mut |_, keywords| {
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        found |= patterns.is_some_and(|patterns| patterns.keys().any(|pattern| goes_back(pattern)));
    });
    found
}

/// Whether a pattern has such parts; perhaps also if they are escaped, or in a class of characters.
fn goes_back(pattern: &str) -> bool {
    const PARTS: [&str; 9] = ["(?=", "(?!", "(?<", "(?>", "(?(", "++", "*+", "?+", "}+"];
    let mut escapes = pattern.match_indices('\\');
    PARTS.iter().any(|part| pattern.contains(part))
        || escapes.any(|(at, _)| {
            let next = pattern.as_bytes().get(at + 1);
            next.is_some_and(|next| {
                next.is_ascii_digit() || matches!(next, b'k' | b'g' | b'G' | b'K')
            })
        })
}

/// Matches `pattern` within the limit of each string's class.
struct BoundedPattern<F: Json> {
    pattern: Value,
    /// Compiled when a string of the class is first matched.
    classes: [OnceLock<Option<Validator<F>>>; CLASSES],
}

/// Makes the implementation of the keyword `pattern`.
pub(super) fn bounded_pattern<'a, F: Json>(
    _: &'a Map<String, Value>,
    pattern: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i, F>>, ValidationError<'a>> {
    let keyword = BoundedPattern::<F> {
        pattern: pattern.clone(),
        classes: Default::default(),
    };
    // A pattern that cannot be compiled is an error of the schema.
    let first = limited(0).build(&keyword.schema())?;
    let _ = keyword.classes[0].set(Some(first));
    Ok(Box::new(keyword))
}

impl<F: Json> BoundedPattern<F> {
    fn schema(&self) -> Value {
        json!({"pattern": self.pattern})
    }

    /// The validator for a string; `None` if the value is none.
    fn validator(&self, value: &F::Node<'_>) -> Option<&Validator<F>> {
        let length = value.as_string()?.len();
        let classes = length.div_ceil(SHORT).next_power_of_two().ilog2() as usize;
        let class = classes.min(CLASSES - 1);
        let compile = || limited(class).build(&self.schema()).ok();
        self.classes[class].get_or_init(compile).as_ref()
    }
}

impl<'i, F: Json> Keyword<'i, F> for BoundedPattern<F> {
    fn validate(&self, value: F::Node<'i>) -> Result<(), ValidationError<'i>> {
        match self.validator(&value) {
            Some(validator) => validator.validate(value),
            None => Ok(()),
        }
    }

    fn is_valid(&self, value: F::Node<'i>) -> bool {
        self.validator(&value)
            .is_none_or(|validator| validator.is_valid(value))
    }
}
