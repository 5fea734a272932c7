//! References: `{ reference = "table.column", where = { … } }`, a column of another row that is found by a unique
//! key.

use toml::Spanned;

use crate::layout::problem::quoted;
use crate::layout::rules::{Expression, Reference};
use crate::layout::written::WrittenExpression;
use crate::model::TableIndex;

use super::Compiler;
use super::scope::Scope;

impl Compiler<'_> {
    /// Resolves `unless = { reference = … }`. The referenced column must identify the record's own row.
    pub(super) fn unless(
        &mut self,
        written: &WrittenExpression,
        table: TableIndex,
        mapped: &[usize],
        scope: &Scope<'_>,
    ) -> Option<Reference> {
        let at = written.span.start;
        let Some(Expression::Reference(reference)) = self.expression(written, None, scope) else {
            let hint = "write `unless = { reference = \"table.key\", where = { … } }`";
            self.error(at, "`unless` is not a reference", hint);
            return None;
        };
        let own = self.tables[table];
        if reference.table != table
            || own.primary_key != [reference.column]
            || !mapped.contains(&reference.column)
        {
            let message = format!(
                "`unless` must reference the primary key of `{}`, and the record must fill it",
                own.name
            );
            let hint = "the key distinguishes the record's own row from other rows";
            self.error(at, message, hint);
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
                let message = "a reference cannot use a generated UUID";
                let hint = "use the values from which the UUID is generated";
                self.error(expression.span.start, message, hint);
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
                format!(
                    "{} is not a key of `{}`, so several rows may match",
                    quoted(names),
                    self.tables[table].name
                ),
                "use exactly the columns of its primary key or of a UNIQUE constraint",
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
