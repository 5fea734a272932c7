//! Converts values to MySQL's types and back, in the binary protocol, which is exact.
//!
//! There is no type for timestamps: they are stored as the civil time in UTC, which is also the session's time zone.

use diesel::QueryResult;
use diesel::deserialize;
use diesel::mysql::data_types::MysqlTime;
use diesel::mysql::{Mysql, MysqlType, MysqlValue};
use diesel::query_builder::AstPass;
use diesel::result::Error::SerializationError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{
    BigInt, Binary, Bool, Date, Double, Nullable, Text, Timestamp as SqlTimestamp,
};

use crate::database::engine::Values;
use crate::model::{ColumnType, Timestamp, Value};

impl Values for Mysql {
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
            Value::Uuid(_) => out.push_bind_param::<Text, Value>(value),
            Value::Timestamp(_) => out.push_bind_param::<SqlTimestamp, Value>(value),
            Value::Date(_) => out.push_bind_param::<Date, Value>(value),
            Value::Blob(bytes) | Value::InvalidText(bytes) => {
                out.push_bind_param::<Binary, [u8]>(bytes)
            }
            Value::Default | Value::ParentKey(_) => Err(SerializationError(
                "a value was not completed by the plan".into(),
            )),
        }
    }

    /// Text with a binary collation looks like bytes: see `Dialect::decode`.
    fn read(value: MysqlValue<'_>) -> deserialize::Result<Value> {
        let bytes = value.as_bytes();
        Ok(match value.value_type() {
            MysqlType::Tiny
            | MysqlType::UnsignedTiny
            | MysqlType::Short
            | MysqlType::UnsignedShort
            | MysqlType::Long
            | MysqlType::UnsignedLong
            | MysqlType::LongLong => Value::Integer(i64::from_le_bytes(bytes.try_into()?)),
            MysqlType::UnsignedLongLong => {
                let value = u64::from_le_bytes(bytes.try_into()?);
                i64::try_from(value).map_or_else(|_| Value::text(value.to_string()), Value::Integer)
            }
            MysqlType::Float => Value::Real(f32::from_le_bytes(bytes.try_into()?).into()),
            MysqlType::Double => Value::Real(f64::from_le_bytes(bytes.try_into()?)),
            MysqlType::DateTime | MysqlType::Timestamp => {
                let time = <MysqlTime as deserialize::FromSql<SqlTimestamp, Mysql>>::from_sql(
                    value.clone(),
                )?;
                timestamp(&time).map_or_else(|| unreal(&time), Value::Timestamp)
            }
            MysqlType::Date => {
                let time =
                    <MysqlTime as deserialize::FromSql<Date, Mysql>>::from_sql(value.clone())?;
                day(&time).map_or_else(|| unreal(&time), Value::Date)
            }
            MysqlType::String | MysqlType::Numeric | MysqlType::Set | MysqlType::Enum => {
                Value::text(std::str::from_utf8(bytes)?)
            }
            _ => Value::Blob(bytes.into()),
        })
    }
}

impl ToSql<Text, Mysql> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        std::io::Write::write_all(out, self.key_text().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<SqlTimestamp, Mysql> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        let Self::Timestamp(timestamp) = self else {
            return Err("not a timestamp".into());
        };
        ToSql::<SqlTimestamp, Mysql>::to_sql(&timestamp.to_utc().naive_utc(), &mut out.reborrow())
    }
}

impl ToSql<Date, Mysql> for Value {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        let Self::Date(day) = self else {
            return Err("not a date".into());
        };
        ToSql::<Date, Mysql>::to_sql(day, &mut out.reborrow())
    }
}

fn day(time: &MysqlTime) -> Option<chrono::NaiveDate> {
    chrono::NaiveDate::from_ymd_opt(i32::try_from(time.year).ok()?, time.month, time.day)
}

fn timestamp(time: &MysqlTime) -> Option<Timestamp> {
    let micros = u32::try_from(time.second_part).ok()?;
    let civil = day(time)?.and_hms_micro_opt(time.hour, time.minute, time.second, micros)?;
    Timestamp::from_micros(civil.and_utc().timestamp_micros())
}

/// `0000-00-00` and other invalid dates, which another program may have stored.
fn unreal(time: &MysqlTime) -> Value {
    Value::text(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year, time.month, time.day, time.hour, time.minute, time.second
    ))
}
