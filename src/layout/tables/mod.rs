//! Parses `tables.sql` into the table model, with `sqlparser`: checked, parents before children.
//!
//! Only portable SQL is accepted. Features that differ between databases (CHECK, triggers, generated columns, ON
//! UPDATE) are errors here, rather than surprises on another database.

mod column;
mod default;
mod foreign_keys;
mod index;
mod keys;
mod names;
mod statements;
mod types;

use sqlparser::ast::{CreateTable, Ident, ObjectName, Spanned as _, Statement};
use sqlparser::tokenizer::{Location, Span};

use crate::model::{Place, Table};

use super::files::TABLES_SQL;
use super::problem::{Problems, quoted};

pub(crate) use names::{is_plain_identifier, is_reserved_relation};

/// A table with the locations of its parts.
#[derive(Debug)]
pub(super) struct WrittenTable {
    pub(super) table: Table,
    /// Location of its name.
    pub(super) place: Place,
    foreign_keys: Vec<foreign_keys::WrittenForeignKey>,
}

/// Parses the tables of `text`, parents before children. Tables with errors may be missing.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Vec<WrittenTable> {
    let before = problems.errors();
    let statements = statements::parse(text, problems);
    let complete = problems.errors() == before;
    let mut tables: Vec<WrittenTable> = Vec::new();
    for (start, statement) in &statements {
        match statement {
            Statement::CreateTable(create) => {
                if let Some(table) = table(create, &tables, problems) {
                    tables.push(table);
                }
            }
            Statement::CreateIndex(_) => {}
            other => {
                let text = other.to_string();
                let words: Vec<&str> = text.split_whitespace().take(2).collect();
                problems.error(
                    place(*start),
                    format!("`{}` is not portable", words.join(" ")),
                    "remove it; supported are CREATE TABLE and CREATE [UNIQUE] INDEX",
                );
            }
        }
    }
    // If a statement could not be parsed, its table would be reported as missing.
    if !complete {
        return tables;
    }
    for (start, statement) in &statements {
        if let Statement::CreateIndex(create) = statement {
            index::add(create, *start, &mut tables, problems);
        }
    }
    foreign_keys::resolve(&mut tables, problems);
    foreign_keys::parents_first(tables, problems)
}

fn table(
    create: &CreateTable,
    known: &[WrittenTable],
    problems: &mut Problems,
) -> Option<WrittenTable> {
    let name = single(&create.name, problems)?;
    let at = place(name.span.start);
    names::check_relation(name, problems);
    if let Some(other) = known
        .iter()
        .find(|other| other.table.name.eq_ignore_ascii_case(&name.value))
    {
        let message = format!("table `{}` is created twice", other.table.name);
        problems.error(at.clone(), message, "remove one of them");
        return None;
    }
    if statements::is_embellished(create) {
        problems.error(
            at.clone(),
            format!("table `{}` has unsupported clauses", name.value),
            "write a plain `CREATE TABLE name (…)`",
        );
    }
    let mut written = WrittenTable {
        table: Table {
            name: name.value.clone(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            autoincrement: false,
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        },
        place: at,
        foreign_keys: Vec::new(),
    };
    for definition in &create.columns {
        column::add(definition, &mut written, problems);
    }
    for constraint in &create.constraints {
        keys::add(constraint, &mut written, problems);
    }
    if let [key] = written.table.primary_key[..] {
        let name = &written.table.columns[key].name;
        let mut definitions = create.columns.iter();
        let definition = definitions.find(|definition| definition.name.value == *name);
        written.table.autoincrement = definition.is_some_and(column::is_integer);
    }
    keys::finish(&mut written, problems);
    Some(written)
}

/// Returns the place of a token.
fn place(at: Location) -> Place {
    Place {
        path: TABLES_SQL.to_owned(),
        line: Some(at.line.max(1)),
        column: Some(at.column.max(1)),
        pointer: None,
    }
}

fn place_of(span: Span) -> Place {
    place(span.start)
}

/// Returns the identifier of an unqualified name.
fn single<'n>(name: &'n ObjectName, problems: &mut Problems) -> Option<&'n Ident> {
    let ident = match &name.0[..] {
        [part] => part.as_ident(),
        _ => None,
    };
    if ident.is_none() {
        problems.error(
            place_of(name.span()),
            format!("`{name}` is a qualified name"),
            "use the name without a schema",
        );
    }
    ident
}

/// Returns the index of the column `name`, or reports a problem.
fn column_index(table: &Table, name: &Ident, problems: &mut Problems) -> Option<usize> {
    let found = table.column(&name.value);
    if found.is_none() {
        problems.error(
            place_of(name.span),
            format!("table `{}` has no column `{}`", table.name, name.value),
            format!(
                "the columns are {}",
                quoted(table.columns.iter().map(|column| column.name.as_str()))
            ),
        );
    }
    found
}
