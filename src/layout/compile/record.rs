//! Record rules: `[[source.records]]`, with nested rules.

use crate::layout::problem::quoted;
use crate::layout::rules::{ColumnRule, Expression, RecordRule};
use crate::layout::schema::{Kind, accepts};
use crate::layout::written::WrittenRecords;
use crate::model::TableIndex;

use super::Compiler;
use super::scope::{EnclosingRule, Scope, written};

impl Compiler<'_> {
    /// Resolves a rule. `slots` is raised to the largest number of captures in scope.
    pub(super) fn record(
        &mut self,
        rule: &WrittenRecords,
        mut scope: Scope<'_>,
        slots: &mut usize,
    ) -> Option<RecordRule> {
        let at = rule.table.span().start;
        let table = self.table(rule.table.get_ref(), at);
        let each = self.each(&rule.each, &mut scope);
        *slots = scope.captures.len().max(*slots);
        let table = table?;
        let columns: Vec<_> = rule
            .columns
            .iter()
            .map(|column| self.column_rule(column, table, &scope))
            .collect();
        let complete = columns.iter().all(Option::is_some);
        let columns: Vec<ColumnRule> = columns.into_iter().flatten().collect();
        let mapped: Vec<usize> = rule
            .columns
            .iter()
            .filter_map(|column| self.tables[table].column(column.name.get_ref()))
            .collect();
        self.split(rule, &columns, &scope);
        if rule.columns.is_empty() {
            self.error(
                at,
                format!(
                    "the records do not fill any column of `{}`",
                    self.tables[table].name
                ),
                "map at least one column; `rest = { rest = true }` takes all properties that are not mapped",
            );
        }
        // If a column is invalid, it is unknown which columns are unfilled.
        let errors = self.problems.errors();
        let identity = complete.then(|| {
            self.unfilled(rule, table, &mapped);
            // A column missing in a row is also missing in its key.
            let filled = self.problems.errors() == errors;
            filled
                .then(|| self.identity(rule, table, &mapped, &scope))
                .flatten()
        });
        let unless = match &rule.unless {
            Some(unless) => Some(self.unless(unless, table, &mapped, &scope)?),
            None => None,
        };
        if let (Some(written), false) = (&rule.unless, rule.records.is_empty()) {
            let message = "a record with `unless` cannot contain records";
            let hint = "move them next to it, and use a reference to find the row";
            self.error(written.span.start, message, hint);
        }
        let generated = self.generated(table, &columns, &scope);
        let depends_on_parent_key = columns
            .iter()
            .any(|column| takes_generated(&column.expression, &scope));
        let here = EnclosingRule {
            table,
            mapped,
            generated,
            scope: &scope,
        };
        let records: Vec<_> = rule
            .records
            .iter()
            .map(|inner| {
                let inner_scope = Scope {
                    outer: Some(&here),
                    ..scope.clone()
                };
                self.record(inner, inner_scope, slots)
            })
            .collect();
        Some(RecordRule {
            table,
            each: each?,
            captures: scope.captures.clone(),
            split: rule
                .split
                .as_ref()
                .map_or_else(Vec::new, |split| split.get_ref().clone()),
            unless,
            columns,
            identity: identity??,
            records: records.into_iter().collect::<Option<_>>()?,
            depends_on_parent_key,
        })
    }

    /// Checks a rule whose records are parts of a string: the part itself is the only value.
    fn split(&mut self, rule: &WrittenRecords, columns: &[ColumnRule], scope: &Scope<'_>) {
        let Some(split) = rule
            .split
            .as_ref()
            .filter(|split| !split.get_ref().is_empty())
        else {
            return;
        };
        let at = split.span().start;
        if let Some((name, schema)) = scope.schema
            && !accepts(schema, &scope.path, Kind::Text)
        {
            let path = written(&scope.path);
            self.error(
                at,
                format!("only a string can be split, but `{name}` does not allow one at `{path}`"),
                "remove `split`, or allow a string in the schema",
            );
        }
        let mut reads_part = false;
        let mut reads_inside = false;
        let expressions = columns
            .iter()
            .flat_map(|column| column.expression.with_inner());
        for expression in expressions {
            let pointer = expression.pointer();
            reads_part |= pointer.is_some_and(|pointer| pointer.tokens.is_empty());
            reads_inside |= pointer.is_some_and(|pointer| !pointer.tokens.is_empty())
                || matches!(expression, Expression::Rest);
        }
        if reads_inside || !rule.records.is_empty() {
            self.error(
                at,
                "a part of a string has no properties",
                "use the empty pointer `\"\"`, and no nested records",
            );
        } else if !reads_part {
            self.error(
                at,
                "no column is mapped to the parts of the string",
                "map one column to the empty pointer: `column = \"\"`",
            );
        }
    }

    /// Reports NOT NULL columns that get no value.
    fn unfilled(&mut self, rule: &WrittenRecords, table: TableIndex, mapped: &[usize]) {
        let table = self.tables[table];
        let missing: Vec<&str> = (0..table.columns.len())
            .filter(|column| !mapped.contains(column) && table.generated_key() != Some(*column))
            .map(|column| &table.columns[column])
            .filter(|column| !column.nullable && column.default.is_none())
            .map(|column| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            self.error(
                rule.table.span().start,
                format!(
                    "{} of `{}` must not be NULL, but is not mapped",
                    quoted(missing),
                    table.name
                ),
                "map the column, or give it a DEFAULT in tables.sql",
            );
        }
    }

    /// Returns the columns of this rule's row that are known only after the database has generated a key.
    fn generated(
        &self,
        table: TableIndex,
        columns: &[ColumnRule],
        scope: &Scope<'_>,
    ) -> Vec<usize> {
        let own = self.tables[table]
            .generated_key()
            .filter(|key| columns.iter().all(|column| column.column != *key));
        let copied = columns
            .iter()
            .filter(|column| takes_generated(&column.expression, scope))
            .map(|column| column.column);
        own.into_iter().chain(copied).collect()
    }
}

/// Whether the expression uses the generated key of an enclosing row, or a copy of it.
pub(super) fn takes_generated(expression: &Expression, scope: &Scope<'_>) -> bool {
    expression.with_inner().iter().any(|inner| {
        matches!(inner, Expression::Parent { levels, column } if scope
            .enclosing(*levels)
            .is_some_and(|rule| rule.generated.contains(column)))
    })
}
