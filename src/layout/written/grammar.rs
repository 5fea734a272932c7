//! The grammar of `layout.toml`: tables and their keys.
//!
//! The file is parsed by hand instead of derived with serde: serde stops at the first error, and loses locations
//! inside untagged forms. This parser reports all unknown keys and all values of the wrong type at once.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::layout::problem::{Problems, SourceText};
use crate::layout::rules::Unmapped;

use super::shape::{Grammar, in_written_order};
use super::{
    WrittenDefault, WrittenIdentity, WrittenLayout, WrittenParameter, WrittenRecords, WrittenSource,
};

/// Reads the file. Returns `None` if it cannot be parsed, otherwise everything that could be read, even with
/// problems.
pub(in crate::layout) fn read(
    source: SourceText<'_>,
    problems: &mut Problems,
) -> Option<WrittenLayout> {
    let (document, errors) = DeTable::parse_recoverable(source.text);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let is_header = |error: &toml::de::Error| {
        error.message() == "duplicate key"
            && source.text[..start(error)]
                .trim_end_matches(' ')
                .ends_with('[')
    };
    // If a header is duplicated, all keys below it are reported as duplicates too.
    let headers = errors.iter().any(is_header);
    for error in errors.iter().filter(|error| !headers || is_header(error)) {
        let at = start(error);
        let hint = match error.message() {
            "duplicate key" if headers => {
                "write `[[…]]` with two brackets for each element of an array of tables"
            }
            "duplicate key" => "remove one of the duplicates",
            _ => "see https://toml.io for the syntax of TOML",
        };
        problems.error(source.place(at), error.message(), hint);
    }
    // Values recovered around a syntax error would only cause follow-up errors.
    if !errors.is_empty() {
        return None;
    }
    Grammar::new(source, problems).layout(document.get_ref())
}

impl Grammar<'_> {
    fn layout(&mut self, document: &DeTable<'_>) -> Option<WrittenLayout> {
        self.keys(document, &["name", "title", "parameters", "source"]);
        let name = self.text(document, 0, "name");
        if let Some(name) = &name {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if name.get_ref().is_empty() || !name.get_ref().chars().all(plain) {
                self.error(
                    name.span().start,
                    "invalid name of a layout",
                    "use letters, digits, `-` and `_`",
                );
            }
        }
        let title = self.optional_text(document, "title");
        let parameters = self.parameters(document);
        let sources: Vec<_> = self
            .tables(document, "source")
            .into_iter()
            .map(|(at, table)| self.source(at, table))
            .collect();
        if sources.is_empty() {
            self.error(0, "`[[source]]` is missing", "add one per kind of file");
        }
        let name = name?.into_inner();
        Some(WrittenLayout {
            title: title.map_or_else(|| name.clone(), Spanned::into_inner),
            name,
            parameters,
            sources: sources.into_iter().flatten().collect(),
        })
    }

    fn parameters(&mut self, document: &DeTable<'_>) -> Vec<WrittenParameter> {
        let Some(value) = document.get("parameters") else {
            return Vec::new();
        };
        let Some(tables) = self.table(value, "write `[parameters.name]`") else {
            return Vec::new();
        };
        let mut parameters = Vec::new();
        for (name, value) in in_written_order(tables) {
            let Some(table) = self.table(value, "write `[parameters.name]`") else {
                continue;
            };
            self.keys(table, &["help", "default"]);
            let help = self.optional_text(table, "help");
            let default = table
                .get("default")
                .and_then(|default| self.parameter_default(default));
            parameters.push(WrittenParameter {
                name,
                help: help.map_or_else(String::new, Spanned::into_inner),
                default,
            });
        }
        parameters
    }

    fn parameter_default(&mut self, value: &Spanned<DeValue<'_>>) -> Option<WrittenDefault> {
        match value.get_ref() {
            DeValue::String(text) => Some(WrittenDefault::Text(text.to_string())),
            DeValue::Table(table) => {
                self.keys(table, &["only"]);
                let only = self.text(table, value.span().start, "only")?;
                Some(WrittenDefault::Only(only))
            }
            other => {
                self.shape(value, other, "a string or `{ only = \"table.column\" }`");
                None
            }
        }
    }

    fn source(&mut self, at: usize, table: &DeTable<'_>) -> Option<WrittenSource> {
        self.keys(table, &["files", "schema", "unmapped", "records"]);
        let files = self.files(table, at);
        let schema = self.text(table, at, "schema");
        let unmapped = self.optional_text(table, "unmapped");
        let unmapped = match unmapped
            .as_ref()
            .map(|word| (word, word.get_ref().as_str()))
        {
            None | Some((_, "notice")) => Unmapped::Notice,
            Some((_, "reject")) => Unmapped::Reject,
            Some((word, other)) => {
                self.error(
                    word.span().start,
                    format!("`{other}` is not a value of `unmapped`"),
                    "write `\"notice\"` or `\"reject\"`",
                );
                Unmapped::Notice
            }
        };
        let records = self.records(table);
        if records.is_none() {
            self.error(
                at,
                "the source has no `[[source.records]]`",
                "add the records of the file and the tables they fill",
            );
        }
        Some(WrittenSource {
            at,
            files: files?,
            schema: schema?,
            unmapped,
            records: records.unwrap_or_default(),
        })
    }

    /// Reads one file pattern, or several.
    fn files(&mut self, table: &DeTable<'_>, at: usize) -> Option<Vec<Spanned<String>>> {
        match table.get("files") {
            Some(value) if value.get_ref().as_array().is_some_and(|a| !a.is_empty()) => {
                self.texts(value, "a file pattern")
            }
            Some(_) | None => self.text(table, at, "files").map(|files| vec![files]),
        }
    }

    /// Reads the `records` of a table; `None` if it has none.
    fn records(&mut self, table: &DeTable<'_>) -> Option<Vec<WrittenRecords>> {
        table.get("records")?;
        let tables = self.tables(table, "records");
        let records = tables
            .into_iter()
            .filter_map(|(at, table)| self.record(at, table));
        Some(records.collect())
    }

    fn record(&mut self, at: usize, table: &DeTable<'_>) -> Option<WrittenRecords> {
        self.keys(
            table,
            &[
                "table", "each", "split", "unless", "identity", "columns", "records",
            ],
        );
        let name = self.text(table, at, "table");
        let each = self.text(table, at, "each");
        let split = table.get("split").and_then(|value| self.split(value));
        let unless = table.get("unless").map(|value| self.expression(value));
        let identity = table.get("identity").map(|value| self.identity(value));
        let columns = match table.get("columns") {
            Some(columns) => self
                .table(columns, "write `[….columns]` with a line per column")
                .map(|columns| self.columns(columns)),
            None => {
                self.error(
                    at,
                    "the records have no `columns`",
                    "add `columns` with an expression for each column",
                );
                None
            }
        };
        let records = self.records(table).unwrap_or_default();
        Some(WrittenRecords {
            table: name?,
            each: each?,
            split,
            unless: match unless {
                Some(understood) => Some(understood?),
                None => None,
            },
            identity,
            columns: columns?,
            records,
        })
    }

    fn split(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Spanned<Vec<String>>> {
        let separators: Vec<String> = match value.get_ref() {
            DeValue::String(text) => vec![text.to_string()],
            DeValue::Array(_) => {
                let texts = self.texts(value, "a separator")?;
                texts.into_iter().map(Spanned::into_inner).collect()
            }
            other => {
                self.shape(value, other, "a separator or an array of them");
                return None;
            }
        };
        if separators.iter().any(String::is_empty) {
            self.error(
                value.span().start,
                "a separator must not be empty",
                "write a separator such as `\",\"`",
            );
            return None;
        }
        Some(Spanned::new(value.span(), separators))
    }

    fn identity(&mut self, value: &Spanned<DeValue<'_>>) -> Spanned<WrittenIdentity> {
        let identity = match value.get_ref() {
            DeValue::String(text) if text == "position" => WrittenIdentity::Position,
            DeValue::Array(items) if !items.is_empty() => {
                WrittenIdentity::Pointers(self.texts(value, "a JSON Pointer").unwrap_or_default())
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.error(
                    value.span().start,
                    "this cannot identify a record",
                    "write pointers into the record, `[\"/id\"]`, or `\"position\"`",
                );
                // A placeholder, so that the identity is not reported as missing too.
                WrittenIdentity::Position
            }
        };
        Spanned::new(value.span(), identity)
    }
}
