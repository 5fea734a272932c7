//! `{ reference = "table.column", where = { … } }`: a column of another row, found by a unique key.

use toml::Spanned;

use crate::layout::problem::quoted;
use crate::layout::rules::{Expression, Reference};
use crate::layout::written::WrittenExpression;

use super::Compiler;
use super::scope::Scope;

impl Compiler<'_> {
    /// `unless = { reference = … }`; the column taken must be one by which the record's own row can be told.
    pub(super) fn unless(
        &mut self,
        written: &WrittenExpression,
        table: usize,
        mapped: &[usize],
        scope: &Scope<'_>,
    ) -> Option<Reference> {
        let at = written.span.start;
        let Some(Expression::Reference(reference)) = self.expression(written, None, scope) else {
            let remedy = "write `unless = { reference = \"table.key\", where = { … } }`";
            self.error(at, "`unless` is no reference", remedy);
            return None;
        };
        let own = self.tables[table];
        if reference.table != table
            || own.primary_key != [reference.column]
            || !mapped.contains(&reference.column)
        {
            let message = format!(
                "`unless` must find the primary key of `{}`, which the record fills",
                own.name
            );
            let remedy = "so a row that the record itself became is told from another's";
            self.error(at, message, remedy);
            return None;
        }
        Some(reference)
    }

    pub(super) fn reference(
        &mut self,
        target: &Spanned<String>,
        written: &[(Spanned<String>, WrittenExpression)],
        scope: &Scope<'_>,
    ) -> Option<Reference> {
        let found = self.qualified(target);
        let mut given = Vec::new();
        for (name, expression) in written {
            let key =
                found.and_then(|(table, _)| self.column(table, name.get_ref(), name.span().start));
            let column = key.and_then(|key| Some(&self.tables[found?.0].columns[key]));
            let value = self.expression(expression, column, scope);
            if matches!(value, Some(Expression::Uuid(_))) {
                let message = "a row is not found by a UUID that is made for a record";
                let remedy = "find it by the values the UUID is made of";
                self.error(expression.span.start, message, remedy);
            }
            self.known_when_mapped(value.iter(), expression.span.start, scope);
            given.push((key, value));
        }
        let (table, column) = found?;
        let given = given
            .into_iter()
            .map(|(key, expression)| Some((key?, expression?)))
            .collect::<Option<Vec<_>>>()?;
        let keys = self.tables[table].unique.iter();
        let mut keys = keys.chain([&self.tables[table].primary_key]);
        let key = keys.find(|key| {
            key.len() == given.len() && given.iter().all(|(column, _)| key.contains(column))
        });
        let Some(key) = key else {
            let names = written.iter().map(|(name, _)| name.get_ref().as_str());
            self.error(
                target.span().start,
                format!("{} is no key of `{}`, so it may find several rows", quoted(names), self.tables[table].name),
                "name the columns of its primary key or of a UNIQUE constraint, all of them and no others",
            );
            return None;
        };
        let mut ordered = given;
        ordered.sort_by_key(|(column, _)| key.iter().position(|wanted| wanted == column));
        Some(Reference {
            table,
            column,
            key: ordered,
        })
    }
}
