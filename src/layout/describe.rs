//! A plain-text description of a layout, for `accession layout show`: files, records, tables, and the origin of each
//! column.

use std::fmt::{self, Write as _};

use super::rules::{
    As, ColumnRule, EachToken, Expression, IdentityRule, Layout, ParameterDefault, RecordRule,
    Reference, Source, Unmapped, UuidName,
};
use crate::model::{Column, DefaultValue, Pointer, Table, TableIndex};

/// Returns the description, in several lines.
#[must_use]
pub fn describe(layout: &Layout) -> String {
    let mut text = String::new();
    Description { layout }
        .write(&mut text)
        .expect("writing to a String does not fail");
    text
}

struct Description<'l> {
    layout: &'l Layout,
}

impl Description<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        let layout = self.layout;
        writeln!(out, "{}: {}", layout.name, layout.title)?;
        writeln!(out, "digest {}", layout.digest)?;
        if !layout.parameters.is_empty() {
            writeln!(out, "\nparameters")?;
        }
        for parameter in &layout.parameters {
            write!(out, "  {}: {}", parameter.name, parameter.help)?;
            match &parameter.default {
                None => writeln!(out, " (must be set)")?,
                Some(ParameterDefault::Text(text)) => writeln!(out, " (`{text}` if not set)")?,
                Some(ParameterDefault::Only { table, column }) => {
                    let name = self.column(*table, *column);
                    writeln!(out, " (if not set: `{name}` of the only row)")?;
                }
            }
        }
        for source in layout.waves.iter().flatten() {
            self.source(&layout.sources[*source], out)?;
        }
        Ok(())
    }

    fn source(&self, source: &Source, out: &mut String) -> fmt::Result {
        let unmapped = match source.unmapped {
            Unmapped::Notice => "are reported",
            Unmapped::Reject => "are rejected",
        };
        let read = if source.streamed {
            "element by element"
        } else {
            "as a whole"
        };
        writeln!(out, "\n{}", source.files.text())?;
        writeln!(out, "  schema {}, read {read}", source.schema_name)?;
        writeln!(out, "  unmapped properties {unmapped}")?;
        source
            .records
            .iter()
            .try_for_each(|rule| self.record(rule, &[], out))
    }

    fn record(&self, rule: &RecordRule, outer: &[&RecordRule], out: &mut String) -> fmt::Result {
        let table = &self.layout.tables[rule.table].table;
        let indent = "  ".repeat(outer.len() + 1);
        let each = match rule.each[..] {
            [] if outer.is_empty() => "the document".to_owned(),
            [] => "the record".to_owned(),
            _ => each_text(rule),
        };
        write!(out, "\n{indent}{each}")?;
        if !rule.split.is_empty() {
            let separators: Vec<String> = rule.split.iter().map(|s| format!("{s:?}")).collect();
            write!(out, " split at {}", separators.join(" "))?;
        }
        writeln!(out, " → {}", table.name)?;
        let identity = match &rule.identity {
            IdentityRule::Columns(columns) => names(table, columns),
            IdentityRule::Pointers(pointers) => {
                let pointers: Vec<_> = pointers.iter().map(pointer_text).collect();
                format!("{} in the record", pointers.join(", "))
            }
            IdentityRule::Position => "its position in the file".to_owned(),
        };
        writeln!(out, "{indent}  identified by {identity}")?;
        if let Some(unless) = &rule.unless {
            let unless = self.reference(unless, rule, outer);
            writeln!(out, "{indent}  skipped if another row matches {unless}")?;
        }
        let width = table
            .columns
            .iter()
            .map(|column| column.name.chars().count())
            .max()
            .unwrap_or(0);
        let longest = |column: &Column| {
            let null = if column.nullable {
                0
            } else {
                " NOT NULL".len()
            };
            column.ty.to_string().len() + null
        };
        let types = table.columns.iter().map(longest).max().unwrap_or(0);
        for (index, column) in table.columns.iter().enumerate() {
            let mapped = rule.columns.iter().find(|mapped| mapped.column == index);
            let origin = match mapped {
                Some(mapped) => self.mapped(mapped, rule, outer),
                // Other rules fill this column, so rows of this rule have NULL.
                None if self.layout.tables[rule.table].mapped[index]
                    && table.columns[index].nullable =>
                {
                    "NULL".to_owned()
                }
                None => unmapped(table, index),
            };
            let ty = match column.nullable {
                true => column.ty.to_string(),
                false => format!("{} NOT NULL", column.ty),
            };
            writeln!(
                out,
                "{indent}  {:width$}  {ty:types$}  {origin}",
                column.name
            )?;
        }
        for key in &table.foreign_keys {
            let own = names(table, &key.columns);
            let references = key.references.join(", ");
            writeln!(
                out,
                "{indent}  refers to {} ({references}) by {own}",
                key.table
            )?;
        }
        let outer: Vec<&RecordRule> = [&[rule], outer].concat();
        rule.records
            .iter()
            .try_for_each(|inner| self.record(inner, &outer, out))
    }

    fn mapped(&self, column: &ColumnRule, rule: &RecordRule, outer: &[&RecordRule]) -> String {
        let mut text = self.expression(&column.expression, rule, outer);
        if let Some(conversion) = column.conversion {
            text.push_str(match conversion {
                As::Text => ", as text",
                As::Unix => ", seconds since 1970",
                As::UnixMilliseconds => ", milliseconds since 1970",
                As::Object => ", an object; `[]` is accepted for an empty one",
                As::Ordinal => ", counted from 1",
            });
        }
        if let Some(default) = &column.default {
            let _ = write!(text, ", else {default}");
        }
        text
    }

    fn expression(
        &self,
        expression: &Expression,
        rule: &RecordRule,
        outer: &[&RecordRule],
    ) -> String {
        match expression {
            Expression::Pointer(pointer) => pointer_text(pointer),
            Expression::Capture(slot) => capture_text(rule, *slot),
            Expression::Parent { levels, column } => match outer.get(levels - 1) {
                Some(rule) => format!("{} of the enclosing row", self.column(rule.table, *column)),
                None => "an enclosing row".to_owned(),
            },
            Expression::First(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.expression(item, rule, outer))
                    .collect();
                items.join(", else ")
            }
            Expression::Constant(value) => format!("always {value}"),
            Expression::Parameter(index) => {
                format!("parameter {}", self.layout.parameters[*index].name)
            }
            Expression::Reference(reference) => self.reference(reference, rule, outer),
            Expression::Rest => "the properties that are not mapped otherwise".to_owned(),
            Expression::Uuid(UuidName::Position) => {
                "UUID generated from its position in the directory".to_owned()
            }
            Expression::Uuid(UuidName::Values(values)) => {
                let values: Vec<_> = values
                    .iter()
                    .map(|value| self.expression(value, rule, outer))
                    .collect();
                format!("UUID generated from {}", values.join(", "))
            }
        }
    }

    fn reference(&self, reference: &Reference, rule: &RecordRule, outer: &[&RecordRule]) -> String {
        let key: Vec<_> = reference
            .key
            .iter()
            .map(|(column, value)| {
                let column = &self.layout.tables[reference.table].table.columns[*column];
                let value = self.expression(value, rule, outer);
                format!("{} is {value}", column.name)
            })
            .collect();
        let target = self.column(reference.table, reference.column);
        format!("{target} where {}", key.join(" and "))
    }

    fn column(&self, table: TableIndex, column: usize) -> String {
        let table = &self.layout.tables[table].table;
        format!("{}.{}", table.name, table.columns[column].name)
    }
}

fn unmapped(table: &Table, index: usize) -> String {
    if table.generated_key() == Some(index) {
        return "generated by the database".to_owned();
    }
    match &table.columns[index].default {
        None => "NULL".to_owned(),
        Some(DefaultValue::CurrentTimestamp) => "time of the run".to_owned(),
        Some(DefaultValue::Value(value)) => format!("always {}", value.key_text()),
    }
}

fn names(table: &Table, columns: &[usize]) -> String {
    let names: Vec<&str> = columns
        .iter()
        .map(|&column| table.columns[column].name.as_str())
        .collect();
    names.join(", ")
}

fn pointer_text(pointer: &Pointer) -> String {
    match pointer.tokens[..] {
        [] => "the record itself".to_owned(),
        _ => pointer.to_string(),
    }
}

fn each_text(rule: &RecordRule) -> String {
    rule.each
        .iter()
        .map(|token| match token {
            EachToken::Every => "/*".to_owned(),
            EachToken::Name(name) => format!("/{}", Pointer::escape(name)),
            EachToken::Capture(slot) => format!("/{}", capture_text(rule, *slot)),
        })
        .collect()
}

fn capture_text(rule: &RecordRule, slot: usize) -> String {
    format!("{{{}}}", rule.captures[slot])
}
