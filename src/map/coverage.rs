//! Which members of a document the layout reads, so that the others can be named instead of dropped silently.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use crate::layout::{EachToken, Expression, IdentityRule, RecordRule};
use crate::model::Pointer;

/// A tree of what is read: a path from its root is a place in a document.
#[derive(Debug, Default, Clone)]
pub(super) struct Coverage {
    named: HashMap<String, Coverage>,
    every: Option<Box<Coverage>>,
    /// Whether the value here is read as a whole, with everything in it.
    whole: bool,
}

impl Coverage {
    /// What `rules`, applied to a document, read of it.
    pub(super) fn of(rules: &[RecordRule]) -> Self {
        let mut root = Self::default();
        rules.iter().for_each(|rule| root.add_rule(rule));
        root.settle();
        root
    }

    /// What is read of every member is read of those too that a rule names, as `/0/time` beside a rule for `/*`.
    fn settle(&mut self) {
        for (name, named) in &mut self.named {
            if let Some(every) = self.every.as_deref().filter(|_| name != REST) {
                named.merge(every);
            }
            named.settle();
        }
        if let Some(every) = &mut self.every {
            every.settle();
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
                // It takes what nothing else reads: see `rest_of`, and `report`, which skips such records.
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

    /// The node of a record that stands `path` below this one.
    pub(super) fn record(&self, each: &[EachToken]) -> Option<&Self> {
        each.iter().try_fold(self, |node, token| match token {
            EachToken::Name(name) => node.named.get(name),
            EachToken::Every | EachToken::Capture(_) => node.every.as_deref(),
        })
    }

    /// The members of a record that nothing else reads, as a JSON object.
    pub(super) fn rest_of(&self, record: &Map<String, Json>) -> Json {
        let unread = record.iter().filter(|(name, _)| self.child(name).is_none());
        Json::Object(
            unread
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// Reports what is not read of `value`, which stands at `pointer`.
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
                // Members known by name may still hold unread ones.
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

/// The key under which a node remembers that a column takes the rest; NUL cannot occur in a document.
const REST: &str = "\0rest";

/// Members that nothing reads, counted per place whose array indexes are replaced by `*`.
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

    /// Adds what was found in a later part of the same file.
    pub fn merge(&mut self, later: Self) {
        for (general, (first, count)) in later.places {
            self.places.entry(general).or_insert((first, 0)).1 += count;
        }
    }

    /// The first pointer of each kind and how many members it stands for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.places
            .values()
            .map(|(first, count)| (first.as_str(), *count))
    }
}
