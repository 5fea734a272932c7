//! Converts values to SQLite's storage classes and back.

use diesel::QueryResult;
use diesel::deserialize;
use diesel::query_builder::AstPass;
use diesel::result::Error::SerializationError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Bool, Double, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use crate::database::engine::{StoredValue, Values};
use crate::model::{ColumnType, Value};

/// The strings as which timestamps, dates and UUIDs are stored.
impl ToSql<Text, Sqlite> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.key_text());
        Ok(IsNull::No)
    }
}

/// SQLite types its values, not its parameters, and Diesel's cache for it does not look at the types of parameters
/// either: a NULL in one row does not make another statement.
impl Values for Sqlite {
    fn bind<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        _ty: ColumnType,
        value: &'b Value,
    ) -> QueryResult<()> {
        match value {
            Value::Null => out.push_bind_param::<Nullable<Text>, Option<String>>(&None),
            Value::Boolean(value) => out.push_bind_param::<Bool, bool>(value),
            Value::Integer(value) => out.push_bind_param::<BigInt, i64>(value),
            Value::Real(value) => out.push_bind_param::<Double, f64>(value),
            Value::Text(text) | Value::Json(text) => out.push_bind_param::<Text, str>(text),
            Value::Timestamp(_) | Value::Date(_) | Value::Uuid(_) => {
                out.push_bind_param::<Text, Value>(value)
            }
            Value::Blob(bytes) => out.push_bind_param::<Binary, [u8]>(bytes),
            Value::InvalidText(bytes) => {
                out.push_sql("CAST(");
                out.push_bind_param::<Binary, [u8]>(bytes)?;
                out.push_sql(" AS TEXT)");
                Ok(())
            }
            Value::Default | Value::ParentKey(_) => Err(SerializationError(
                "a value was not completed by the plan".into(),
            )),
        }
    }

    /// NULL, INTEGER, REAL, TEXT or BLOB.
    fn read(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Value> {
        Ok(match value.value_type() {
            None => Value::Null,
            Some(SqliteType::Text) => match std::str::from_utf8(value.read_blob()) {
                Ok(text) => Value::text(text),
                Err(_) => Value::InvalidText(value.read_blob().into()),
            },
            Some(SqliteType::Binary) => Value::Blob(value.read_blob().into()),
            Some(SqliteType::Float | SqliteType::Double) => Value::Real(value.read_double()),
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                Value::Integer(value.read_long())
            }
        })
    }

    /// Another program may have written a value of any type: SQLite types values, not columns.
    fn visit(
        mut value: SqliteValue<'_, '_, '_>,
        take: impl FnOnce(StoredValue<'_>),
    ) -> deserialize::Result<()> {
        match value.value_type() {
            None => take(StoredValue::Null),
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                take(StoredValue::Integer(value.read_long()));
            }
            Some(SqliteType::Float | SqliteType::Double) => {
                take(StoredValue::Real(value.read_double()));
            }
            Some(SqliteType::Binary) => take(StoredValue::Blob(value.read_blob())),
            Some(SqliteType::Text) => take(StoredValue::Text(value.read_blob())),
        }
        Ok(())
    }
}
