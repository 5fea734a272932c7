//! The values of a row in an entry of the audit log, and when two of them are the same.

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
}
