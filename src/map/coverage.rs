//! Determines which members of a document the layout reads, so that the others are reported instead of being ignored.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use crate::layout::{EachToken, Expression, IdentityRule, RecordRule};
use crate::model::Pointer;

/// A tree of what is read; a path from its root is a place in a document.
#[derive(Debug, Default, Clone)]
pub(super) struct Coverage {
    named: HashMap<String, Coverage>,
    every: Option<Box<Coverage>>,
    /// Whether the value here is read as a whole, including everything in it.
    whole: bool,
}

impl Coverage {
    /// Returns what `rules` read of a document.
    pub(super) fn of(rules: &[RecordRule]) -> Self {
        let mut root = Self::default();
        rules.iter().for_each(|rule| root.add_rule(rule));
        root.apply_wildcards();
        root
    }

    /// Merges what is read of every member into the members that rules name, such as `/0/time` next to a rule for `/*`.
    fn apply_wildcards(&mut self) {
        for (name, named) in &mut self.named {
            if let Some(every) = self.every.as_deref().filter(|_| name != REST) {
                named.merge(every);
            }
            named.apply_wildcards();
        }
        if let Some(every) = &mut self.every {
            every.apply_wildcards();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.whole |= other.whole;
        for (name, inner) in &other.named {
            self.named.entry(name.clone()).or_default().merge(inner);
        }
        if let Some(every) = &other.every {
            self.every.get_or_insert_default().merge(every);
        }
    }

    fn add_rule(&mut self, rule: &RecordRule) {
        let record = rule.each.iter().fold(self, |node, token| match token {
            EachToken::Name(name) => node.named.entry(name.clone()).or_default(),
            EachToken::Every | EachToken::Capture(_) => node.every.get_or_insert_default(),
        });
        record.whole |= !rule.split.is_empty();
        if let IdentityRule::Pointers(pointers) = &rule.identity {
            pointers
                .iter()
                .for_each(|pointer| record.add_pointer(pointer));
        }
        let unless = rule.unless.iter().flat_map(|unless| &unless.key);
        let unless = unless.flat_map(|(_, value)| value.with_inner());
        for expression in rule.expressions().chain(unless) {
            if let Some(pointer) = expression.pointer() {
                record.add_pointer(pointer);
            } else if matches!(expression, Expression::Rest) {
                // `Rest` takes whatever nothing else reads: see `rest_of`, and `report`, which skips such records.
                record.named.entry(REST.to_owned()).or_default().whole = true;
            }
        }
        rule.records.iter().for_each(|inner| record.add_rule(inner));
    }

    fn add_pointer(&mut self, pointer: &Pointer) {
        let node = pointer.tokens.iter().fold(self, |node, token| {
            node.named.entry(token.clone()).or_default()
        });
        node.whole = true;
    }

    fn child(&self, token: &str) -> Option<&Self> {
        self.named.get(token).or(self.every.as_deref())
    }

    /// Returns the node of a record, following the path `each` from this node.
    pub(super) fn record(&self, each: &[EachToken]) -> Option<&Self> {
        each.iter().try_fold(self, |node, token| match token {
            EachToken::Name(name) => node.named.get(name),
            EachToken::Every | EachToken::Capture(_) => node.every.as_deref(),
        })
    }

    /// Returns the members of a record that nothing else reads, as a JSON object.
    pub(super) fn rest_of(&self, record: &Map<String, Json>) -> Json {
        let unread = record.iter().filter(|(name, _)| self.child(name).is_none());
        Json::Object(
            unread
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// Reports which parts of `value`, located at `pointer`, are not read.
    pub(super) fn report(
        &self,
        value: &Json,
        pointer: &mut String,
        unmapped: &mut UnmappedMembers,
    ) {
        if self.whole {
            return;
        }
        let length = pointer.len();
        let mut visit = |token: &str, inner: &Json| {
            let _ = write!(pointer, "/{}", Pointer::escape(token));
            match self.child(token) {
                Some(child) => child.report(inner, pointer, unmapped),
                None => unmapped.add(pointer),
            }
            pointer.truncate(length);
        };
        match value {
            Json::Object(_) if self.named.contains_key(REST) => {
                // Members that are read may still contain unread ones.
                if let Json::Object(members) = value {
                    members
                        .iter()
                        .filter(|(name, _)| self.child(name).is_some())
                        .for_each(|(n, v)| visit(n, v));
                }
            }
            Json::Object(members) => members.iter().for_each(|(name, inner)| visit(name, inner)),
            Json::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(i, inner)| visit(&i.to_string(), inner)),
            Json::Null => {}
            Json::Bool(_) | Json::Number(_) | Json::String(_) => unmapped.add(pointer),
        }
    }
}

/// The key that marks a node whose remaining members go into a column; NUL cannot occur in a document.
const REST: &str = "\0rest";

/// Members that the layout does not read, counted per place; array indexes are replaced by `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnmappedMembers {
    places: BTreeMap<String, (String, u64)>,
}

impl UnmappedMembers {
    fn add(&mut self, pointer: &str) {
        let mut general = String::with_capacity(pointer.len());
        for token in pointer.split('/').skip(1) {
            general.push('/');
            let index = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
            general.push_str(if index { "*" } else { token });
        }
        match self.places.get_mut(&general) {
            Some((_, count)) => *count += 1,
            None => {
                self.places.insert(general, (pointer.to_owned(), 1));
            }
        }
    }

    /// Adds the members found in a later part of the same file.
    pub fn merge(&mut self, later: Self) {
        for (general, (first, count)) in later.places {
            self.places.entry(general).or_insert((first, 0)).1 += count;
        }
    }

    /// Returns, for each place, the first pointer and the number of members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.places
            .values()
            .map(|(first, count)| (first.as_str(), *count))
    }
}
