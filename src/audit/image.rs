//! The values of a row in an entry of the audit log, and when two of them are the same.

use std::hash::{Hash, Hasher};

use serde_json::{Map, Value};

/// Columns of a row with their values, as written in the audit log.
pub type Image = Map<String, Value>;

/// Whether two values in images are the same value of a column.
///
/// Reals are compared as binary64: the triggers run in the SQLite library of the writing program, and its versions
/// print the same real as `0.1` or as `0.10000000000000001`. Booleans are numbers where no trigger knows that a column
/// is boolean.
#[must_use]
pub fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if is_real(&one.to_string()) => {
            is_real(&other.to_string()) && one.as_f64() == other.as_f64()
        }
        (Value::Bool(truth), Value::Number(number))
        | (Value::Number(number), Value::Bool(truth)) => number.as_u64() == Some(u64::from(*truth)),
        (one, other) => one == other,
    }
}

/// Feeds a value into a hasher; values that are the same by [`same_value`] have the same hash. The kind of value comes
/// first: the bits of `0.0` are those that represent NULL.
pub(super) fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Bool(truth) => (1_u8, u8::from(*truth).to_string()).hash(hasher),
        Value::Number(number) => {
            let text = number.to_string();
            match number.as_f64() {
                Some(real) if is_real(&text) => (2_u8, bits(real)).hash(hasher),
                Some(_) | None => (1_u8, text).hash(hasher),
            }
        }
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            (0_u8, value).hash(hasher);
        }
    }
}

/// The bits of a real. Zero has two signs, but is one value.
pub(super) fn bits(real: f64) -> u64 {
    (real + 0.0).to_bits()
}

/// Whether the JSON text of a number is that of a real.
pub(super) fn is_real(number: &str) -> bool {
    number.contains(['.', 'e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_are_equal_in_all_spellings() {
        let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let same = |one: &str, other: &str| same_value(&value(one), &value(other));
        assert!(same("0.1", "0.10000000000000001"));
        assert!(same("1e2", "100.0"));
        assert!(same("true", "1") && same("0", "false"));
        assert!(!same("0.1", "0.10000000000000002"));
        assert!(!same("1", "1.0"));
        assert!(!same("12345678901234567890123", "12345678901234567890124"));
        assert!(!same("true", "2") && !same("\"1\"", "1"));
    }

    #[test]
    fn same_values_have_the_same_hash() {
        let hash = |text: &str| {
            let mut hasher = std::hash::DefaultHasher::new();
            hash_value(&serde_json::from_str(text).expect("JSON"), &mut hasher);
            hasher.finish()
        };
        for (one, other) in [
            ("0.1", "0.10000000000000001"),
            ("0.0", "-0.0"),
            ("true", "1"),
        ] {
            assert_eq!(hash(one), hash(other), "{one} {other}");
        }
        assert_ne!(hash("1"), hash("1.0"));
        assert_ne!(hash("\"1\""), hash("1"));
        assert_ne!(hash("null"), hash("0.0"));
    }
}
