//! SELECT statements for tables that are known only at run time.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Untyped};

use crate::model::{Column, Value};

use super::engine::Values;
use super::statement::{Slot, dynamic_statement};

/// `SELECT columns FROM table [WHERE key = ANY of keys]`.
pub(super) struct SelectRows<'a> {
    pub(super) table: &'a str,
    pub(super) columns: &'a [&'a Column],
    pub(super) which: Which<'a>,
}

/// The selected rows.
pub(super) enum Which<'a> {
    /// All of them.
    All,
    /// Rows whose key columns have one of these combinations of values; not empty.
    Keys {
        columns: &'a [Slot<'a>],
        keys: &'a [Vec<Value>],
    },
}

impl Which<'_> {
    /// Adds the WHERE clause, if there is one.
    pub(super) fn push<'b, DB: Values>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match self {
            Self::All => Ok(()),
            Self::Keys {
                columns: [column],
                keys,
            } => {
                out.push_sql(" WHERE ");
                out.push_identifier(column.name)?;
                for (i, key) in keys.iter().enumerate() {
                    out.push_sql(if i == 0 { " IN (" } else { ", " });
                    column.bind(out, &key[0])?;
                }
                out.push_sql(")");
                Ok(())
            }
            Self::Keys { columns, keys } => {
                for (i, key) in keys.iter().enumerate() {
                    out.push_sql(if i == 0 { " WHERE (" } else { ") OR (" });
                    for (j, (column, value)) in columns.iter().zip(key).enumerate() {
                        if j > 0 {
                            out.push_sql(" AND ");
                        }
                        out.push_identifier(column.name)?;
                        out.push_sql(" = ");
                        column.bind(out, value)?;
                    }
                }
                out.push_sql(")");
                Ok(())
            }
        }
    }
}

impl<DB: Values> QueryFragment<DB> for SelectRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push_sql(", ");
            }
            out.push_identifier(&column.name)?;
        }
        out.push_sql(" FROM ");
        out.push_identifier(self.table)?;
        self.which.push(&mut out)
    }
}

impl Query for SelectRows<'_> {
    type SqlType = Untyped;
}
dynamic_statement!(SelectRows);

/// `SELECT count(*) FROM table`.
pub(super) struct CountRows<'a> {
    pub(super) table: &'a str,
}

/// `SELECT max(column) FROM table`.
pub(super) struct MaxKey<'a> {
    pub(super) table: &'a str,
    pub(super) column: &'a str,
}

impl<DB: Values> QueryFragment<DB> for CountRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM ");
        out.push_identifier(self.table)
    }
}

impl<DB: Values> QueryFragment<DB> for MaxKey<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT max(");
        out.push_identifier(self.column)?;
        out.push_sql(") FROM ");
        out.push_identifier(self.table)
    }
}

impl Query for CountRows<'_> {
    type SqlType = BigInt;
}
impl Query for MaxKey<'_> {
    type SqlType = Nullable<BigInt>;
}
dynamic_statement!(CountRows, MaxKey);
