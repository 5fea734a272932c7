//! Walks a document along the `each` patterns of its rules.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::layout::EachToken;
use crate::model::{Pointer, Rule};

use super::MappingProblem;
use super::record::Walk;
use super::rule::PreparedRule;

/// The hint for a number or a boolean.
const SCALAR: &str = "fix the file, or make the layout's schema reject such values";

impl<'a> Walk<'a> {
    /// Applies `rule` to every value that `tokens` refer to, starting from `value` at `self.pointer`.
    pub(super) fn each(&mut self, rule: &'a PreparedRule, tokens: &'a [EachToken], value: &Json) {
        let Some((token, rest)) = tokens.split_first() else {
            return self.records(rule, value);
        };
        match (token, value) {
            (_, Json::Null) => {}
            (EachToken::Name(name), _) => {
                let pointer = Pointer {
                    tokens: vec![name.clone()],
                };
                if let Some(inner) = pointer.find(value) {
                    self.step(name, |walk| walk.each(rule, rest, inner));
                }
            }
            (EachToken::Every | EachToken::Capture(_), Json::Array(items)) => {
                for (index, inner) in items.iter().enumerate() {
                    self.visit(rule, token, rest, &index.to_string(), inner);
                }
            }
            (EachToken::Every | EachToken::Capture(_), Json::Object(members)) => {
                for (name, inner) in members {
                    self.visit(rule, token, rest, name, inner);
                }
            }
            (
                EachToken::Every | EachToken::Capture(_),
                Json::Bool(_) | Json::Number(_) | Json::String(_),
            ) => {
                let (found, hint) = match value {
                    Json::String(_) => (
                        "a string",
                        "fix the file; for a string that is a list, the layout has `split`, and `each` without the last `/*`",
                    ),
                    Json::Bool(_) => ("a boolean", SCALAR),
                    Json::Number(_) | Json::Null | Json::Array(_) | Json::Object(_) => {
                        ("a number", SCALAR)
                    }
                };
                self.problems.push(MappingProblem {
                    pointer: self.pointer.clone(),
                    rule: Rule::WrongType,
                    message: format!(
                        "expected an array or an object that contains records, found {found}"
                    ),
                    hint: hint.to_owned(),
                    cause: None,
                });
            }
        }
    }

    /// Enters one element or member that matches a wildcard token.
    pub(super) fn visit(
        &mut self,
        rule: &'a PreparedRule,
        token: &EachToken,
        rest: &'a [EachToken],
        name: &str,
        inner: &Json,
    ) {
        if let EachToken::Capture(slot) = token {
            name.clone_into(&mut self.captures[*slot]);
        }
        self.step(name, |walk| walk.each(rule, rest, inner));
    }

    fn step(&mut self, token: &str, go: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        let _ = write!(self.pointer, "/{}", Pointer::escape(token));
        go(self);
        self.pointer.truncate(length);
    }

    /// Maps `value` to a record, or to one record per part if the rule splits strings.
    fn records(&mut self, rule: &'a PreparedRule, value: &Json) {
        let Some(split) = &rule.split else {
            let pointer = self.pointer.as_str().into();
            return self.record(rule, value, pointer, None);
        };
        let text = match value {
            Json::Null => return,
            Json::String(text) => text,
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                return self.problems.push(MappingProblem {
                    pointer: self.pointer.clone(),
                    rule: Rule::WrongType,
                    message: "expected a string with separators".to_owned(),
                    hint: "fix the file, or map an array with `each` instead of `split`".to_owned(),
                    cause: None,
                });
            }
        };
        let pointer: std::sync::Arc<str> = self.pointer.as_str().into();
        for (part, piece) in (0..).zip(split.split(text)) {
            let piece = piece.trim();
            if !piece.is_empty() {
                self.record(rule, &Json::from(piece), pointer.clone(), Some(part));
            }
        }
    }
}
