//! Strings of the audit log and of images as the database stores them. On engines that type values instead of columns,
//! another program may have written any value, including invalid UTF-8.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{Nullable, Text};

use crate::audit::readable;
use crate::model::{RecordId, RunId};

use super::engine::{MultiBackend, MultiRawValue, StoredValue};

/// A string; invalid UTF-8 is represented by its bytes ([`readable`]).
#[derive(Debug, FromSqlRow)]
pub struct StoredText(String);

/// A string or NULL.
#[derive(Debug, FromSqlRow)]
pub struct OptionalText(Option<String>);

impl From<StoredText> for String {
    fn from(text: StoredText) -> Self {
        text.0
    }
}

impl From<StoredText> for RunId {
    fn from(text: StoredText) -> Self {
        text.0.into()
    }
}

impl From<StoredText> for RecordId {
    fn from(text: StoredText) -> Self {
        text.0.into()
    }
}

impl From<OptionalText> for Option<RunId> {
    fn from(text: OptionalText) -> Self {
        text.0.map(RunId::from)
    }
}

impl From<OptionalText> for Option<String> {
    fn from(text: OptionalText) -> Self {
        text.0
    }
}

impl FromSql<Text, MultiBackend> for StoredText {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        let mut text = String::new();
        value.visit(|value| {
            text = match value {
                StoredValue::Null => String::new(),
                StoredValue::Integer(value) => value.to_string(),
                StoredValue::Real(value) => format!("{value:?}"),
                StoredValue::Text(bytes) | StoredValue::Blob(bytes) => readable(bytes.to_vec()),
            }
        })?;
        Ok(Self(text))
    }
}

impl FromSql<Nullable<Text>, MultiBackend> for OptionalText {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Some(StoredText::from_sql(value)?.0)))
    }

    fn from_nullable_sql(value: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
        value.map_or(Ok(Self(None)), Self::from_sql)
    }
}
