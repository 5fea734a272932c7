//! Conversion of SQL types to portable column types.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::model::ColumnType;

/// The types listed in hints.
pub(super) const PORTABLE: &str = "TEXT, VARCHAR(n), INTEGER, BIGINT, REAL, DOUBLE PRECISION, BOOLEAN, JSON, \
                                   TIMESTAMP WITH TIME ZONE, DATE, UUID, BLOB";

/// Returns the portable type for `ty`; `None` if it is not portable.
pub(super) fn portable(ty: &DataType) -> Option<ColumnType> {
    Some(match ty {
        DataType::Text => ColumnType::Text { max_chars: None },
        DataType::Varchar(length)
        | DataType::Char(length)
        | DataType::Character(length)
        | DataType::CharacterVarying(length)
        | DataType::CharVarying(length) => ColumnType::Text {
            max_chars: max_chars(length.as_ref())?,
        },
        DataType::Integer(None) | DataType::Int(None) | DataType::BigInt(None) => {
            ColumnType::Integer
        }
        DataType::Real | DataType::Double(ExactNumberInfo::None) | DataType::DoublePrecision => {
            ColumnType::Real
        }
        DataType::Boolean | DataType::Bool => ColumnType::Boolean,
        DataType::JSON | DataType::JSONB => ColumnType::Json,
        // Every database stores microseconds; another precision would not be kept.
        DataType::Timestamp(
            None | Some(6),
            TimezoneInfo::None | TimezoneInfo::WithTimeZone | TimezoneInfo::Tz,
        )
        | DataType::Datetime(None | Some(6)) => ColumnType::Timestamp,
        DataType::Date => ColumnType::Date,
        DataType::Uuid => ColumnType::Uuid,
        DataType::Blob(None) => ColumnType::Blob,
        _ => return None,
    })
}

/// `VARCHAR` without a length is TEXT; a length in bytes is not portable (outer `None`).
fn max_chars(length: Option<&CharacterLength>) -> Option<Option<u32>> {
    match length {
        None => Some(None),
        Some(CharacterLength::IntegerLength { length, unit: None }) if *length > 0 => {
            u32::try_from(*length).ok().map(Some)
        }
        Some(CharacterLength::IntegerLength { .. } | CharacterLength::Max) => None,
    }
}
