//! Our values in SQLite's storage classes, and back.

use diesel::QueryResult;
use diesel::query_builder::AstPass;
use diesel::result::Error::SerializationError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Bool, Double, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use crate::database::statement::Bind;
use crate::model::{ColumnType, Value};

/// The texts that instants, days and identifiers are stored as.
impl ToSql<Text, Sqlite> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.key_text());
        Ok(IsNull::No)
    }
}

/// SQLite types its values, not its parameters, and Diesel's cache for it does not look at the types of parameters
/// either: a NULL in one row does not make another statement.
impl Bind for Sqlite {
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
            Value::Default | Value::ParentKey(_) => Err(SerializationError(
                "a value was not completed by the plan".into(),
            )),
        }
    }
}

/// A value as SQLite stores it: NULL, INTEGER, REAL, TEXT or BLOB.
pub(in crate::database) fn read(mut value: SqliteValue<'_, '_, '_>) -> Value {
    match value.value_type() {
        None => Value::Null,
        Some(SqliteType::Text) => Value::text(value.read_text()),
        Some(SqliteType::Binary) => Value::Blob(value.read_blob().into()),
        Some(SqliteType::Float | SqliteType::Double) => Value::Real(value.read_double()),
        Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
            Value::Integer(value.read_long())
        }
    }
}
