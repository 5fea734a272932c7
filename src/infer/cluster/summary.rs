//! Summaries of documents: the type of the root and the member names, enough to distinguish clusters of files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Maximum number of member names that are kept.
const MAX_NAMES: usize = 64;

/// Minimum similarity of documents of one cluster.
const MIN_SIMILARITY: f64 = 0.5;
/// The type of a document's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RootType {
    /// An empty array or object.
    Empty,
    /// An object.
    Object,
    /// An array, or lines, of objects.
    Records,
    /// An array, or lines, of other values.
    ValueSet,
    /// A string, a number, a boolean, or null.
    Scalar,
}

/// The summary of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DocumentSummary {
    pub(crate) root: RootType,
    /// Member names of the object, or of the objects in the array.
    pub(crate) names: BTreeSet<String>,
}

impl DocumentSummary {
    /// Creates the summary of a document that is read as a whole.
    pub(crate) fn of_document(document: &Value) -> Self {
        match document {
            Value::Array(items) => Self::of_elements(items),
            Value::Object(members) if members.is_empty() => Self::empty(),
            Value::Object(members) => Self {
                root: RootType::Object,
                names: members.keys().take(MAX_NAMES).cloned().collect(),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Self {
                root: RootType::Scalar,
                names: BTreeSet::new(),
            },
        }
    }

    /// Creates the summary of an array, or of lines, from its first elements.
    pub(crate) fn of_elements(elements: &[Value]) -> Self {
        if elements.is_empty() {
            return Self::empty();
        }
        let objects = elements.iter().filter_map(Value::as_object);
        let names: BTreeSet<String> = objects
            .clone()
            .flat_map(|members| members.keys().take(MAX_NAMES).cloned())
            .take(MAX_NAMES)
            .collect();
        let root = if objects.count() == elements.len() {
            RootType::Records
        } else {
            RootType::ValueSet
        };
        Self { root, names }
    }

    fn empty() -> Self {
        Self {
            root: RootType::Empty,
            names: BTreeSet::new(),
        }
    }

    /// Similarity of two documents from 0 to 1: common member names divided by all member names.
    pub(crate) fn similarity(&self, other: &Self) -> f64 {
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

/// Assigns similar documents in the whole directory to similarity_classes.
pub(crate) fn similarity_classes(files: &[(String, &DocumentSummary)]) -> Vec<usize> {
    /// Maximum number of similarity_classes; beyond it, documents similar to none go to the last class.
    const MAX_CLASSES: usize = 256;
    let mut known: BTreeMap<&DocumentSummary, usize> = BTreeMap::new();
    let mut leaders: Vec<&DocumentSummary> = Vec::new();
    files
        .iter()
        .map(|&(_, summary)| {
            *known.entry(summary).or_insert_with(|| {
                let found = leaders
                    .iter()
                    .position(|leader| leader.similarity(summary) >= MIN_SIMILARITY);
                found.unwrap_or_else(|| {
                    if leaders.len() < MAX_CLASSES {
                        leaders.push(summary);
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
    fn similarity_depends_on_root_and_members() {
        let of = |document: Value| DocumentSummary::of_document(&document);
        let user = of(json!({"id": 1, "name": "a"}));
        assert!(user.similarity(&of(json!({"id": 2, "name": "b", "age": 3}))) > 0.6);
        assert!(user.similarity(&of(json!([{"id": 2, "name": "b"}]))) < 0.1);
        assert!(user.similarity(&of(json!({"port": 1, "host": "b"}))) < 0.1);
        assert_eq!(of(json!([])).root, RootType::Empty);
        assert_eq!(of(json!([1, {}])).root, RootType::ValueSet);
        assert_eq!(of(json!(null)).root, RootType::Scalar);
    }
}
