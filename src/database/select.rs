//! SELECT statements for tables that are known only at run time.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Untyped};

use crate::model::{Column, Value};

use super::ReferringKey;
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
    /// Rows of the table called `live` that refer by a foreign key to such rows of `parent`.
    Referring {
        key: &'a ReferringKey,
        /// As SQL.
        parent: &'a str,
        to: &'a Which<'a>,
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
            } if column.operator().is_none() => {
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
                        out.push_sql(column.operator().unwrap_or(" = "));
                        column.bind(out, value)?;
                    }
                }
                out.push_sql(")");
                Ok(())
            }
            Self::Referring { key, parent, to } => {
                for (i, column) in key.references.iter().enumerate() {
                    out.push_sql(if i == 0 { " JOIN (SELECT " } else { ", " });
                    out.push_identifier(column)?;
                }
                out.push_sql(" FROM ");
                out.push_sql(parent);
                to.push(out)?;
                out.push_sql(") AS referred");
                // SQLite compares by the rules of the first column, as a foreign key does by those of the parent's.
                for (i, (column, own)) in key.references.iter().zip(&key.columns).enumerate() {
                    out.push_sql(if i == 0 { " ON " } else { " AND " });
                    if let Some(comparison) = &key.comparisons[i] {
                        out.push_sql(comparison);
                        continue;
                    }
                    out.push_sql("referred.");
                    out.push_identifier(column)?;
                    out.push_sql(" = live.");
                    out.push_identifier(own)?;
                }
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

/// `SELECT count(*) FROM table AS live WHERE key = ANY of keys`.
pub(super) struct CountRowsOf<'a> {
    /// Its schema, if it is not the one of the tables imported into.
    pub(super) schema: Option<&'a str>,
    pub(super) table: &'a str,
    pub(super) which: Which<'a>,
}

impl<DB: Values> QueryFragment<DB> for CountRowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM ");
        if let Some(schema) = self.schema {
            out.push_identifier(schema)?;
            out.push_sql(".");
        }
        out.push_identifier(self.table)?;
        out.push_sql(" AS live");
        self.which.push(&mut out)
    }
}

/// `SELECT 1 FROM table WHERE key = ANY of keys FOR UPDATE`.
pub(super) struct LockRows<'a> {
    pub(super) table: &'a str,
    pub(super) which: &'a Which<'a>,
    /// See [`Engine::locks_rows`](super::engine::Engine::locks_rows).
    pub(super) locking: &'static str,
}

impl<DB: Values> QueryFragment<DB> for LockRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT 1 FROM ");
        out.push_identifier(self.table)?;
        self.which.push(&mut out)?;
        out.push_sql(self.locking);
        Ok(())
    }
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
impl Query for CountRowsOf<'_> {
    type SqlType = BigInt;
}
dynamic_statement!(CountRows, CountRowsOf, LockRows, MaxKey);
