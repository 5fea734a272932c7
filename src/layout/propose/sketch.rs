//! A quick look at a document: what it is at the top, and which members it has; enough to tell kinds of files apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// More members than this are as good as any.
const MOST_NAMES: usize = 64;

/// Documents with so much in common are of one kind.
const ALIKE: f64 = 0.5;
/// What a document is at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Root {
    /// An array or object without anything in it.
    Hollow,
    /// An object.
    Object,
    /// An array, or lines, of objects.
    Records,
    /// An array, or lines, of anything else.
    Values,
    /// A text, a number, a boolean, or null.
    Scalar,
}

/// A quick look at one document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sketch {
    pub(super) root: Root,
    /// Names of the members of the object, or of the objects in the array.
    pub(super) names: BTreeSet<String>,
}

impl Sketch {
    /// The sketch of a document that is read as a whole.
    pub(crate) fn of_document(document: &Value) -> Self {
        match document {
            Value::Array(items) => Self::of_elements(items),
            Value::Object(members) if members.is_empty() => Self::hollow(),
            Value::Object(members) => Self {
                root: Root::Object,
                names: members.keys().take(MOST_NAMES).cloned().collect(),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Self {
                root: Root::Scalar,
                names: BTreeSet::new(),
            },
        }
    }

    /// The sketch of an array, or of lines, by the first of its elements.
    pub(crate) fn of_elements(elements: &[Value]) -> Self {
        if elements.is_empty() {
            return Self::hollow();
        }
        let objects = elements.iter().filter_map(Value::as_object);
        let names: BTreeSet<String> = objects
            .clone()
            .flat_map(|members| members.keys().take(MOST_NAMES).cloned())
            .take(MOST_NAMES)
            .collect();
        let root = if objects.count() == elements.len() {
            Root::Records
        } else {
            Root::Values
        };
        Self { root, names }
    }

    fn hollow() -> Self {
        Self {
            root: Root::Hollow,
            names: BTreeSet::new(),
        }
    }

    /// How much two documents have in common, from 0 to 1: the members of both among those of either.
    pub(super) fn likeness(&self, other: &Self) -> f64 {
        if self.root != other.root {
            return 0.0;
        }
        let both = self.names.intersection(&other.names).count();
        let either = self.names.len() + other.names.len() - both;
        match u32::try_from(either) {
            Ok(0) => 1.0,
            Ok(either) => u32::try_from(both).map_or(0.0, f64::from) / f64::from(either),
            Err(_) => 0.0,
        }
    }
}

/// Classes of like documents over the whole directory.
pub(super) fn classes(files: &[(String, &Sketch)]) -> Vec<usize> {
    /// With more classes than this, the last takes what is like none.
    const MOST: usize = 256;
    let mut known: BTreeMap<&Sketch, usize> = BTreeMap::new();
    let mut leaders: Vec<&Sketch> = Vec::new();
    files
        .iter()
        .map(|&(_, sketch)| {
            *known.entry(sketch).or_insert_with(|| {
                let found = leaders
                    .iter()
                    .position(|leader| leader.likeness(sketch) >= ALIKE);
                found.unwrap_or_else(|| {
                    if leaders.len() < MOST {
                        leaders.push(sketch);
                    }
                    leaders.len() - 1
                })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_alike_by_root_and_members() {
        let of = |document: Value| Sketch::of_document(&document);
        let user = of(json!({"id": 1, "name": "a"}));
        assert!(user.likeness(&of(json!({"id": 2, "name": "b", "age": 3}))) > 0.6);
        assert!(user.likeness(&of(json!([{"id": 2, "name": "b"}]))) < 0.1);
        assert!(user.likeness(&of(json!({"port": 1, "host": "b"}))) < 0.1);
        assert_eq!(of(json!([])).root, Root::Hollow);
        assert_eq!(of(json!([1, {}])).root, Root::Values);
        assert_eq!(of(json!(null)).root, Root::Scalar);
    }
}
