//! Sources: `[[source]]`, with files, schema and rules.

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
    /// Resolves a source and its rules.
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
            let hint = "write `/`, also on Windows";
            let message = "a backslash in a file pattern is an ordinary character, not a separator";
            self.warning(files.span().start, message, hint);
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
                    let hint =
                        "write a path relative to the directory, such as `users/{user_id}.json`";
                    self.error(one.span().start, error.to_string(), hint);
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
            let hint = format!(
                "add it to the layout (the name must end with `{SCHEMA_SUFFIX}`), or: {}",
                suggest(name, known)
            );
            let message = format!("the schema `{name}` is missing");
            self.error(written.schema.span().start, message, hint);
            return None;
        };
        schema::load(name, bytes, self.problems)
    }

    /// Warns about a source whose files are read by an earlier one.
    pub(super) fn shadowed_sources(&mut self, sources: &[WrittenSource]) {
        for (index, source) in sources.iter().enumerate() {
            for files in &source.files {
                let mut earlier = sources[..index].iter().flat_map(|other| &other.files);
                if earlier.any(|other| other.get_ref() == files.get_ref()) {
                    let files_text = files.get_ref();
                    self.warning(
                        files.span().start,
                        format!("an earlier source reads all files that match `{files_text}`"),
                        "move the records of both into one source",
                    );
                }
            }
        }
    }
}

/// Returns the parameters used by any rule.
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
