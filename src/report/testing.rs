//! Comparing reports in tests, line by line and without colours, and with the manual.

use serde_json::Value;

/// What the manual says about JSON.
const MANUAL: &str = include_str!("../../docs/json.md");

/// Members whose value is an object by table or column names.
const BY_NAME: [&str; 3] = ["tables", "rows", "different_columns"];

/// Fails unless `text` consists of `lines`.
#[track_caller]
pub(super) fn assert_lines(text: &str, lines: &[&str]) {
    let plain = anstream::adapter::strip_str(text).to_string();
    assert_eq!(plain.lines().collect::<Vec<_>>(), lines, "\n{plain}");
    assert!(plain.ends_with('\n'), "{plain}");
}

/// Fails unless the manual names every member of `json`.
#[track_caller]
pub(super) fn assert_documented(json: &Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                let named = [format!("`{name}`"), format!("\"{name}\"")];
                let documented = named.iter().any(|name| MANUAL.contains(name));
                assert!(documented, "docs/json.md does not mention `{name}`");
                match value {
                    Value::Object(named) if BY_NAME.contains(&name.as_str()) => {
                        named.values().for_each(assert_documented);
                    }
                    other => assert_documented(other),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(assert_documented),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_rule_is_in_the_manual() {
    for code in crate::model::Rule::ALL.map(crate::model::Rule::code) {
        assert!(MANUAL.contains(&format!("`{code}`")), "{code}");
    }
}
