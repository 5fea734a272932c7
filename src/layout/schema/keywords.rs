//! The parts of a JSON Schema: subschemas, dangling references, unknown keywords.
//!
//! Validators ignore unknown keywords (JSON Schema 2020-12 Core, 4.3.1), so a typo makes a schema more permissive
//! than intended.

use serde_json::{Map, Value};

use crate::model::{Pointer, nearest};

/// Keywords whose value is a schema, or (`items` in older drafts) an array of schemas.
pub(super) const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose value is an array of schemas.
pub(super) const SEVERAL: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords whose value is an object of schemas.
pub(super) const NAMED: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// All other keywords of drafts 4 to 2020-12.
const PLAIN: [&str; 43] = [
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$schema",
    "$vocabulary",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// An unknown keyword, and the keyword that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misspelt {
    pub(super) pointer: String,
    pub(super) word: String,
    pub(super) meant: &'static str,
}

/// Returns unknown keywords that are similar to known ones.
pub(super) fn misspelt(schema: &Value) -> Vec<Misspelt> {
    let mut found = Vec::new();
    each(schema, &mut String::new(), &mut |pointer, keywords| {
        for word in keywords.keys() {
            let known = || {
                [&PLAIN[..], &ONE, &SEVERAL, &NAMED]
                    .into_iter()
                    .flatten()
                    .copied()
            };
            if known().any(|name| name == word) {
                continue;
            }
            if let Some(meant) = nearest(word, known()) {
                found.push(Misspelt {
                    pointer: format!("{pointer}/{}", Pointer::escape(word)),
                    word: word.clone(),
                    meant,
                });
            }
        }
    });
    found
}

/// Returns the pointer to the first `$ref` without a target in the document.
pub(super) fn dangling_reference(schema: &Value) -> Option<String> {
    let mut found = None;
    each(schema, &mut String::new(), &mut |pointer, keywords| {
        let reference = keywords.get("$ref").and_then(Value::as_str);
        if found.is_none() && reference.is_some_and(|reference| !leads(schema, reference)) {
            found = Some(format!("{pointer}/$ref"));
        }
    });
    found
}

/// Whether a reference has a target in the document.
fn leads(schema: &Value, reference: &str) -> bool {
    let Some(fragment) = reference.strip_prefix('#') else {
        return false;
    };
    match Pointer::parse(fragment) {
        Ok(pointer) => pointer.find(schema).is_some(),
        Err(_) => {
            let mut found = false;
            each(schema, &mut String::new(), &mut |_, keywords| {
                let named =
                    |keyword: &str, name: &str| keywords.get(keyword).is_some_and(|it| it == name);
                found |= named("$anchor", fragment) || named("$dynamicAnchor", fragment);
                // Up to draft 7.
                found |= named("$id", reference) || named("id", reference);
            });
            found
        }
    }
}

/// Visits all subschemas that are objects, with their pointers.
pub(super) fn each<'s>(
    schema: &'s Value,
    at: &mut String,
    visit: &mut dyn FnMut(&str, &'s Map<String, Value>),
) {
    let Some(keywords) = schema.as_object() else {
        return;
    };
    visit(at, keywords);
    for (word, value) in keywords {
        let has = |words: &[&str]| words.contains(&word.as_str());
        match value {
            Value::Object(named) if has(&NAMED) => {
                for (name, below) in named {
                    under(at, &[word, name], |at| each(below, at, visit));
                }
            }
            Value::Array(several) if has(&SEVERAL) || has(&ONE) => {
                for (index, below) in several.iter().enumerate() {
                    under(at, &[word, &index.to_string()], |at| each(below, at, visit));
                }
            }
            Value::Object(_) if has(&ONE) => under(at, &[word], |at| each(value, at, visit)),
            _ => {}
        }
    }
}

/// Calls `visit` with the steps appended to the pointer, and removes them again.
fn under(at: &mut String, steps: &[&str], visit: impl FnOnce(&mut String)) {
    let length = at.len();
    for step in steps {
        at.push('/');
        at.push_str(&Pointer::escape(step));
    }
    visit(at);
    at.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn typos_in_keywords_are_found_in_schemas_only() {
        let schema = json!({
            "type": "array",
            "items": {"anyOf": [{"properties": {"minLenght": {"minLenght": 3, "x-note": 1}}}]},
            "default": {"minLenght": 1}
        });
        let expected = Misspelt {
            pointer: "/items/anyOf/0/properties/minLenght/minLenght".to_owned(),
            word: "minLenght".to_owned(),
            meant: "minLength",
        };
        assert_eq!(misspelt(&schema), [expected]);
    }

    #[test]
    fn references_are_resolved_by_the_standard() {
        let lost = |reference: &str| {
            let schema = json!({
                "$defs": {"a/b": {"$anchor": "here"}, "old": {"$id": "#there"}},
                "items": [{"$ref": reference}]
            });
            dangling_reference(&schema)
        };
        for sound in ["#", "#/$defs/a~1b", "#here", "#there"] {
            assert_eq!(lost(sound), None, "{sound}");
        }
        for dangling in ["#/$defs/none", "#nowhere", "https://example.org/x.json"] {
            assert_eq!(
                lost(dangling).as_deref(),
                Some("/items/0/$ref"),
                "{dangling}"
            );
        }
    }
}
