//! Describes the values of a difference: their types and lengths, or the values themselves if they may be shown.

use crate::model::{ShowValues, Value, canonical_json, excerpt, plural};

/// Maximum number of characters shown of a value, and how many of them precede the first different one.
const SHOWN: usize = 120;
const BEFORE: usize = 20;

/// Describes the expected and the found value.
pub(super) fn described(expected: &Value, found: &Value, show: ShowValues) -> (String, String) {
    match show {
        ShowValues::Masked => {
            let (expected, found) = (masked(expected), masked(found));
            let same = found.strip_prefix("a ").or(found.strip_prefix("an "));
            let found = match same.filter(|_| found == expected) {
                Some(kind) => format!("another {kind}"),
                None => found,
            };
            (expected, found)
        }
        ShowValues::Shown => {
            let (expected, found) = (shown(expected), shown(found));
            let pairs = expected.chars().zip(found.chars());
            let same = pairs.take_while(|(expected, found)| expected == found);
            let from = same.count().saturating_sub(BEFORE);
            (
                excerpt(&expected, from, SHOWN),
                excerpt(&found, from, SHOWN),
            )
        }
    }
}

fn masked(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Default | Value::ParentKey(_) => "the default".to_owned(),
        Value::Boolean(_) => "a boolean".to_owned(),
        Value::Integer(_) => "an integer".to_owned(),
        Value::Real(_) => "a real number".to_owned(),
        Value::Text(text) => format!("a string of {}", characters(text)),
        Value::Json(text) => format!("a JSON text of {}", characters(text)),
        Value::Timestamp(_) => "a timestamp".to_owned(),
        Value::Date(_) => "a date".to_owned(),
        Value::Uuid(_) => "a UUID".to_owned(),
        Value::Blob(bytes) => format!("a BLOB of {}", plural(bytes.len() as u64, "byte")),
        Value::InvalidText(bytes) => {
            let bytes = plural(bytes.len() as u64, "byte");
            format!("a string of {bytes} that is not valid UTF-8")
        }
    }
}

fn characters(text: &str) -> String {
    plural(text.chars().count() as u64, "character")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null | Value::Default | Value::ParentKey(_) => masked(value),
        Value::Text(text) => serde_json::Value::from(&**text).to_string(),
        Value::Json(text) => format!("JSON {}", canonical_json(text)),
        Value::Blob(_) | Value::InvalidText(_) => format!("X'{}'", value.key_text()),
        Value::Boolean(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Integer(_) | Value::Timestamp(_) | Value::Date(_) | Value::Uuid(_) => {
            value.key_text()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_values_show_only_type_and_length() {
        let (expected, found) = described(
            &Value::text("Ada 小"),
            &Value::Integer(17),
            ShowValues::Masked,
        );
        assert_eq!(
            (expected.as_str(), found.as_str()),
            ("a string of 5 characters", "an integer")
        );
        let (_, found) = described(&Value::Integer(1), &Value::Integer(2), ShowValues::Masked);
        assert_eq!(found, "another integer");
    }

    #[test]
    fn long_text_is_shown_around_the_difference() {
        let expected = format!("{}a{}", "字".repeat(300), "x".repeat(300));
        let found = expected.replace('a', "b");
        let (expected, found) = described(
            &Value::text(expected),
            &Value::text(found),
            ShowValues::Shown,
        );
        assert!(expected.contains("字ax") && expected.ends_with("… (603 characters)"));
        assert!(found.contains("字bx") && found.starts_with('…'));
    }

    #[test]
    fn shown_values_reveal_their_type() {
        let shown = |value| described(&value, &Value::Null, ShowValues::Shown).0;
        assert_eq!(shown(Value::text("1")), "\"1\"");
        assert_eq!(shown(Value::Integer(1)), "1");
        assert_eq!(shown(Value::Real(1.0)), "1.0");
        assert_eq!(shown(Value::Json("{\"b\": 1}".into())), "JSON {\"b\":1}");
    }
}
