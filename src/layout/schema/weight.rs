//! Whether a JSON Schema examines each value of a document so rarely that its validation needs no limit.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::cost::{Keywords, References, address, depends_on_document};
use super::keywords::each;

/// The maximum weight of one value in a light schema.
const MOST: u64 = 64;
/// Maximum levels of a document, and a few more.
const LEVELS: usize = 130;
/// Longest chain of subschemas that is followed.
const LONGEST: usize = 400;
/// Comparisons with names or constants of the schema that weigh as much as the evaluation of a subschema.
const COMPARISONS: usize = 32;

/// By level below a value: the maximum weight of one value there.
type Weights = Rc<Vec<u64>>;

/// Whether the number of evaluations is small for each value, whatever the document is.
///
/// `allOf`, `anyOf`, `oneOf` and conditions multiply evaluations of the values below too, and `unevaluatedProperties`
/// evaluates subschemas again.
pub(crate) fn is_light(schema: &Value) -> bool {
    if depends_on_document(schema) {
        return false;
    }
    let mut light = true;
    each(schema, &mut String::new(), &mut |_, keywords| {
        light &= !["unevaluatedProperties", "unevaluatedItems"]
            .iter()
            .any(|word| keywords.contains_key(*word));
    });
    let Some(keywords) = schema.as_object().filter(|_| light) else {
        return light;
    };
    let mut weigher = Weigher {
        references: References::of(schema),
        known: HashMap::new(),
    };
    let weights = weigher.of(keywords, 0);
    weights.is_some_and(|weights| weights.iter().all(|weight| *weight <= MOST))
}

/// The number of steps for each member that is compared with names and patterns of this schema.
///
/// For `patternProperties` alone, the members are visited once for each pattern; for the keywords that apply to the other
/// members, each member is compared with all patterns.
pub(crate) fn steps_per_member(schema: &Value) -> u64 {
    let (mut most, mut all, mut others, mut unevaluated) = (0, 0, 0, false);
    each(schema, &mut String::new(), &mut |_, keywords| {
        most = most.max(count(keywords, "properties"));
        let patterns = count(keywords, "patternProperties");
        all += patterns;
        if keywords.contains_key("additionalProperties") {
            others += patterns;
        }
        unevaluated |= keywords.contains_key("unevaluatedProperties");
    });
    let patterns = if unevaluated { all } else { others };
    1 + (most / COMPARISONS + patterns) as u64
}

struct Weigher<'s> {
    references: References<'s>,
    known: HashMap<usize, Weights>,
}

impl<'s> Weigher<'s> {
    /// `None` if a chain of subschemas is too long.
    fn of(&mut self, keywords: &'s Keywords, depth: usize) -> Option<Weights> {
        if let Some(known) = self.known.get(&address(keywords)) {
            return Some(Rc::clone(known));
        }
        if depth >= LONGEST {
            return None;
        }
        let mut weights = vec![own(keywords)];
        for part in self.references.same_value(keywords) {
            add(&mut weights, 0, &self.of(part, depth + 1)?);
        }
        if !self.references.is_lonely(keywords) {
            // Of these, one applies to a member or an element.
            for word in ["properties", "prefixItems", "items"] {
                let mut most = Vec::new();
                for part in several(keywords, word) {
                    let part = self.of(part, depth + 1)?;
                    most.resize(most.len().max(part.len()), 0);
                    for (most, weight) in most.iter_mut().zip(part.iter()) {
                        *most = weight.max(most).to_owned();
                    }
                }
                add(&mut weights, 1, &most);
            }
            let words = [
                "patternProperties",
                "additionalProperties",
                "propertyNames",
                "items",
                "additionalItems",
                "contains",
            ];
            for word in words {
                let parts: Vec<_> = match word {
                    "patternProperties" => several(keywords, word).collect(),
                    _ => keywords
                        .get(word)
                        .and_then(Value::as_object)
                        .into_iter()
                        .collect(),
                };
                for part in parts {
                    add(&mut weights, 1, &self.of(part, depth + 1)?);
                }
            }
        }
        weights.truncate(LEVELS);
        let weights = Rc::new(weights);
        self.known.insert(address(keywords), Rc::clone(&weights));
        Some(weights)
    }
}

/// The weight of a subschema without its parts.
fn own(keywords: &Keywords) -> u64 {
    let compared = ["enum", "required", "dependentRequired", "properties"];
    let compared: usize = compared.iter().map(|word| count(keywords, word)).sum();
    let patterns = count(keywords, "patternProperties");
    (1 + compared / COMPARISONS + patterns) as u64
}

fn count(keywords: &Keywords, word: &str) -> usize {
    match keywords.get(word) {
        Some(Value::Object(named)) => named.len(),
        Some(Value::Array(several)) => several.len(),
        _ => 0,
    }
}

/// The subschemas in an array, or in an object of `properties` or `patternProperties`.
fn several<'s>(keywords: &'s Keywords, word: &str) -> impl Iterator<Item = &'s Map<String, Value>> {
    let values: Vec<&Value> = match keywords.get(word) {
        Some(Value::Object(named)) if word != "items" => named.values().collect(),
        Some(Value::Array(several)) => several.iter().collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter_map(Value::as_object)
}

/// Adds the weights of a subschema that applies this many levels below.
fn add(weights: &mut Vec<u64>, below: usize, part: &[u64]) {
    if part.is_empty() {
        return;
    }
    weights.resize(weights.len().max(part.len() + below), 0);
    for (weight, more) in weights[below..].iter_mut().zip(part) {
        *weight = weight.saturating_add(*more);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alternatives(count: usize) -> Vec<Value> {
        (0..count)
            .map(|at| json!({"properties": {format!("p{at}"): {"type": "string"}}}))
            .collect()
    }

    #[test]
    fn ordinary_schemas_are_light() {
        for schema in [
            json!(true),
            json!({"items": {"anyOf": alternatives(10)}}),
            json!({"properties": {"a": {"enum": vec!["x"; 500]}, "b": {"pattern": "^x"}}}),
        ] {
            assert!(is_light(&schema), "{schema}");
        }
    }

    #[test]
    fn schemas_that_multiply_are_not() {
        let mut definitions = Map::new();
        for at in 0..30 {
            let next = json!({"properties": {"x": {"$ref": format!("#/$defs/a{}", at + 1)}}});
            definitions.insert(format!("a{at}"), json!({"anyOf": [next, next]}));
        }
        definitions.insert("a30".to_owned(), json!({"type": "object"}));
        let names: Map<String, Value> =
            (0..3000).map(|at| (format!("^q{at}"), json!({}))).collect();
        let mut chain = json!({});
        for _ in 0..450 {
            chain = json!({"properties": {"x": chain}});
        }
        for schema in [
            json!({"anyOf": alternatives(3000)}),
            json!({"anyOf": alternatives(2), "unevaluatedProperties": false}),
            json!({"$ref": "#/$defs/a0", "$defs": definitions}),
            json!({"patternProperties": names}),
            json!({"additionalProperties": {"enum": vec!["x"; 30_000]}}),
            json!({"items": {"$ref": "#"}}),
            chain,
        ] {
            assert!(!is_light(&schema), "{}", schema.to_string().len());
        }
    }
}
