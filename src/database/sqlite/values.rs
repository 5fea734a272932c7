//! Our values in SQLite's storage classes, and back.

use diesel::QueryResult;
use diesel::deserialize::{self, FromSqlRow};
use diesel::query_builder::AstPass;
use diesel::result::Error::SerializationError;
use diesel::row::{Field, Row};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Bool, Double, Nullable, Text, Untyped};
use diesel::sqlite::{Sqlite, SqliteType};
use uuid::Uuid;

use crate::database::statement::Bind;
use crate::model::{ColumnType, Timestamp, Value};

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
    fn bind<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()> {
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

/// A row as SQLite stores it: NULL, INTEGER, REAL, TEXT or BLOB per column.
pub(in crate::database) struct StoredRow(pub(in crate::database) Vec<Value>);

impl FromSqlRow<Untyped, Sqlite> for StoredRow {
    fn build_from_row<'a>(row: &impl Row<'a, Sqlite>) -> deserialize::Result<Self> {
        let mut values = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a column is missing")?;
            values.push(match field.value() {
                None => Value::Null,
                Some(mut value) => match value.value_type() {
                    None => Value::Null,
                    Some(SqliteType::Text) => Value::text(value.read_text()),
                    Some(SqliteType::Binary) => Value::Blob(value.read_blob().into()),
                    Some(SqliteType::Float | SqliteType::Double) => {
                        Value::Real(value.read_double())
                    }
                    Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                        Value::Integer(value.read_long())
                    }
                },
            });
        }
        Ok(Self(values))
    }
}

/// Reads a stored value as one of the column's type. What does not fit, because another program wrote it, stays as
/// it is stored, and so differs from anything we would write.
pub(in crate::database) fn decode(stored: Value, ty: ColumnType) -> Value {
    match (ty, stored) {
        (ColumnType::Boolean, Value::Integer(value @ (0 | 1))) => Value::Boolean(value == 1),
        (ColumnType::Json, Value::Text(text)) => Value::Json(text),
        // NUMERIC affinity, in a table of somebody else's, turns a JSON number into an integer.
        (ColumnType::Json, Value::Integer(value)) => Value::Json(value.to_string().into()),
        (ColumnType::Timestamp, Value::Text(text)) => match Timestamp::parse(&text) {
            Some(read) if !read.truncated => Value::Timestamp(read.instant),
            Some(_) | None => Value::Text(text),
        },
        (ColumnType::Date, Value::Text(text)) => {
            text.parse().map_or(Value::Text(text), Value::Date)
        }
        (ColumnType::Uuid, Value::Text(text)) => {
            Uuid::try_parse(&text).map_or(Value::Text(text), Value::Uuid)
        }
        (_, stored) => stored,
    }
}
