//! Compiles the parsed layout: resolves names to indexes, and checks rules against tables and schemas.
//!
//! Every check records problems and continues, so that one run reports all errors of a layout. This module is pure.

mod conversion;
mod expression;
mod identity;
mod parameters;
mod record;
mod reference;
mod scope;
mod source;
mod waves;

use toml::Spanned;

use crate::model::{PerSource, PerTable, Place, Table, TableIndex};

use super::files::{LAYOUT_TOML, LayoutFiles, SCHEMA_SUFFIX, TABLES_SQL};
use super::problem::{Problems, SourceText, suggest};
use super::rules::{Layout, LayoutTable, Parameter, RecordRule, Source};
use super::tables::{self, WrittenTable};
use super::written;

/// Loads `files`. Returns `None`, and problems, if they are not a valid layout.
pub(super) fn compile(files: &LayoutFiles, problems: &mut Problems) -> Option<Layout> {
    let toml = text(files, LAYOUT_TOML, problems);
    let sql = text(files, TABLES_SQL, problems);
    let toml = SourceText {
        name: LAYOUT_TOML,
        text: toml?,
    };
    let written = written::read(toml, problems);
    let sql_errors = problems.errors();
    let written_tables = tables::parse(sql?, problems);
    let sql_is_valid = problems.errors() == sql_errors;
    let written = written?;
    if written_tables.is_empty() && sql_is_valid {
        let hint = "write a CREATE TABLE for every table of the layout";
        problems.error(Place::file(TABLES_SQL), "there is no table", hint);
        return None;
    }
    // After an error in the SQL, its names would be reported as missing.
    if !sql_is_valid {
        return None;
    }
    let tables: PerTable<&Table> = written_tables.iter().map(|table| &table.table).collect();
    let mut compiler = Compiler {
        files,
        toml,
        tables: &tables,
        parameters: Vec::new(),
        problems,
    };
    compiler.parameters(&written.parameters);
    let sources: Vec<_> = written
        .sources
        .iter()
        .map(|source| compiler.source(source))
        .collect();
    let sources = sources.into_iter().collect::<Option<PerSource<_>>>()?;
    compiler.shadowed_sources(&written.sources);
    let waves = compiler.waves(&sources, &written.sources);
    let used = source::used_parameters(&sources);
    compiler.unused_parameters(&written.parameters, &used);
    let parameters = compiler.parameters;
    unused_schemas(files, &written.sources, problems);
    let rules = || sources.iter().flat_map(Source::rules);
    let tables = tables
        .indexes()
        .zip(&written_tables)
        .map(|(index, table)| layout_table(index, table, rules(), problems))
        .collect();
    Some(Layout {
        reference: written.name.clone(),
        name: written.name,
        title: written.title,
        digest: files.digest(),
        parameters,
        tables,
        sources,
        waves,
    })
}

/// State shared by the parts of the compiler.
struct Compiler<'c> {
    files: &'c LayoutFiles,
    toml: SourceText<'c>,
    tables: &'c PerTable<&'c Table>,
    parameters: Vec<Parameter>,
    problems: &'c mut Problems,
}

impl Compiler<'_> {
    /// Reports an error at byte `at` of layout.toml.
    fn error(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.error(self.toml.place(at), message, hint);
    }

    /// Reports a warning at byte `at` of layout.toml.
    fn warning(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.warning(self.toml.place(at), message, hint);
    }

    fn table(&mut self, name: &str, at: usize) -> Option<TableIndex> {
        let found = self.tables.position(|table| table.name == name);
        if found.is_none() {
            let known = self.tables.iter().map(|table| table.name.as_str());
            let hint = format!("create it in {TABLES_SQL}, or: {}", suggest(name, known));
            self.error(at, format!("there is no table `{name}`"), hint);
        }
        found
    }

    fn column(&mut self, table: TableIndex, name: &str, at: usize) -> Option<usize> {
        let table = self.tables[table];
        let found = table.column(name);
        if found.is_none() {
            let known = table.columns.iter().map(|column| column.name.as_str());
            let message = format!("table `{}` has no column `{name}`", table.name);
            self.error(at, message, suggest(name, known));
        }
        found
    }

    /// Resolves `table.column`.
    fn qualified(&mut self, name: &Spanned<String>) -> Option<(TableIndex, usize)> {
        let at = name.span().start;
        let Some((table, column)) = name.get_ref().split_once('.') else {
            let message = format!("`{}` is not a column", name.get_ref());
            self.error(at, message, "write `table.column`");
            return None;
        };
        let table = self.table(table, at)?;
        Some((table, self.column(table, column, at)?))
    }
}

fn text<'f>(files: &'f LayoutFiles, name: &str, problems: &mut Problems) -> Option<&'f str> {
    let Some(bytes) = files.get(name) else {
        let hint = format!("a layout consists of {LAYOUT_TOML}, {TABLES_SQL} and JSON Schemas");
        problems.error(Place::file(name), "the file is missing", hint);
        return None;
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let line = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count() as u64 + 1;
            let place = Place {
                line: Some(line),
                ..Place::file(name)
            };
            problems.error(place, "not UTF-8", "save the file as UTF-8");
            None
        }
    }
}

fn layout_table<'r>(
    index: TableIndex,
    written: &WrittenTable,
    rules: impl Iterator<Item = &'r RecordRule>,
    problems: &mut Problems,
) -> LayoutTable {
    let mut mapped = vec![false; written.table.columns.len()];
    let mut filled = false;
    for rule in rules.filter(|rule| rule.table == index) {
        filled = true;
        rule.columns
            .iter()
            .for_each(|column| mapped[column.column] = true);
    }
    if !filled {
        problems.warning(
            written.place.clone(),
            format!(
                "table `{}` is not filled by any records",
                written.table.name
            ),
            format!("add records for it to {LAYOUT_TOML}, or remove it"),
        );
    }
    LayoutTable {
        table: written.table.clone(),
        mapped,
    }
}

fn unused_schemas(
    files: &LayoutFiles,
    sources: &[written::WrittenSource],
    problems: &mut Problems,
) {
    for name in files.names().filter(|name| name.ends_with(SCHEMA_SUFFIX)) {
        if sources.iter().all(|source| source.schema.get_ref() != name) {
            problems.warning(
                Place::file(name),
                "the schema is not used by any source",
                "use it in a `[[source]]`, or remove it",
            );
        }
    }
}
