//! Detection of schemas that allow validation element by element.

use serde_json::Value;

/// Keywords that do not restrict the array as a whole.
const NEUTRAL: [&str; 10] = [
    "$schema",
    "$id",
    "$defs",
    "definitions",
    "$comment",
    "title",
    "description",
    "examples",
    "type",
    "items",
];

/// Whether `schema` requires an array and restricts only its elements.
pub(in crate::layout) fn says_only_items(schema: &Value) -> bool {
    let Some(keywords) = schema.as_object() else {
        return false;
    };
    // An array of schemas (before draft 2020-12) depends on the position of the element.
    let by_position = keywords.get("items").is_some_and(Value::is_array);
    keywords.get("type").is_some_and(|ty| ty == "array")
        && !by_position
        && keywords.keys().all(|name| NEUTRAL.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::says_only_items;
    use serde_json::json;

    #[test]
    fn only_plain_arrays_can_be_read_element_by_element() {
        assert!(says_only_items(
            &json!({"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {}})
        ));
        assert!(says_only_items(&json!({"type": "array"})));
        for schema in [
            json!(true),
            json!({"items": {}}),
            json!({"type": ["array", "null"]}),
            json!({"type": "array", "minItems": 1}),
            json!({"type": "array", "items": [{}, {}]}),
        ] {
            assert!(!says_only_items(&schema), "{schema}");
        }
    }
}
