//! The scope of a rule: enclosing rules, captures, and the position in the document.

use serde_json::Value;
use toml::Spanned;

use crate::layout::problem::suggest;
use crate::layout::rules::{EachToken, Expression};
use crate::layout::schema::{PathStep, impossible_prefix, near_miss};
use crate::model::{Pointer, TableIndex};

use super::Compiler;

/// The scope of a rule.
#[derive(Clone)]
pub(super) struct Scope<'s> {
    /// Name and content of the schema; `None` if it cannot be checked.
    pub(super) schema: Option<(&'s str, &'s Value)>,
    /// The enclosing rule.
    pub(super) outer: Option<&'s EnclosingRule<'s>>,
    /// Names of the capture slots, outermost first.
    pub(super) captures: Vec<String>,
    /// Path from the root of the document to the record.
    pub(super) path: Vec<PathStep>,
}

/// A rule as seen by its nested rules.
pub(super) struct EnclosingRule<'s> {
    pub(super) table: TableIndex,
    /// Columns that the rule fills.
    pub(super) mapped: Vec<usize>,
    /// Columns whose value depends on a generated key: the key itself, and copies of a key further out.
    pub(super) generated: Vec<usize>,
    pub(super) scope: &'s Scope<'s>,
}

impl<'s> Scope<'s> {
    /// Returns the rule `levels` levels up.
    pub(super) fn enclosing(&self, levels: usize) -> Option<&'s EnclosingRule<'s>> {
        let mut rule = self.outer?;
        for _ in 1..levels {
            rule = rule.scope.outer?;
        }
        Some(rule)
    }

    /// Number of enclosing rules.
    pub(super) fn depth(&self) -> usize {
        self.outer.map_or(0, |outer| 1 + outer.scope.depth())
    }
}

impl Compiler<'_> {
    /// Parses `each`, and moves `scope` to the records.
    pub(super) fn each(
        &mut self,
        each: &Spanned<String>,
        scope: &mut Scope<'_>,
    ) -> Option<Vec<EachToken>> {
        let at = each.span().start;
        let outer = scope.path.len();
        let pointer = match Pointer::parse(each.get_ref()) {
            Ok(pointer) => pointer,
            Err(error) => {
                self.error(
                    at,
                    error.to_string(),
                    "write a pattern such as `/*` or `/{key}`",
                );
                // The location of the records is unknown, so pointers into them cannot be checked.
                scope.schema = None;
                scope.captures.extend(words_in_braces(each.get_ref()));
                return None;
            }
        };
        let mut tokens = Vec::new();
        for token in pointer.tokens {
            let capture = token
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            if token == "*" {
                scope.path.push(PathStep::Every);
                tokens.push(EachToken::Every);
            } else if let Some(name) = capture {
                self.capture_name(name, at, scope);
                scope.path.push(PathStep::Every);
                tokens.push(EachToken::Capture(scope.captures.len()));
                scope.captures.push(name.to_owned());
            } else {
                scope.path.push(PathStep::Name(token.clone()));
                tokens.push(EachToken::Name(token));
            }
        }
        self.reachable(&[], outer, at, scope);
        Some(tokens)
    }

    fn capture_name(&mut self, name: &str, at: usize, scope: &Scope<'_>) {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(word) {
            let message = format!("`{{{name}}}` is not a capture");
            self.error(at, message, "write `{name}`, with letters, digits and `_`");
        } else if scope.captures.iter().any(|known| known == name) {
            let message = format!("duplicate capture `{{{name}}}`");
            self.error(at, message, "rename the inner one, or write `*`");
        }
    }

    /// Resolves the capture `name` to its slot.
    pub(super) fn capture(
        &mut self,
        name: &str,
        at: usize,
        scope: &Scope<'_>,
    ) -> Option<Expression> {
        let slot = scope.captures.iter().position(|known| known == name);
        if slot.is_none() {
            let known = scope.captures.iter().map(String::as_str);
            let message = format!("there is no capture `{{{name}}}` here");
            let hint = format!("add it to `files` or `each`, or: {}", suggest(name, known));
            self.error(at, message, hint);
        }
        slot.map(Expression::Capture)
    }

    /// Parses a pointer into the record, and checks that the schema allows it.
    pub(super) fn pointer(&mut self, text: &str, at: usize, scope: &Scope<'_>) -> Option<Pointer> {
        match Pointer::parse(text) {
            Ok(pointer) => {
                self.reachable(&pointer.tokens, scope.path.len(), at, scope);
                Some(pointer)
            }
            Err(error) => {
                self.error(
                    at,
                    error.to_string(),
                    "write a JSON Pointer such as `/name`",
                );
                None
            }
        }
    }

    /// Reports `tokens` inside the record if they cannot exist. The first `known` steps of the whole path were
    /// already reported.
    fn reachable(&mut self, tokens: &[String], known: usize, at: usize, scope: &Scope<'_>) {
        let Some((name, schema)) = scope.schema else {
            return;
        };
        let steps = tokens.iter().cloned().map(PathStep::Name);
        let path: Vec<PathStep> = scope.path.iter().cloned().chain(steps).collect();
        if let Some(length) = impossible_prefix(schema, &path).filter(|length| *length > known) {
            let path = written(&path[..length]);
            let message = format!("`{path}` cannot exist according to `{name}`");
            self.error(
                at,
                message,
                "allow it in the schema, or correct the pointer",
            );
        } else if let Some((length, near)) =
            near_miss(schema, &path).filter(|(length, _)| *length > known)
        {
            let path = written(&path[..length]);
            let message = format!("`{name}` does not describe `{path}`");
            let hint = format!("did you mean `{near}`? Otherwise add it to the schema");
            self.warning(at, message, hint);
        }
    }
}

/// Returns the captures of a malformed pattern, so that their uses are not reported as well.
pub(super) fn words_in_braces(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
}

/// Formats a path like `each`.
pub(super) fn written(path: &[PathStep]) -> String {
    path.iter()
        .map(|step| match step {
            PathStep::Every => "/*".to_owned(),
            PathStep::Name(name) => format!("/{}", Pointer::escape(name)),
        })
        .collect()
}
