//! Helpers for reading TOML values: strings, tables, arrays of tables, and the keys of a table.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::layout::problem::{Problems, SourceText, quoted, suggest};

/// Reads TOML values and reports values of the wrong type.
pub(super) struct Grammar<'g> {
    source: SourceText<'g>,
    problems: &'g mut Problems,
}

impl<'g> Grammar<'g> {
    pub(super) fn new(source: SourceText<'g>, problems: &'g mut Problems) -> Self {
        Self { source, problems }
    }
}

impl Grammar<'_> {
    pub(super) fn error(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.error(self.source.place(at), message, hint);
    }

    /// Reports a value of the wrong TOML type.
    pub(super) fn shape(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        found: &DeValue<'_>,
        wanted: &str,
    ) {
        let message = format!("expected {wanted}, found {}", found.type_str());
        let hint = format!("write {wanted}");
        self.error(value.span().start, message, hint);
    }

    /// Reports keys of `table` that are not among `known`.
    pub(super) fn keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in in_written_order(table) {
            if !known.contains(&key.get_ref().as_str()) {
                let hint = suggest(key.get_ref(), known.iter().copied());
                let message = format!("unknown key `{}`", key.get_ref());
                self.error(key.span().start, message, hint);
            }
        }
    }

    /// Reads the required string `key`; `at` is the start of the table.
    pub(super) fn text(
        &mut self,
        table: &DeTable<'_>,
        at: usize,
        key: &str,
    ) -> Option<Spanned<String>> {
        if table.get(key).is_none() {
            self.error(
                at,
                format!("`{key}` is missing"),
                format!("add `{key} = \"…\"`"),
            );
        }
        self.optional_text(table, key)
    }

    pub(super) fn optional_text(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
    ) -> Option<Spanned<String>> {
        let value = table.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.shape(
                value,
                value.get_ref(),
                &format!("a string for {}", quoted([key])),
            );
        }
        Some(Spanned::new(value.span(), text?.to_owned()))
    }

    pub(super) fn texts(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
    ) -> Option<Vec<Spanned<String>>> {
        let mut texts = Vec::new();
        for item in value.get_ref().as_array()?.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Spanned::new(item.span(), text.to_owned())),
                None => self.shape(item, item.get_ref(), wanted),
            }
        }
        Some(texts)
    }

    pub(super) fn table<'d, 'i>(
        &mut self,
        value: &'d Spanned<DeValue<'i>>,
        hint: &str,
    ) -> Option<&'d DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("expected a table, found {}", value.get_ref().type_str());
            self.error(value.span().start, message, hint);
        }
        table
    }

    /// Reads the elements of the array of tables `key`, each with its start.
    pub(super) fn tables<'d, 'i>(
        &mut self,
        table: &'d DeTable<'i>,
        key: &str,
    ) -> Vec<(usize, &'d DeTable<'i>)> {
        let Some(value) = table.get(key) else {
            return Vec::new();
        };
        let hint = format!("write `[[{key}]]`, with two brackets");
        let Some(items) = value.get_ref().as_array() else {
            let message = format!("`{key}` must be an array of tables");
            self.error(value.span().start, message, hint);
            return Vec::new();
        };
        let found = items.iter().filter_map(|item| {
            let table = self.table(item, &hint)?;
            Some((item.span().start, table))
        });
        found.collect()
    }
}

/// Returns the entries of `table` in the order of the file, since the parser sorts them by name.
pub(super) fn in_written_order<'d, 'i>(
    table: &'d DeTable<'i>,
) -> Vec<(Spanned<String>, &'d Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| (Spanned::new(key.span(), key.get_ref().to_string()), value))
        .collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
