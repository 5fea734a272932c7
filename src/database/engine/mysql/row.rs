//! Converts MySQL's rows for Diesel, and Diesel's bind parameters for the driver.

use std::borrow::Cow;
use std::ops::Range;

use diesel::QueryResult;
use diesel::deserialize::FromSql;
use diesel::mysql::data_types::{MysqlTime, MysqlTimestampType};
use diesel::mysql::{Mysql, MysqlType, MysqlValue};
use diesel::result::Error::SerializationError;
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use diesel::sql_types::Timestamp;
use mysql_async::Value;
use mysql_async::consts::{ColumnFlags, ColumnType};

/// A row in the binary protocol.
pub struct MysqlRow(pub(super) mysql_async::Row);

impl RowSealed for MysqlRow {}

impl<'a> Row<'a, Mysql> for MysqlRow {
    type InnerPartialRow = Self;
    type Field<'b>
        = MysqlField<'b>
    where
        Self: 'b,
        'a: 'b;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let column = &self.0.columns_ref()[index];
        Some(MysqlField {
            name: column.name_str(),
            value: raw(self.0.as_ref(index)?, column),
        })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for MysqlRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl RowIndex<&str> for MysqlRow {
    fn idx(&self, name: &str) -> Option<usize> {
        let mut columns = self.0.columns_ref().iter();
        columns.position(|column| column.name_str() == name)
    }
}

/// One value of a row.
pub struct MysqlField<'a> {
    name: Cow<'a, str>,
    /// `None` is NULL.
    value: Option<(Cow<'a, [u8]>, MysqlType)>,
}

impl Field<'_, Mysql> for MysqlField<'_> {
    fn field_name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn value(&self) -> Option<MysqlValue<'_>> {
        let (bytes, ty) = self.value.as_ref()?;
        Some(MysqlValue::new(bytes, *ty))
    }
}

/// A value in the form of MySQL's own library, which Diesel reads.
fn raw<'a>(value: &'a Value, column: &mysql_async::Column) -> Option<(Cow<'a, [u8]>, MysqlType)> {
    let own = |bytes: &[u8], ty| Some((Cow::Owned(bytes.to_vec()), ty));
    match *value {
        Value::NULL => None,
        Value::Bytes(ref bytes) => Some((Cow::Borrowed(&**bytes), kind_of_text(column))),
        Value::Int(value) => own(&value.to_le_bytes(), MysqlType::LongLong),
        Value::UInt(value) => own(&value.to_le_bytes(), MysqlType::UnsignedLongLong),
        Value::Float(value) => own(&value.to_le_bytes(), MysqlType::Float),
        Value::Double(value) => own(&value.to_le_bytes(), MysqlType::Double),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let ty = match column.column_type() {
                ColumnType::MYSQL_TYPE_DATE => MysqlType::Date,
                _ => MysqlType::DateTime,
            };
            let [year, month, day] = [year.into(), month.into(), day.into()];
            let time = [hour, minute, second].map(u32::from);
            own(&moment(year, month, day, time, micros, false), ty)
        }
        Value::Time(negative, days, hour, minute, second, micros) => {
            let time = [hour, minute, second].map(u32::from);
            let bytes = moment(0, 0, days, time, micros, negative);
            own(&bytes, MysqlType::Time)
        }
    }
}

fn moment(
    year: u32,
    month: u32,
    day: u32,
    [hour, minute, second]: [u32; 3],
    micros: u32,
    negative: bool,
) -> Vec<u8> {
    let kind = match (year, month) {
        (0, 0) => MysqlTimestampType::MYSQL_TIMESTAMP_TIME,
        _ => MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME,
    };
    let time = MysqlTime::new(
        year,
        month,
        day,
        hour,
        minute,
        second,
        micros.into(),
        negative,
        kind,
        0,
    );
    time.serialize().to_vec()
}

/// Values that are sent as bytes are strings or binary data.
fn kind_of_text(column: &mysql_async::Column) -> MysqlType {
    let has = |flag| column.flags().contains(flag);
    match column.column_type() {
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => MysqlType::Numeric,
        ColumnType::MYSQL_TYPE_JSON => MysqlType::String,
        ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB => {
            let words = has(ColumnFlags::ENUM_FLAG) || has(ColumnFlags::SET_FLAG);
            match words || !has(ColumnFlags::BINARY_FLAG) {
                true => MysqlType::String,
                false => MysqlType::Blob,
            }
        }
        _ => MysqlType::Blob,
    }
}

/// A value that Diesel has bound, as the driver sends it.
pub(super) fn bound((ty, bytes): (MysqlType, Option<Vec<u8>>)) -> QueryResult<Value> {
    let Some(bytes) = bytes else {
        return Ok(Value::NULL);
    };
    let number = || {
        let mut number = [0; 8];
        let length = bytes.len().min(8);
        number[..length].copy_from_slice(&bytes[..length]);
        number
    };
    Ok(match ty {
        MysqlType::Tiny => Value::Int(i8::from_le_bytes([number()[0]]).into()),
        MysqlType::Long => {
            let [a, b, c, d, ..] = number();
            Value::Int(i32::from_le_bytes([a, b, c, d]).into())
        }
        MysqlType::LongLong => Value::Int(i64::from_le_bytes(number())),
        MysqlType::Double => Value::Double(f64::from_le_bytes(number())),
        MysqlType::String | MysqlType::Blob => Value::Bytes(bytes),
        MysqlType::Date | MysqlType::DateTime | MysqlType::Timestamp => {
            let value = MysqlValue::new(&bytes, ty);
            let time = <MysqlTime as FromSql<Timestamp, Mysql>>::from_sql(value);
            date(&time.map_err(SerializationError)?).map_err(SerializationError)?
        }
        _ => return Err(SerializationError("unsupported type of a value".into())),
    })
}

fn date(time: &MysqlTime) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Value::Date(
        time.year.try_into()?,
        time.month.try_into()?,
        time.day.try_into()?,
        time.hour.try_into()?,
        time.minute.try_into()?,
        time.second.try_into()?,
        time.second_part.try_into()?,
    ))
}
