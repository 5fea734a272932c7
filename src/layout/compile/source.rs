//! `[[source]]`: which files, their schema, their rules.

use std::collections::BTreeSet;

use crate::layout::files::SCHEMA_SUFFIX;
use crate::layout::pattern::FilePattern;
use crate::layout::problem::suggest;
use crate::layout::rules::{EachToken, Expression, RecordRule, Source};
use crate::layout::schema;
use crate::layout::written::WrittenSource;

use super::Compiler;
use super::scope::Scope;

impl Compiler<'_> {
    /// Resolves one source with its rules.
    pub(super) fn source(&mut self, written: &WrittenSource) -> Option<Source> {
        let files = match FilePattern::parse(written.files.get_ref()) {
            Ok(files) => Some(files),
            Err(error) => {
                let remedy =
                    "write a path relative to the directory, such as `users/{user_id}.json`";
                self.error(written.files.span().start, error.to_string(), remedy);
                None
            }
        };
        let schema = self.schema(written);
        let captures = files
            .as_ref()
            .map_or_else(Vec::new, |files| files.captures().to_vec());
        let mut slots = captures.len();
        let named_schema = schema
            .as_ref()
            .map(|schema| (written.schema.get_ref().as_str(), schema));
        let records: Vec<_> = written
            .records
            .iter()
            .map(|rule| {
                let scope = Scope {
                    schema: named_schema,
                    outer: None,
                    captures: captures.clone(),
                    path: Vec::new(),
                };
                self.record(rule, scope, &mut slots)
            })
            .collect();
        let records: Vec<RecordRule> = records.into_iter().collect::<Option<_>>()?;
        let schema = schema?;
        let by_element = |rule: &RecordRule| {
            matches!(
                rule.each.first(),
                Some(EachToken::Every | EachToken::Capture(_))
            )
        };
        Some(Source {
            files: files?,
            schema_name: written.schema.get_ref().clone(),
            streamed: records.iter().all(by_element) && schema::says_only_items(&schema),
            schema,
            unmapped: written.unmapped,
            records,
            captures: slots,
        })
    }

    fn schema(&mut self, written: &WrittenSource) -> Option<serde_json::Value> {
        let name = written.schema.get_ref();
        let Some(bytes) = self.files.get(name) else {
            let known = self
                .files
                .names()
                .filter(|name| name.ends_with(SCHEMA_SUFFIX));
            let remedy = format!(
                "add it to the layout (its name ends with `{SCHEMA_SUFFIX}`), or: {}",
                suggest(name, known)
            );
            let message = format!("the schema `{name}` is missing");
            self.error(written.schema.span().start, message, remedy);
            return None;
        };
        schema::load(name, bytes, self.problems)
    }

    /// Warns of a source whose files an earlier one takes.
    pub(super) fn shadowed_sources(&mut self, sources: &[WrittenSource]) {
        for (index, source) in sources.iter().enumerate() {
            let files = source.files.get_ref();
            if sources[..index]
                .iter()
                .any(|other| other.files.get_ref() == files)
            {
                self.warning(
                    source.files.span().start,
                    format!("an earlier source takes all files that match `{files}`"),
                    "put the records of both into one source",
                );
            }
        }
    }
}

/// Calls `visit` with every rule, outer rules before the rules inside them.
pub(super) fn each_rule<'r>(
    rules: impl IntoIterator<Item = &'r RecordRule>,
    visit: &mut impl FnMut(&'r RecordRule),
) {
    let mut waiting: Vec<&RecordRule> = rules.into_iter().collect();
    while let Some(rule) = waiting.pop() {
        visit(rule);
        waiting.extend(&rule.records);
    }
}

/// Calls `visit` with `expression` and every expression in it.
pub(super) fn each_expression<'e>(
    expression: &'e Expression,
    visit: &mut impl FnMut(&'e Expression),
) {
    let mut waiting = vec![expression];
    while let Some(expression) = waiting.pop() {
        visit(expression);
        match expression {
            Expression::First(items) => waiting.extend(items),
            Expression::Reference(reference) => {
                waiting.extend(reference.key.iter().map(|(_, value)| value));
            }
            Expression::Pointer(_)
            | Expression::Capture(_)
            | Expression::Parent { .. }
            | Expression::Constant(_)
            | Expression::Parameter(_)
            | Expression::Rest => {}
        }
    }
}

/// The parameters that any rule uses.
pub(super) fn used_parameters(sources: &[Source]) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    let rules = sources.iter().flat_map(|source| &source.records);
    each_rule(rules, &mut |rule| {
        for column in &rule.columns {
            each_expression(&column.expression, &mut |expression| {
                if let Expression::Parameter(index) = expression {
                    used.insert(*index);
                }
            });
        }
    });
    used
}
