//! Detection of paths that cannot exist according to a JSON Schema.
//!
//! Only certain results count: a path is impossible if the schema rejects every document with it, judged by `type`,
//! `properties`, `items`, `prefixItems`, `additionalProperties` and combinations of them. Everything else (patterns,
//! conditions, dynamic references, `unevaluated…`) counts as possible.

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::model::Pointer;

/// A step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::layout) enum PathStep {
    /// This member, or the element with this index.
    Name(String),
    /// Any member or element.
    Every,
}

/// The requirement on the value at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::layout) enum Kind {
    /// Any value.
    Any,
    /// A value that can be a string.
    Text,
}

/// Maximum number of nested references; beyond it, the path counts as possible, because the schema is recursive.
const DEEPEST: usize = 64;
/// Maximum number of visited subschemas; beyond it, the path counts as possible.
const MOST: u32 = 1_000_000;

/// Whether `schema` accepts some document with a value of `kind` at `path`.
pub(in crate::layout) fn accepts(schema: &Value, path: &[PathStep], kind: Kind) -> bool {
    // Up to draft 7, keywords next to `$ref` are ignored.
    let draft = schema.get("$schema").and_then(Value::as_str);
    let reach = Reach {
        root: schema,
        kind,
        lonely_references: draft.is_some_and(|draft| draft.contains("/draft-0")),
        looks: Cell::new(MOST),
    };
    reach.possible(schema, path, 0)
}

/// Returns the length of the shortest prefix of `path` that cannot exist.
pub(in crate::layout) fn impossible_prefix(schema: &Value, path: &[PathStep]) -> Option<usize> {
    (1..=path.len()).find(|&length| !accepts(schema, &path[..length], Kind::Any))
}

struct Reach<'s> {
    root: &'s Value,
    kind: Kind,
    lonely_references: bool,
    looks: Cell<u32>,
}

impl Reach<'_> {
    fn possible(&self, schema: &Value, path: &[PathStep], depth: usize) -> bool {
        match schema {
            Value::Bool(allowed) => *allowed,
            Value::Object(keywords) if depth < DEEPEST && self.looks.get() > 0 => {
                self.looks.set(self.looks.get() - 1);
                let deeper = |schema: &Value| self.possible(schema, path, depth + 1);
                if self.lonely_references && keywords.contains_key("$ref") {
                    return self.referred(keywords).is_none_or(deeper);
                }
                let all =
                    |name: &str| list(keywords, name).is_none_or(|all| all.iter().all(deeper));
                let any =
                    |name: &str| list(keywords, name).is_none_or(|any| any.iter().any(deeper));
                self.own_keywords(keywords, path, depth)
                    && self.referred(keywords).is_none_or(deeper)
                    && all("allOf")
                    && any("anyOf")
                    && any("oneOf")
            }
            Value::Object(_)
            | Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => true,
        }
    }

    fn own_keywords(&self, keywords: &Map<String, Value>, path: &[PathStep], depth: usize) -> bool {
        let Some((step, rest)) = path.split_first() else {
            return match self.kind {
                Kind::Any => true,
                Kind::Text => has_type(keywords, "string"),
            };
        };
        let deeper = |schema: &Value| self.possible(schema, rest, depth + 1);
        has_type(keywords, "object") && in_object(keywords, step, deeper)
            || has_type(keywords, "array") && in_array(keywords, step, deeper)
    }

    /// Returns the target of `$ref`, if it is a JSON Pointer into this document.
    fn referred(&self, keywords: &Map<String, Value>) -> Option<&Value> {
        let reference = keywords.get("$ref")?.as_str()?.strip_prefix('#')?;
        // A percent-encoded pointer is not decoded: it has no target and counts as possible.
        Pointer::parse(reference).ok()?.find(self.root)
    }
}

fn in_object(
    keywords: &Map<String, Value>,
    step: &PathStep,
    mut deeper: impl FnMut(&Value) -> bool,
) -> bool {
    let properties = keywords.get("properties").and_then(Value::as_object);
    let patterns = keywords.get("patternProperties").and_then(Value::as_object);
    let additional = keywords.get("additionalProperties");
    match step {
        PathStep::Name(name) => match properties.and_then(|known| known.get(name)) {
            Some(schema) => deeper(schema),
            None if patterns.is_some_and(|patterns| !patterns.is_empty()) => true,
            None => additional.is_none_or(deeper),
        },
        PathStep::Every => {
            additional.is_none_or(&mut deeper)
                || properties.is_some_and(|known| known.values().any(&mut deeper))
                || patterns.is_some_and(|known| known.values().any(&mut deeper))
        }
    }
}

fn in_array(
    keywords: &Map<String, Value>,
    step: &PathStep,
    mut deeper: impl FnMut(&Value) -> bool,
) -> bool {
    // Before draft 2020-12, `items` could be what is now `prefixItems`, and `additionalItems` what is now `items`.
    let (prefix, items) = match (list(keywords, "prefixItems"), keywords.get("items")) {
        (None, Some(Value::Array(prefix))) => (prefix.as_slice(), keywords.get("additionalItems")),
        (prefix, items) => (prefix.unwrap_or_default(), items),
    };
    match step {
        PathStep::Name(name) => match name.parse::<usize>() {
            Ok(index) => prefix.get(index).or(items).is_none_or(deeper),
            Err(_) => false,
        },
        PathStep::Every => items.is_none_or(&mut deeper) || prefix.iter().any(deeper),
    }
}

fn list<'k>(keywords: &'k Map<String, Value>, name: &str) -> Option<&'k [Value]> {
    keywords.get(name)?.as_array().map(Vec::as_slice)
}

fn has_type(keywords: &Map<String, Value>, wanted: &str) -> bool {
    match keywords.get("type") {
        Some(Value::String(ty)) => ty == wanted,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == wanted),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn possible(schema: &Value, path: &str) -> bool {
        let steps = Pointer::parse(path).expect(path).tokens.into_iter();
        let path: Vec<PathStep> = steps
            .map(|token| match token.as_str() {
                "*" => PathStep::Every,
                _ => PathStep::Name(token),
            })
            .collect();
        accepts(schema, &path, Kind::Any)
    }

    #[test]
    fn only_open_objects_have_other_members() {
        let closed = json!({"properties": {"a": {}}, "additionalProperties": false});
        assert!(possible(&closed, "/a"));
        assert!(!possible(&closed, "/b"));
        assert!(possible(&json!({"properties": {"a": {}}}), "/b"));
        let patterns = json!({"patternProperties": {"^x": {}}, "additionalProperties": false});
        assert!(possible(&patterns, "/x1"));
    }

    #[test]
    fn only_containers_have_parts() {
        assert!(!possible(&json!({"type": "string"}), "/a"));
        assert!(!possible(&json!({"type": "array"}), "/a"));
        assert!(possible(&json!({"type": "array"}), "/0"));
        assert!(possible(&json!({"type": ["null", "object"]}), "/a"));
        assert!(!possible(
            &json!({"type": "array", "items": {"type": "string"}}),
            "/*/a"
        ));
        assert!(!possible(
            &json!({"prefixItems": [{}], "items": false, "type": "array"}),
            "/1"
        ));
    }

    #[test]
    fn references_and_combinations_are_followed() {
        let schema = json!({
            "type": "array",
            "items": {"$ref": "#/$defs/a"},
            "$defs": {"a": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/b"}]},
                      "b": {"type": "object", "properties": {"x": {}}, "additionalProperties": false}}
        });
        assert!(possible(&schema, "/0/x"));
        assert!(!possible(&schema, "/0/y"));
        assert!(!possible(
            &json!({"allOf": [{}, {"properties": {"x": false}}]}),
            "/x"
        ));
        assert!(possible(&json!({"$ref": "#"}), "/x/y"));
        assert!(possible(&json!({"$dynamicRef": "#node"}), "/x"));
    }

    #[test]
    fn the_first_impossible_step_is_found() {
        let schema = json!({"properties": {"a": {"type": "string"}}, "type": "object"});
        let path = ["a", "b", "c"].map(|name| PathStep::Name(name.to_owned()));
        assert_eq!(impossible_prefix(&schema, &path), Some(2));
    }
}
