//! Queries of the catalog about one table.

use std::borrow::Cow;

use diesel::backend::Backend;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};

pub(in crate::database) type AboutTable<'q, DB> = BoxedSqlQuery<'q, DB, SqlQuery>;

/// The query with the name bound to its parameter. Parameters of MySQL have no numbers: there a query has one for each
/// place where it needs the name. The server reads only this table if the name is a constant; if a subquery gets it from
/// the query around it, it reads all tables.
pub(in crate::database) fn about_table<'q, DB>(
    query: Cow<'static, str>,
    table: &'q str,
) -> AboutTable<'q, DB>
where
    DB: Backend + HasSqlType<Text> + 'q,
    str: ToSql<Text, DB>,
{
    let places = query.matches('?').count().max(1);
    let bound = diesel::sql_query(query).into_boxed();
    (0..places).fold(bound, |query, _| query.bind::<Text, _>(table))
}
