//! `[[source.records]]`: one rule, and the rules inside it.

use crate::layout::problem::quoted;
use crate::layout::rules::{ColumnRule, Expression, RecordRule};
use crate::layout::schema::{Kind, accepts};
use crate::layout::written::WrittenRecords;

use super::Compiler;
use super::scope::{EnclosingRule, Scope, written};

impl Compiler<'_> {
    /// Resolves a rule; `slots` becomes the largest number of captures seen at once.
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
                    "the records fill no column of `{}`",
                    self.tables[table].name
                ),
                "map at least one column; `rest = { rest = true }` takes what nothing else reads",
            );
        }
        // With a faulty column, what is missing is not known.
        let errors = self.problems.errors();
        let identity = complete.then(|| {
            self.unfilled(rule, table, &mapped);
            // What is missing from a row is missing from its key too.
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
            let message = "a record that may be left out has records inside it";
            let remedy = "put them beside it, and let them find their row by a reference";
            self.error(written.span.start, message, remedy);
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

    /// Checks a rule whose records are the parts of a text: the part is all there is to read.
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
                format!("only a text can be split, and `{name}` does not allow one at `{path}`"),
                "remove `split`, or allow a text in the schema",
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
                "the part of a text has no members",
                "read it with the empty pointer `\"\"`, and put no records inside",
            );
        } else if !reads_part {
            self.error(
                at,
                "no column takes the parts of the text",
                "map one column to the empty pointer: `column = \"\"`",
            );
        }
    }

    /// Reports columns that must have a value and get none.
    fn unfilled(&mut self, rule: &WrittenRecords, table: usize, mapped: &[usize]) {
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
                    "nothing fills {} of `{}`, which must not be NULL",
                    quoted(missing),
                    table.name
                ),
                "map the column, or give it a DEFAULT in tables.sql",
            );
        }
    }

    /// The columns of this rule's row that are known only once a row has been given its key.
    fn generated(&self, table: usize, columns: &[ColumnRule], scope: &Scope<'_>) -> Vec<usize> {
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

/// Whether the expression takes the generated key of an enclosing row, or a copy of one.
pub(super) fn takes_generated(expression: &Expression, scope: &Scope<'_>) -> bool {
    expression.with_inner().iter().any(|inner| {
        matches!(inner, Expression::Parent { levels, column } if scope
            .enclosing(*levels)
            .is_some_and(|rule| rule.generated.contains(column)))
    })
}
