//! The cost of a JSON Schema for a single value, computed before it is compiled.
//!
//! `allOf`, `anyOf`, `oneOf`, conditions and `$ref` apply to the same value, and multiply: thirty definitions that
//! each refer to the next one twice evaluate a value a billion times. The cost of all other schemas that are not
//! [light](super::weight) is limited during validation (`validate/steps.rs`).

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::Pointer;

use super::keywords::{NAMED, ONE, SEVERAL, each};

/// Maximum number of evaluations of a single value.
const MOST: u64 = 100_000;
/// Maximum number of nested subschemas for a single value: each needs stack space, and a document is up to 127 levels
/// deep.
const DEEPEST: usize = 100;

pub(super) type Keywords = Map<String, Value>;

/// The reason why a schema is too expensive, and the pointer to the subschema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) pointer: String,
    pub(super) kind: ExcessKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExcessKind {
    /// Too many evaluations of one value.
    Often,
    /// Too many nested subschemas.
    Deep,
    /// A reference cycle without a step into the value.
    Loop,
}

impl ExcessKind {
    pub(super) fn message(self) -> String {
        match self {
            Self::Often => format!(
                "the schema evaluates a single value more than {MOST} times: `$ref`, `allOf`, `anyOf` and `oneOf` multiply"
            ),
            Self::Deep => format!(
                "more than {DEEPEST} nested schemas apply to a single value: `$ref`, `allOf`, `anyOf` and `oneOf` add up"
            ),
            Self::Loop => "the schema refers to itself for the same value".to_owned(),
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Often => "refer to each alternative once",
            Self::Deep => "refer to the innermost schema directly",
            Self::Loop => "remove the reference, or move it below `properties` or `items`",
        }
    }
}

/// The cost of a subschema for a single value.
#[derive(Debug, Clone, Copy)]
struct Cost {
    looks: u64,
    depth: usize,
}

/// Returns the subschema that exceeds a limit, if any.
pub(super) fn excess(schema: &Value) -> Option<Excess> {
    let mut all = Vec::new();
    each(schema, &mut String::new(), &mut |pointer, keywords| {
        all.push((pointer.to_owned(), keywords));
    });
    let mut costs = Costs {
        references: References::of(schema),
        known: HashMap::new(),
        open: Vec::new(),
    };
    for (pointer, keywords) in &all {
        if let Err((at, kind)) = costs.of(keywords, 0) {
            let place = all.iter().find(|(_, keywords)| address(keywords) == at);
            let pointer = place.map_or(pointer, |(pointer, _)| pointer).clone();
            return Some(Excess { pointer, kind });
        }
    }
    None
}

/// Whether the cost depends on the document: on its depth, or on references that are resolved during validation.
pub(super) fn depends_on_document(schema: &Value) -> bool {
    let references = References::of(schema);
    let mut nodes = Vec::new();
    each(schema, &mut String::new(), &mut |_, keywords| {
        nodes.push(keywords);
    });
    let index: HashMap<usize, usize> = nodes.iter().map(|node| address(node)).zip(0..).collect();
    let mut leads_to = Vec::new();
    let mut waiting = vec![0_usize; nodes.len()];
    for keywords in &nodes {
        if ["$dynamicRef", "$recursiveRef"]
            .iter()
            .any(|word| keywords.contains_key(*word))
        {
            return true;
        }
        let mut targets: Vec<usize> = Vec::new();
        let referred = match keywords.get("$ref").and_then(Value::as_str) {
            None => None,
            Some(reference) => match references.find(reference) {
                Some(target) => target,
                None => return true,
            },
        };
        for target in below(keywords).chain(referred) {
            match index.get(&address(target)) {
                Some(target) => targets.push(*target),
                // The reference leads to a location that is not a schema.
                None => return true,
            }
        }
        targets.iter().for_each(|&target| waiting[target] += 1);
        leads_to.push(targets);
    }
    // Topological sort: nodes that remain are part of a cycle.
    let mut free: Vec<usize> = (0..nodes.len())
        .filter(|&node| waiting[node] == 0)
        .collect();
    let mut visited = 0;
    while let Some(node) = free.pop() {
        visited += 1;
        for &target in &leads_to[node] {
            waiting[target] -= 1;
            if waiting[target] == 0 {
                free.push(target);
            }
        }
    }
    visited < nodes.len()
}

struct Costs<'s> {
    references: References<'s>,
    known: HashMap<usize, Cost>,
    /// The subschemas on the path to the current one.
    open: Vec<usize>,
}

impl<'s> Costs<'s> {
    fn of(&mut self, keywords: &'s Keywords, depth: usize) -> Result<Cost, (usize, ExcessKind)> {
        let here = address(keywords);
        if let Some(known) = self.known.get(&here) {
            return match depth + known.depth > DEEPEST {
                true => Err((here, ExcessKind::Deep)),
                false => Ok(*known),
            };
        }
        if self.open.contains(&here) {
            return Err((here, ExcessKind::Loop));
        }
        if depth >= DEEPEST {
            return Err((here, ExcessKind::Deep));
        }
        self.open.push(here);
        let mut cost = Cost { looks: 1, depth: 0 };
        for part in self.references.same_value(keywords) {
            let part = self.of(part, depth + 1)?;
            cost.looks = cost.looks.saturating_add(part.looks);
            cost.depth = cost.depth.max(part.depth);
            if cost.looks > MOST {
                return Err((here, ExcessKind::Often));
            }
        }
        cost.depth += 1;
        self.open.pop();
        self.known.insert(here, cost);
        Ok(cost)
    }
}

/// The reference targets of a schema.
pub(super) struct References<'s> {
    root: &'s Value,
    /// By `$id`, and by anchor with a leading `#`.
    named: HashMap<String, &'s Keywords>,
    /// Up to draft 7, keywords next to `$ref` are ignored.
    lonely: bool,
}

impl<'s> References<'s> {
    pub(super) fn of(root: &'s Value) -> Self {
        let mut named = HashMap::new();
        each(root, &mut String::new(), &mut |_, keywords| {
            let text = |word: &str| keywords.get(word).and_then(Value::as_str);
            for anchor in [text("$anchor"), text("$dynamicAnchor")] {
                named.extend(anchor.map(|anchor| (format!("#{anchor}"), keywords)));
            }
            for id in [text("$id"), text("id")] {
                named.extend(id.map(|id| (id.trim_end_matches('#').to_owned(), keywords)));
            }
        });
        let draft = root.get("$schema").and_then(Value::as_str);
        Self {
            root,
            named,
            lonely: draft.is_some_and(|draft| draft.contains("/draft-0")),
        }
    }

    /// Returns the target of a reference; `Some(None)` if it is `true` or `false`.
    fn find(&self, reference: &str) -> Option<Option<&'s Keywords>> {
        let (resource, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if resource.is_empty() {
            let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
            let pointer = Pointer::parse(&decoded).ok();
            if let Some(target) = pointer.and_then(|pointer| pointer.find(self.root)) {
                return Some(target.as_object());
            }
        }
        if let Some(target) = self.named.get(reference.trim_end_matches('#')) {
            return Some(Some(target));
        }
        // Approximate resolution of a relative reference: an identifier with this ending.
        let named = |id: &&String| !resource.is_empty() && id.ends_with(resource);
        let resource = self.named[self.named.keys().find(named)?];
        let pointer = Pointer::parse(fragment).ok()?;
        let Some((first, tokens)) = pointer.tokens.split_first() else {
            return Some(Some(resource));
        };
        let tokens = tokens.to_vec();
        let target = Pointer { tokens }.find(resource.get(first)?)?;
        Some(target.as_object())
    }

    /// Whether keywords next to the `$ref` of `keywords` are ignored.
    pub(super) fn is_lonely(&self, keywords: &Keywords) -> bool {
        self.lonely && keywords.get("$ref").is_some_and(Value::is_string)
    }

    /// Returns the subschemas that apply to the same value as `keywords`.
    pub(super) fn same_value(&self, keywords: &'s Keywords) -> Vec<&'s Keywords> {
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let referred = reference.and_then(|reference| self.find(reference).flatten());
        if self.is_lonely(keywords) {
            return referred.into_iter().collect();
        }
        let words = |words: &[&str]| -> Vec<&'s Value> {
            words
                .iter()
                .filter_map(|word| keywords.get(*word))
                .collect()
        };
        let lists = words(&["allOf", "anyOf", "oneOf"]);
        let named = words(&["dependentSchemas", "dependencies"]);
        let lists = lists.into_iter().filter_map(Value::as_array).flatten();
        let named = named
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(Map::values);
        let single = words(&["not", "if", "then", "else"]);
        let all = lists.chain(named).chain(single);
        referred
            .into_iter()
            .chain(all.filter_map(Value::as_object))
            .collect()
    }
}

/// Returns the direct subschemas of `keywords`.
fn below(keywords: &Keywords) -> impl Iterator<Item = &Keywords> {
    let parts = keywords.iter().flat_map(|(word, value)| {
        let has = |words: &[&str]| words.contains(&word.as_str());
        match value {
            Value::Object(named) if has(&NAMED) => named.values().collect(),
            Value::Array(several) if has(&SEVERAL) || has(&ONE) => several.iter().collect(),
            Value::Object(_) if has(&ONE) => vec![value],
            _ => Vec::new(),
        }
    });
    parts.filter_map(Value::as_object)
}

/// Identifies a subschema by its address.
pub(super) fn address(keywords: &Keywords) -> usize {
    std::ptr::from_ref(keywords).addr()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns `length` definitions that each refer to the next one `times` times.
    fn chain(word: &str, length: usize, times: usize) -> Value {
        let next = |at: usize| json!({"$ref": format!("#/$defs/a{}", at + 1)});
        let mut definitions = Map::new();
        for at in 0..length {
            let next = vec![next(at); times];
            definitions.insert(format!("a{at}"), json!({ word: next }));
        }
        definitions.insert(format!("a{length}"), json!({"type": "object"}));
        json!({"$ref": "#/$defs/a0", "$defs": definitions})
    }

    fn kind(schema: &Value) -> Option<ExcessKind> {
        excess(schema).map(|excess| excess.kind)
    }

    #[test]
    fn exponential_schemas_are_rejected_and_linear_ones_accepted() {
        for word in ["allOf", "anyOf", "oneOf"] {
            assert_eq!(kind(&chain(word, 30, 2)), Some(ExcessKind::Often), "{word}");
            assert_eq!(kind(&chain(word, 10, 2)), None, "{word}");
            assert_eq!(kind(&chain(word, 40, 1)), None, "{word}");
        }
        let found = excess(&chain("allOf", 30, 2)).map(|excess| excess.pointer);
        assert_eq!(found.as_deref(), Some("/$defs/a15"));
    }

    #[test]
    fn ids_and_percent_encoding_are_resolved() {
        let text = chain("allOf", 30, 2).to_string();
        let encoded = text.replace("#/$defs/a", "#/%24defs/a");
        assert_eq!(
            kind(&serde_json::from_str(&encoded).expect("JSON")),
            Some(ExcessKind::Often)
        );
        let mut definitions = Map::new();
        for at in 0..30 {
            let next = vec![json!({"$ref": format!("a{}.json", at + 1)}); 2];
            let id = format!("https://example.org/a{at}.json");
            definitions.insert(at.to_string(), json!({"$id": id, "allOf": next}));
        }
        let named = json!({"$ref": "a0.json", "$defs": definitions});
        assert_eq!(kind(&named), Some(ExcessKind::Often));
    }

    #[test]
    fn depth_and_cycles_are_bounded() {
        assert_eq!(kind(&chain("allOf", 100_000, 1)), Some(ExcessKind::Deep));
        assert_eq!(kind(&json!({"$ref": "#"})), Some(ExcessKind::Loop));
        let circle =
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}});
        assert_eq!(kind(&circle), Some(ExcessKind::Loop));
        // With a step into the value, the schema describes a tree.
        let tree = json!({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        assert_eq!(kind(&tree), None);
    }

    #[test]
    fn keywords_next_to_a_reference_count_from_draft_2019_09() {
        let schema = |draft: &str| {
            let definitions =
                json!({"a": {"$ref": "#/$defs/b", "allOf": [{"$ref": "#/$defs/a"}]}, "b": {}});
            json!({"$schema": draft, "$defs": definitions})
        };
        assert_eq!(
            kind(&schema("https://json-schema.org/draft/2020-12/schema")),
            Some(ExcessKind::Loop)
        );
        assert_eq!(
            kind(&schema("http://json-schema.org/draft-07/schema#")),
            None
        );
    }

    #[test]
    fn schemas_that_refer_to_themselves_depend_on_the_document() {
        assert!(depends_on_document(&json!({"items": {"$ref": "#"}})));
        assert!(depends_on_document(&json!({"$dynamicRef": "#node"})));
        assert!(depends_on_document(
            &json!({"properties": {"a": {"$ref": "#/components/a"}}, "components": {"a": {}}})
        ));
        assert!(!depends_on_document(&chain("allOf", 5, 2)));
        assert!(!depends_on_document(
            &json!({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": true}})
        ));
    }
}
