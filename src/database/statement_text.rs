//! A cache of the SQL text of multi-row statements, made once for each number of rows.
//!
//! A connection asks for the text of a statement several times for each execution, and the connection enum does so
//! again for each of them. The text of 500 rows is long.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryBuilder as _, QueryFragment};

use super::AnyConnection;
use super::engine::{MultiBackend, Statement};

/// The SQL texts of one kind of statement, by its number of rows, which must determine the text.
#[derive(Default)]
pub(super) struct StatementTexts(HashMap<usize, String>);

impl StatementTexts {
    /// Executes a statement that inserts this number of rows.
    pub(super) fn execute<S>(
        &mut self,
        connection: &mut AnyConnection,
        rows: usize,
        statement: &S,
    ) -> QueryResult<usize>
    where
        S: Statement + QueryFragment<MultiBackend>,
    {
        let text = match self.0.entry(rows) {
            Entry::Occupied(text) => text.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(connection.text_of(statement)?),
        };
        WithText { statement, text }.execute(connection)
    }
}

/// A statement whose text is known.
struct WithText<'a, S> {
    statement: &'a S,
    text: &'a str,
}

impl<S: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for WithText<'_, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.statement.walk_ast(out)
    }

    fn to_sql(
        &self,
        out: &mut <MultiBackend as Backend>::QueryBuilder,
        _backend: &MultiBackend,
    ) -> QueryResult<()> {
        out.push_sql(self.text);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _backend: &MultiBackend) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> diesel::query_builder::QueryId for WithText<'_, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S, C> diesel::RunQueryDsl<C> for WithText<'_, S> {}
