//! Converts values to PostgreSQL's types and back, in the binary format, which is exact.
//!
//! A parameter has the type of its column also where it is NULL, because the rows of a statement must agree. JSON and
//! UUIDs go as text and are cast by the server.

use std::io::Write as _;

use diesel::QueryResult;
use diesel::deserialize;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::AstPass;
use diesel::result::Error::SerializationError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Bool, Date, Double, Nullable, Text, Timestamptz};
use uuid::Uuid;

use crate::database::engine::Values;
use crate::model::{ColumnType, Timestamp, Value};

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

impl Values for Pg {
    const OVERRIDING: &'static str = " OVERRIDING SYSTEM VALUE";

    fn bind<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        ty: ColumnType,
        value: &'b Value,
    ) -> QueryResult<()> {
        match value {
            Value::Null => match ty {
                ColumnType::Text { .. } | ColumnType::Json | ColumnType::Uuid => {
                    out.push_bind_param::<Nullable<Text>, Option<String>>(&None)
                }
                ColumnType::Integer => out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None),
                ColumnType::Real => out.push_bind_param::<Nullable<Double>, Option<f64>>(&None),
                ColumnType::Boolean => out.push_bind_param::<Nullable<Bool>, Option<bool>>(&None),
                ColumnType::Timestamp => {
                    out.push_bind_param::<Nullable<Timestamptz>, Option<Value>>(&None)
                }
                ColumnType::Date => out.push_bind_param::<Nullable<Date>, Option<Value>>(&None),
                ColumnType::Blob => out.push_bind_param::<Nullable<Binary>, Option<Vec<u8>>>(&None),
            },
            Value::Boolean(value) => out.push_bind_param::<Bool, bool>(value),
            Value::Integer(value) => out.push_bind_param::<BigInt, i64>(value),
            Value::Real(value) => out.push_bind_param::<Double, f64>(value),
            Value::Text(text) | Value::Json(text) => out.push_bind_param::<Text, str>(text),
            Value::Uuid(_) => out.push_bind_param::<Text, Value>(value),
            Value::Timestamp(_) => out.push_bind_param::<Timestamptz, Value>(value),
            Value::Date(_) => out.push_bind_param::<Date, Value>(value),
            Value::Blob(bytes) | Value::InvalidText(bytes) => {
                out.push_bind_param::<Binary, [u8]>(bytes)
            }
            Value::Default | Value::ParentKey(_) => Err(SerializationError(
                "a value was not completed by the plan".into(),
            )),
        }?;
        match (ty, value) {
            (ColumnType::Json, _) => out.push_sql("::jsonb"),
            (ColumnType::Uuid, _) => out.push_sql("::uuid"),
            // A record id is text, whatever the type of the key.
            (ColumnType::Timestamp, Value::Text(_)) => out.push_sql("::timestamptz"),
            (ColumnType::Date, Value::Text(_)) => out.push_sql("::date"),
            (_, _) => {}
        }
        Ok(())
    }

    /// The bytes of a value whose type accession does not use.
    fn read(value: PgValue<'_>) -> deserialize::Result<Value> {
        let bytes = value.as_bytes();
        Ok(match value.get_oid().get() {
            oid::BOOL => Value::Boolean(bytes.first().is_some_and(|byte| *byte != 0)),
            oid::INT2 => Value::Integer(i16::from_be_bytes(bytes.try_into()?).into()),
            oid::INT4 => Value::Integer(i32::from_be_bytes(bytes.try_into()?).into()),
            oid::INT8 => Value::Integer(i64::from_be_bytes(bytes.try_into()?)),
            oid::FLOAT4 => Value::Real(f32::from_be_bytes(bytes.try_into()?).into()),
            oid::FLOAT8 => Value::Real(f64::from_be_bytes(bytes.try_into()?)),
            oid::JSON => Value::Json(std::str::from_utf8(bytes)?.into()),
            // The first byte is the version of the format.
            oid::JSONB => {
                Value::Json(std::str::from_utf8(bytes.get(1..).unwrap_or_default())?.into())
            }
            oid::TIMESTAMP | oid::TIMESTAMPTZ => {
                let micros = i64::from_be_bytes(bytes.try_into()?).checked_add(EPOCH);
                match micros.and_then(Timestamp::from_micros) {
                    Some(timestamp) => Value::Timestamp(timestamp),
                    // `infinity`, or a year that no file can name.
                    None => Value::text("out of range"),
                }
            }
            oid::DATE => {
                let days = i64::from(i32::from_be_bytes(bytes.try_into()?));
                let day = chrono::NaiveDate::from_ymd_opt(2000, 1, 1)
                    .and_then(|epoch| epoch.checked_add_signed(chrono::TimeDelta::try_days(days)?));
                day.map_or_else(|| Value::text("out of range"), Value::Date)
            }
            oid::UUID => Value::Uuid(Uuid::from_slice(bytes)?),
            oid::BYTEA => Value::Blob(bytes.into()),
            number if oid::TEXTS.contains(&number) => Value::text(std::str::from_utf8(bytes)?),
            _ => Value::Blob(bytes.into()),
        })
    }
}

impl ToSql<Text, Pg> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.key_text().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Timestamptz, Pg> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let Self::Timestamp(timestamp) = self else {
            return Err("not a timestamp".into());
        };
        out.write_all(&(timestamp.micros() - EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Date, Pg> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let Self::Date(day) = self else {
            return Err("not a date".into());
        };
        ToSql::<Date, Pg>::to_sql(day, &mut out.reborrow())
    }
}

/// Numbers of the built-in types (`pg_type.oid`), which never change.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;
    /// `text`, `varchar`, `char`, `name`.
    pub(super) const TEXTS: [u32; 4] = [25, 1043, 1042, 19];
}
