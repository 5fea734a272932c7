//! Column expressions: where the value of a column comes from.

use toml::Spanned;

use crate::layout::literal::{same_kind, storable};
use crate::layout::problem::suggest;
use crate::layout::rules::{ColumnRule, Expression, UuidName};
use crate::layout::written::{WrittenColumn, WrittenExpression, WrittenForm};
use crate::model::{Column, ColumnType, TableIndex};

use super::Compiler;
use super::record::takes_generated;
use super::scope::Scope;

impl Compiler<'_> {
    /// Resolves `name = …` for a column of `table`.
    pub(super) fn column_rule(
        &mut self,
        written: &WrittenColumn,
        table: TableIndex,
        scope: &Scope<'_>,
    ) -> Option<ColumnRule> {
        let index = self.column(table, written.name.get_ref(), written.name.span().start);
        let column = index.map(|index| &self.tables[table].columns[index]);
        let conversion = written.conversion.as_ref();
        let target = column.filter(|_| conversion.is_none());
        let expression = written
            .expression
            .as_ref()
            .and_then(|expression| self.expression(expression, target, scope));
        if let (Some(column), Some(conversion)) = (column, conversion) {
            self.conversion(conversion, column);
        }
        if let (Some(expression), Some(conversion)) = (&expression, conversion) {
            self.converted(written, *conversion.get_ref(), expression);
        }
        if let (Some(column), Some(default), None) = (column, &written.default, conversion)
            && let Err(reason) = storable(default.get_ref(), column.ty)
        {
            let message = format!("the default of `{}` {reason}", column.name);
            let hint = format!("write a default of type {}", column.ty);
            self.error(default.span().start, message, hint);
        }
        Some(ColumnRule {
            column: index?,
            expression: expression?,
            default: written
                .default
                .as_ref()
                .map(|default| default.get_ref().clone()),
            conversion: conversion.map(|conversion| *conversion.get_ref()),
        })
    }

    /// Resolves an expression. `target` is the column whose type the value must have, if there is one.
    pub(super) fn expression(
        &mut self,
        written: &WrittenExpression,
        target: Option<&Column>,
        scope: &Scope<'_>,
    ) -> Option<Expression> {
        let at = written.span.start;
        match &written.form {
            WrittenForm::Text(text) => self.text_form(text, at, target, scope),
            WrittenForm::First(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.expression(item, target, scope))
                    .collect();
                Some(Expression::First(items.into_iter().collect::<Option<_>>()?))
            }
            WrittenForm::Value(value) => {
                if let Some(column) = target
                    && let Err(reason) = storable(value, column.ty)
                {
                    let message = format!("the constant for `{}` {reason}", column.name);
                    self.error(
                        at,
                        message,
                        format!("write a constant of type {}", column.ty),
                    );
                }
                Some(Expression::Constant(value.clone()))
            }
            WrittenForm::Parameter(name) => self.parameter(name),
            WrittenForm::Reference { target: row, key } => {
                let reference = self.reference(row, key, scope)?;
                let from = &self.tables[reference.table].columns[reference.column];
                self.copied(from, target, row.span().start);
                Some(Expression::Reference(reference))
            }
            WrittenForm::Rest => {
                if let Some(column) = target.filter(|column| column.ty != ColumnType::Json) {
                    let message = format!(
                        "`rest` is an object, but `{}` is {}",
                        column.name, column.ty
                    );
                    self.error(at, message, "change the type of the column to JSON");
                }
                Some(Expression::Rest)
            }
            WrittenForm::Uuid(name) => {
                if target.is_none_or(|column| column.ty != ColumnType::Uuid) {
                    let message = "`uuid` requires a column of type UUID";
                    self.error(at, message, "change the type of the column to UUID");
                }
                let Some(parts) = name else {
                    return Some(Expression::Uuid(UuidName::Position));
                };
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| self.expression(part, None, scope))
                    .collect();
                let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
                self.known_when_mapped(parts.iter(), at, scope);
                Some(Expression::Uuid(UuidName::Values(parts)))
            }
        }
    }

    /// Resolves `"/pointer"`, `"{capture}"` or `"^column"`.
    fn text_form(
        &mut self,
        text: &str,
        at: usize,
        target: Option<&Column>,
        scope: &Scope<'_>,
    ) -> Option<Expression> {
        if text.starts_with('^') {
            return self.parent(text, at, target, scope);
        }
        let capture = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = capture {
            return self.capture(name, at, scope);
        }
        if !text.is_empty() && !text.starts_with('/') {
            self.error(at, format!("`{text}` is not an expression"), hint_for(text));
            return None;
        }
        self.pointer(text, at, scope).map(Expression::Pointer)
    }

    fn parent(
        &mut self,
        text: &str,
        at: usize,
        target: Option<&Column>,
        scope: &Scope<'_>,
    ) -> Option<Expression> {
        let name = text.trim_start_matches('^');
        let levels = text.len() - name.len();
        let Some(rule) = scope.enclosing(levels) else {
            let message = match scope.depth() {
                0 => format!("`{text}`: the record is not inside another one"),
                depth => format!("`{text}` refers {levels} levels up, but there are only {depth}"),
            };
            self.error(at, message, "write one `^` per enclosing `records`");
            return None;
        };
        let column = self.column(rule.table, name, at)?;
        let table = self.tables[rule.table];
        if !rule.mapped.contains(&column) && table.generated_key() != Some(column) {
            let message = format!("the enclosing record does not fill `{}.{name}`", table.name);
            self.error(at, message, "map it there, or use another expression");
            return None;
        }
        self.copied(&table.columns[column], target, at);
        Some(Expression::Parent { levels, column })
    }

    fn parameter(&mut self, name: &Spanned<String>) -> Option<Expression> {
        let mut known = self.parameters.iter();
        let index = known.position(|parameter| parameter.name == *name.get_ref());
        if index.is_none() {
            let names: Vec<_> = self.parameters.iter().map(|p| p.name.clone()).collect();
            let message = format!("there is no parameter `{}`", name.get_ref());
            let known = suggest(name.get_ref(), names.iter().map(String::as_str));
            let hint = format!(
                "declare it as `[parameters.{}]`, or: {known}",
                name.get_ref()
            );
            self.error(name.span().start, message, hint);
        }
        index.map(Expression::Parameter)
    }

    /// Checks that no value depends on a key that the database generates when the enclosing row is written.
    pub(super) fn known_when_mapped<'e>(
        &mut self,
        values: impl IntoIterator<Item = &'e Expression>,
        at: usize,
        scope: &Scope<'_>,
    ) {
        let mut values = values.into_iter();
        if values.any(|value| takes_generated(value, scope)) {
            let message =
                "the database generates this key of the enclosing row only when the row is written";
            let hint = "use values from the file";
            self.error(at, message, hint);
        }
    }

    /// Checks that a value of column `from` can be copied into `target`.
    fn copied(&mut self, from: &Column, target: Option<&Column>, at: usize) {
        if let Some(to) = target.filter(|to| !same_kind(from.ty, to.ty)) {
            let message = format!(
                "`{}` is {}, but `{}` is {}",
                from.name, from.ty, to.name, to.ty
            );
            self.error(at, message, "give both columns the same type");
        }
    }
}

/// Returns a hint with the expression that `text` may mean. Pointers are often written as fragments (`#/a`) or
/// paths (`$.a`).
fn hint_for(text: &str) -> String {
    if let Some(pointer) = text.strip_prefix('#').filter(|rest| rest.starts_with('/')) {
        return format!("write the JSON Pointer `{pointer}`");
    }
    if let Some(path) = text.strip_prefix("$.") {
        return format!("write the JSON Pointer `/{}`", path.replace('.', "/"));
    }
    format!(
        "write a pointer `/{text}`, a capture `{{{text}}}`, `^{text}` of the enclosing row, or `{{ value = \"{text}\" }}`"
    )
}
