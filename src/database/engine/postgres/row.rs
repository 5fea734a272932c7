//! Converts PostgreSQL's rows for Diesel.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::{FromSql, Type};

/// A row, and the numbers of its columns' types.
pub struct PostgresRow(tokio_postgres::Row, Types);

/// The types of the columns of a result (`pg_type.oid`).
pub(super) type Types = Arc<[NonZeroU32]>;

impl PostgresRow {
    /// All rows of a result share `types`, which the first one sets.
    pub(super) fn new(row: tokio_postgres::Row, types: &mut Option<Types>) -> Self {
        let types = types.get_or_insert_with(|| {
            let numbers = row.columns().iter().map(|column| column.type_().oid());
            numbers
                .map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
                .collect()
        });
        Self(row, types.clone())
    }
}

impl RowSealed for PostgresRow {}

impl<'a> Row<'a, Pg> for PostgresRow {
    type InnerPartialRow = Self;
    type Field<'b>
        = PostgresField<'b>
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
        Some(PostgresField {
            name: self.0.columns()[index].name(),
            bytes: self.0.try_get::<_, Option<Bytes<'b>>>(index).ok()?,
            oid: &self.1[index],
        })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PostgresRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl RowIndex<&str> for PostgresRow {
    fn idx(&self, name: &str) -> Option<usize> {
        self.0.columns().iter().position(|one| one.name() == name)
    }
}

/// One value of a row.
pub struct PostgresField<'a> {
    name: &'a str,
    bytes: Option<Bytes<'a>>,
    oid: &'a NonZeroU32,
}

impl<'a> Field<'a, Pg> for PostgresField<'a> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        let Bytes(bytes) = self.bytes.as_ref()?;
        Some(PgValue::new(bytes, self.oid))
    }
}

/// The bytes of a value of any type.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(
        _ty: &Type,
        bytes: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(bytes))
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }
}
