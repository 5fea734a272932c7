//! Numbers of entries in queries of the audit log: read and bound as integers.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::sql_types::BigInt;

use crate::model::EntryId;

impl AsExpression<BigInt> for EntryId {
    type Expression = Bound<BigInt, i64>;

    fn as_expression(self) -> Self::Expression {
        AsExpression::<BigInt>::as_expression(self.get())
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for EntryId
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Self::from)
    }
}

impl<DB: Backend> Queryable<BigInt, DB> for EntryId
where
    Self: FromSql<BigInt, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}
