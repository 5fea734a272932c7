//! INSERT, UPDATE and DELETE statements for tables that are known only at run time, built with Diesel's query
//! machinery: names are added with `push_identifier`, values as bind parameters.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};

use super::engine::{Cast, Values};
use crate::model::{Column, ColumnType, Table, Value};

/// A column of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) name: &'a str,
    /// The type as which its values are bound.
    pub(super) ty: ColumnType,
    /// For values of images.
    pub(super) cast: Option<&'a Cast>,
}

impl<'a> From<&'a Column> for Slot<'a> {
    fn from(column: &'a Column) -> Self {
        Self {
            name: &column.name,
            ty: column.ty,
            cast: None,
        }
    }
}

/// The columns and values of the primary key with this record id.
pub(super) fn named_key<'a>(table: &'a Table, record_id: &str) -> Vec<(Slot<'a>, Value)> {
    let columns = table.primary_key.iter();
    let columns = columns.map(|&key| Slot::from(&table.columns[key]));
    columns.zip(table.key_from_record_id(record_id)).collect()
}

impl Slot<'_> {
    /// Adds a bind parameter.
    pub(super) fn bind<'b, DB: Values>(
        &self,
        out: &mut AstPass<'_, 'b, DB>,
        value: &'b Value,
    ) -> QueryResult<()> {
        let Some(cast) = self.cast else {
            return DB::bind(out, self.ty, value);
        };
        out.push_sql(cast.before);
        let ty = match cast.is_text {
            true => ColumnType::Text { max_chars: None },
            false => self.ty,
        };
        DB::bind(out, ty, value)?;
        out.push_sql(&cast.after);
        Ok(())
    }

    /// The operator that compares the column with a value, if it is not `=`.
    pub(super) fn operator(&self) -> Option<&str> {
        self.cast?.equals.as_deref()
    }
}

/// `INSERT INTO table (columns) VALUES (…), (…)`.
pub(super) struct InsertRows<'a> {
    pub(super) table: &'a str,
    pub(super) columns: &'a [Slot<'a>],
    /// The values, row by row: `columns.len()` for each row.
    pub(super) values: &'a [&'a Value],
}

/// `UPDATE table SET column = …, … WHERE key = … AND …`.
pub(super) struct UpdateRow<'a> {
    pub(super) table: &'a str,
    pub(super) set: &'a [(Slot<'a>, &'a Value)],
    /// Columns that are set to the value that they have.
    pub(super) kept: &'a [Slot<'a>],
    pub(super) key: &'a [(Slot<'a>, Value)],
}

/// `DELETE FROM table WHERE key = … AND …`.
pub(super) struct DeleteRow<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a [(Slot<'a>, Value)],
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
            out.push_identifier(column.name)?;
        }
        out.push_sql(")");
        out.push_sql(DB::OVERRIDING);
        out.push_sql(" VALUES ");
        for (i, row) in self.values.chunks_exact(self.columns.len()).enumerate() {
            out.push_sql(if i == 0 { "(" } else { ", (" });
            for (j, (value, column)) in row.iter().zip(self.columns).enumerate() {
                if j > 0 {
                    out.push_sql(", ");
                }
                column.bind(&mut out, value)?;
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
            out.push_identifier(column.name)?;
            out.push_sql(" = ");
            column.bind(&mut out, value)?;
        }
        for column in self.kept {
            out.push_sql(", ");
            out.push_identifier(column.name)?;
            out.push_sql(" = ");
            out.push_identifier(column.name)?;
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
    key: &'b [(Slot<'_>, Value)],
) -> QueryResult<()> {
    out.push_sql(" WHERE ");
    for (i, (column, value)) in key.iter().enumerate() {
        if i > 0 {
            out.push_sql(" AND ");
        }
        out.push_identifier(column.name)?;
        out.push_sql(column.operator().unwrap_or(" = "));
        column.bind(out, value)?;
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

            // Without walking the statement to find out: the names and the number of rows determine its text.
            fn is_safe_to_cache_prepared(
                &self,
                _backend: &$crate::database::engine::MultiBackend,
            ) -> QueryResult<bool> {
                Ok(true)
            }
        })*
    };
}
pub(super) use dynamic_statement;
dynamic_statement!(InsertRows, UpdateRow, DeleteRow);
