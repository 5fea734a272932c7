//! Ids of runs and of rows in queries of the ledger: read and bound as text.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::sql_types::{Nullable, Text};

use crate::model::{RecordId, RunId};

macro_rules! text_ids {
    ($($id:ty),*) => {$(
        impl<'r> AsExpression<Text> for &'r $id {
            type Expression = Bound<Text, &'r str>;

            fn as_expression(self) -> Self::Expression {
                AsExpression::<Text>::as_expression(self.as_str())
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $id
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                String::from_sql(value).map(Self::from)
            }
        }

        impl<DB: Backend> Queryable<Text, DB> for $id
        where
            Self: FromSql<Text, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}
text_ids!(RunId, RecordId);

impl<'r> AsExpression<Nullable<Text>> for &'r RunId {
    type Expression = Bound<Nullable<Text>, &'r str>;

    fn as_expression(self) -> Self::Expression {
        AsExpression::<Nullable<Text>>::as_expression(self.as_str())
    }
}
