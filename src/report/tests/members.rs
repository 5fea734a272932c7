//! What a schema promises, as a set of lines that can be compared.

use std::collections::BTreeSet;

use serde_json::Value;

/// A line per member with its type, per required member, and per value of an enumeration.
pub(super) fn members(schema: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    add(schema, schema, "", &mut lines);
    lines
}

fn add(root: &Value, schema: &Value, path: &str, lines: &mut BTreeSet<String>) {
    let schema = resolved(root, schema);
    let alternatives = ["anyOf", "oneOf"].map(|name| schema[name].as_array());
    for alternative in alternatives.into_iter().flatten().flatten() {
        add(root, alternative, path, lines);
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    lines.extend(types.iter().map(|one| format!("{path}: {one}")));
    let values = schema["enum"].as_array().into_iter().flatten();
    lines.extend(
        values
            .chain(schema.get("const"))
            .map(|value| format!("{path} = {value}")),
    );
    let required = schema["required"].as_array().into_iter().flatten();
    let required = required.filter_map(Value::as_str);
    lines.extend(required.map(|name| format!("{path}.{name} is required")));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        add(root, member, &format!("{path}.{name}"), lines);
    }
    for (name, below) in [
        ("items", "[]"),
        ("prefixItems", "[]"),
        ("additionalProperties", ".*"),
    ] {
        if schema[name].is_object() {
            add(root, &schema[name], &format!("{path}{below}"), lines);
        }
    }
}

/// Follows a `$ref`.
pub(super) fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let Some(pointer) = schema["$ref"].as_str() else {
        return schema;
    };
    let pointer = pointer.trim_start_matches('#');
    root.pointer(pointer).expect("a definition of the schema")
}
