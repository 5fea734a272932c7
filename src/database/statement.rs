//! INSERT, UPDATE and DELETE statements for tables that are known only at run time, built with Diesel's query
//! machinery: names are added with `push_identifier`, values as bind parameters.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};

use super::engine::Values;
use crate::model::{Column, Value};

/// `INSERT INTO table (columns) VALUES (…), (…)`.
pub(super) struct InsertRows<'a> {
    pub(super) table: &'a str,
    pub(super) columns: &'a [&'a Column],
    /// The values, row by row: `columns.len()` for each row.
    pub(super) values: &'a [&'a Value],
}

/// `UPDATE table SET column = …, … WHERE key = … AND …`.
pub(super) struct UpdateRow<'a> {
    pub(super) table: &'a str,
    pub(super) set: &'a [(&'a Column, &'a Value)],
    pub(super) key: &'a [(&'a Column, Value)],
}

/// `DELETE FROM table WHERE key = … AND …`.
pub(super) struct DeleteRow<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a [(&'a Column, Value)],
}

impl<DB: Values> QueryFragment<DB> for InsertRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.table)?;
        out.push_sql(" (");
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push_sql(", ");
            }
            out.push_identifier(&column.name)?;
        }
        out.push_sql(") VALUES ");
        for (i, row) in self.values.chunks_exact(self.columns.len()).enumerate() {
            out.push_sql(if i == 0 { "(" } else { ", (" });
            for (j, (value, column)) in row.iter().zip(self.columns).enumerate() {
                if j > 0 {
                    out.push_sql(", ");
                }
                DB::bind(&mut out, column.ty, value)?;
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<DB: Values> QueryFragment<DB> for UpdateRow<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        for (i, (column, value)) in self.set.iter().enumerate() {
            if i > 0 {
                out.push_sql(", ");
            }
            out.push_identifier(&column.name)?;
            out.push_sql(" = ");
            DB::bind(&mut out, column.ty, value)?;
        }
        push_key(&mut out, self.key)
    }
}

impl<DB: Values> QueryFragment<DB> for DeleteRow<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(self.table)?;
        push_key(&mut out, self.key)
    }
}

fn push_key<'b, DB: Values>(
    out: &mut AstPass<'_, 'b, DB>,
    key: &'b [(&Column, Value)],
) -> QueryResult<()> {
    out.push_sql(" WHERE ");
    for (i, (column, value)) in key.iter().enumerate() {
        if i > 0 {
            out.push_sql(" AND ");
        }
        out.push_identifier(&column.name)?;
        out.push_sql(" = ");
        DB::bind(out, column.ty, value)?;
    }
    Ok(())
}

/// Caches prepared statements by their SQL text, where the backend does so: table, columns and number of rows determine
/// a statement.
macro_rules! cached_by_text {
    ($($name:ident),*) => {$(
        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
        impl<C> diesel::RunQueryDsl<C> for $name<'_> {}
    )*};
}
pub(super) use cached_by_text;

/// On the connection enum, a statement delegates to the variant's connection.
macro_rules! dynamic_statement {
    ($($name:ident),*) => {
        $crate::database::statement::cached_by_text!($($name),*);
        $(impl QueryFragment<$crate::database::engine::MultiBackend> for $name<'_> {
            fn walk_ast<'b>(
                &'b self,
                out: AstPass<'_, 'b, $crate::database::engine::MultiBackend>,
            ) -> QueryResult<()> {
                $crate::database::engine::MultiBackend::walk_variant_ast(self, out)
            }
        })*
    };
}
pub(super) use dynamic_statement;
dynamic_statement!(InsertRows, UpdateRow, DeleteRow);
