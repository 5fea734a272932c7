//! Rows of tables known only at run time, read from any database.

use diesel::deserialize::{self, FromSqlRow};
use diesel::row::{Field, Row};
use diesel::sql_types::Untyped;

use crate::model::Value;

use super::connection::{MultiBackend, MultiRawValue};

/// A row as the database stores it; what the layout's types make of it is decided by
/// [`Dialect::decode`](super::Dialect::decode).
pub(super) struct StoredRow(pub(super) Vec<Value>);

impl FromSqlRow<Untyped, MultiBackend> for StoredRow {
    fn build_from_row<'a>(row: &impl Row<'a, MultiBackend>) -> deserialize::Result<Self> {
        let mut values = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a column is missing")?;
            values.push(match field.value() {
                None => Value::Null,
                Some(MultiRawValue::Sqlite(value)) => super::sqlite::read(value),
                #[cfg(feature = "postgres")]
                Some(MultiRawValue::Postgres(value)) => super::postgres::read(&value)?,
                #[cfg(feature = "mysql")]
                Some(MultiRawValue::Mysql(value)) => super::mysql::read(&value)?,
            });
        }
        Ok(Self(values))
    }
}
