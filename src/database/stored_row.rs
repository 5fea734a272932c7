//! Rows of tables known only at run time, read from any database.

use diesel::deserialize::{self, FromSqlRow};
use diesel::row::{Field, Row};
use diesel::sql_types::Untyped;

use crate::model::Value;

use super::engine::MultiBackend;

/// A row as the database stores it. `Dialect::decode` gives its values the types of the layout.
pub(super) struct StoredRow(pub(super) Vec<Value>);

impl FromSqlRow<Untyped, MultiBackend> for StoredRow {
    fn build_from_row<'a>(row: &impl Row<'a, MultiBackend>) -> deserialize::Result<Self> {
        let mut values = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a column is missing")?;
            values.push(match field.value() {
                None => Value::Null,
                Some(value) => value.read()?,
            });
        }
        Ok(Self(values))
    }
}
