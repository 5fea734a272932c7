//! `[[source]]`: which files, their schema, their rules.

use std::collections::BTreeSet;

use crate::layout::files::SCHEMA_SUFFIX;
use crate::layout::pattern::FilePattern;
use crate::layout::problem::suggest;
use crate::layout::rules::{EachToken, Expression, RecordRule, Source};
use crate::layout::schema;
use crate::layout::written::WrittenSource;

use super::Compiler;
use super::scope::{Scope, words_in_braces};

impl Compiler<'_> {
    /// Resolves one source with its rules.
    pub(super) fn source(&mut self, written: &WrittenSource) -> Option<Source> {
        let files = self.files(written);
        let schema = self.schema(written);
        let captures = files.as_ref().map_or_else(
            || {
                let patterns = written.files.iter();
                patterns
                    .flat_map(|files| words_in_braces(files.get_ref()))
                    .collect()
            },
            |files| files.captures().to_vec(),
        );
        for files in written
            .files
            .iter()
            .filter(|files| files.get_ref().contains('\\'))
        {
            let remedy = "write `/`, also for directories of Windows";
            let message = "a backslash in a file pattern stands for itself, and separates nothing";
            self.warning(files.span().start, message, remedy);
        }
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

    fn files(&mut self, written: &WrittenSource) -> Option<FilePattern> {
        let mut all: Option<FilePattern> = None;
        for one in &written.files {
            let parsed = FilePattern::parse(one.get_ref());
            let joined = parsed.and_then(|one| match all.take() {
                Some(all) => all.or(one),
                None => Ok(one),
            });
            match joined {
                Ok(files) => all = Some(files),
                Err(error) => {
                    let remedy =
                        "write a path relative to the directory, such as `users/{user_id}.json`";
                    self.error(one.span().start, error.to_string(), remedy);
                    return None;
                }
            }
        }
        all
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
            for files in &source.files {
                let mut earlier = sources[..index].iter().flat_map(|other| &other.files);
                if earlier.any(|other| other.get_ref() == files.get_ref()) {
                    let files_text = files.get_ref();
                    self.warning(
                        files.span().start,
                        format!("an earlier source takes all files that match `{files_text}`"),
                        "put the records of both into one source",
                    );
                }
            }
        }
    }
}

/// The parameters that any rule uses.
pub(super) fn used_parameters(sources: &[Source]) -> BTreeSet<usize> {
    let rules = sources.iter().flat_map(Source::rules);
    let mut used = BTreeSet::new();
    for expression in rules.flat_map(RecordRule::expressions) {
        if let Expression::Parameter(index) = expression {
            used.insert(*index);
        }
    }
    used
}
