//! Conversion of values to and from a Diesel backend.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::deserialize;
use diesel::query_builder::AstPass;

use crate::model::{ColumnType, Value};

/// A backend to which values can be bound, and from which they are read.
pub(in crate::database) trait Values: Backend {
    /// SQL before the VALUES of an INSERT, with which it can give a row its number whatever the column's declaration.
    const OVERRIDING: &'static str = "";

    /// Adds one bind parameter for a column of type `ty`.
    fn bind<'b>(
        out: &mut AstPass<'_, 'b, Self>,
        ty: ColumnType,
        value: &'b Value,
    ) -> QueryResult<()>;

    /// A value as it is stored; [`Dialect::decode`](super::Dialect::decode) gives it the type of its column.
    fn read(value: Self::RawValue<'_>) -> deserialize::Result<Value>;

    /// Passes the value of an entry of the audit log to `take`. Typed columns contain integers and strings only; an
    /// engine that types values instead of columns passes any type.
    fn visit(
        value: Self::RawValue<'_>,
        take: impl FnOnce(StoredValue<'_>),
    ) -> deserialize::Result<()> {
        match Self::read(value)? {
            Value::Integer(value) => take(StoredValue::Integer(value)),
            Value::Text(text) | Value::Json(text) => take(StoredValue::Text(text.as_bytes())),
            // Text with a binary collation.
            Value::Blob(bytes) => take(StoredValue::Text(&bytes)),
            other => return Err(format!("an entry of the audit log contains {other:?}").into()),
        }
        Ok(())
    }
}

/// How a value of an image is bound, so that it gets the type of its column again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::database) struct Cast {
    /// Whether numbers and booleans are bound as strings, too.
    pub(in crate::database) is_text: bool,
    /// The SQL before the parameter.
    pub(in crate::database) before: &'static str,
    /// The SQL after it.
    pub(in crate::database) after: String,
    /// The operator that compares the column with it, if `=` may not find it.
    pub(in crate::database) equals: Option<String>,
}

/// A value of an entry of the audit log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::database) enum StoredValue<'a> {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A real, which was not written by accession.
    Real(f64),
    /// The bytes of text, which may not be UTF-8 in an engine that types values.
    Text(&'a [u8]),
    /// Bytes, which were not written by accession.
    Blob(&'a [u8]),
}
