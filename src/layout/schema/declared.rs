//! Detection of typos in member names: a JSON Schema allows a member without naming it, but names a similar one.

use serde_json::{Map, Value};

use crate::model::{Pointer, nearest};

use super::reach::PathStep;

/// Maximum number of nested references; more indicate a cycle.
const DEEPEST: usize = 64;

/// Returns the length of the prefix of `path` whose last step is not named in the schema, and the similar name.
pub(in crate::layout) fn near_miss(schema: &Value, path: &[PathStep]) -> Option<(usize, String)> {
    let mut here = Vec::new();
    spread(schema, schema, 0, &mut here);
    for (at, step) in path.iter().enumerate() {
        let PathStep::Name(name) = step else {
            here = next(schema, &here, |keywords| {
                let members = keywords.get("properties").and_then(Value::as_object);
                let members = members.into_iter().flat_map(Map::values);
                members
                    .chain(keywords.get("items"))
                    .chain(keywords.get("additionalProperties"))
                    .collect()
            });
            continue;
        };
        let open = [
            "additionalProperties",
            "patternProperties",
            "prefixItems",
            "items",
        ];
        if here.is_empty()
            || here
                .iter()
                .any(|keywords| open.iter().any(|word| keywords.contains_key(*word)))
        {
            return None;
        }
        let named = next(schema, &here, |keywords| {
            let member = keywords
                .get("properties")
                .and_then(|members| members.get(name));
            member.into_iter().collect()
        });
        if named.is_empty()
            && !here
                .iter()
                .any(|keywords| names(keywords).any(|known| known == name))
        {
            let known = here.iter().flat_map(|keywords| names(keywords));
            return nearest(name, known).map(|near| (at + 1, near.to_owned()));
        }
        here = named;
    }
    None
}

fn names(keywords: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let members = keywords.get("properties").and_then(Value::as_object);
    members.into_iter().flat_map(Map::keys).map(String::as_str)
}

fn next<'s>(
    root: &'s Value,
    here: &[&'s Map<String, Value>],
    step: impl Fn(&'s Map<String, Value>) -> Vec<&'s Value>,
) -> Vec<&'s Map<String, Value>> {
    let mut found = Vec::new();
    for schema in here.iter().flat_map(|keywords| step(keywords)) {
        spread(root, schema, 0, &mut found);
    }
    found
}

/// Adds the keywords of `schema`, and of all schemas it combines or refers to.
fn spread<'s>(
    root: &'s Value,
    schema: &'s Value,
    depth: usize,
    found: &mut Vec<&'s Map<String, Value>>,
) {
    let Some(keywords) = schema.as_object().filter(|_| depth < DEEPEST) else {
        return;
    };
    // A schema that is combined several times is visited once.
    if found.iter().any(|known| std::ptr::eq(*known, keywords)) {
        return;
    }
    found.push(keywords);
    for word in ["allOf", "anyOf", "oneOf"] {
        let parts = keywords.get(word).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            spread(root, part, depth + 1, found);
        }
    }
    let reference = keywords.get("$ref").and_then(Value::as_str);
    let pointer = reference
        .and_then(|text| text.strip_prefix('#'))
        .map(Pointer::parse);
    if let Some(Ok(pointer)) = pointer
        && let Some(target) = pointer.find(root)
    {
        spread(root, target, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_similar_names_are_reported() {
        let schema = json!({
            "type": "array",
            "items": {"$ref": "#/$defs/person"},
            "$defs": {"person": {"properties": {"name": {}, "address": {"properties": {"street": {}}}}}}
        });
        let miss = |names: &[&str]| {
            let steps = names.iter().map(|name| PathStep::Name((*name).to_owned()));
            let path: Vec<PathStep> = std::iter::once(PathStep::Every).chain(steps).collect();
            near_miss(&schema, &path)
        };
        assert_eq!(miss(&["name"]), None);
        assert_eq!(miss(&["nmae"]), Some((2, "name".to_owned())));
        assert_eq!(miss(&["address", "stret"]), Some((3, "street".to_owned())));
        assert_eq!(miss(&["entirely", "other"]), None);
        assert_eq!(miss(&["name", "first"]), None);
    }
}
