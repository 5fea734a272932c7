//! Entries of the trail as they are hashed: values go straight from the database into the hash, since there are as many
//! entries as the application has rows.

use diesel::deserialize::{self, FromSqlRow};
use diesel::row::{Field, Row};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::{SqliteType, SqliteValue};

use crate::audit::seal::{Leaf, SealedEntry};
#[cfg(feature = "servers")]
use crate::model::Value;

use super::connection::{MultiBackend, MultiRawValue};

/// What is selected: `id`, then the hashed columns in the order of [`Leaf`].
pub(super) type EntryColumns = (
    BigInt,
    Text,
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Text,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<Text>,
);

/// A row of these columns.
pub(super) struct EntryRow(pub(super) SealedEntry);

/// Where columns that are more than hashed stand.
const ID: usize = 0;
const TABLE: usize = 1;
const ACTION: usize = 3;
const RUN: usize = 8;

impl FromSqlRow<EntryColumns, MultiBackend> for EntryRow {
    fn build_from_row<'a>(row: &impl Row<'a, MultiBackend>) -> deserialize::Result<Self> {
        let mut entry = Reading::new();
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a column is missing")?;
            match field.value() {
                None => entry.leaf.null(),
                Some(MultiRawValue::Sqlite(value)) => entry.sqlite(index, value),
                #[cfg(feature = "postgres")]
                Some(MultiRawValue::Postgres(value)) => {
                    entry.server(index, super::postgres::read(&value)?)?;
                }
                #[cfg(feature = "mysql")]
                Some(MultiRawValue::Mysql(value)) => {
                    entry.server(index, super::mysql::read(&value)?)?;
                }
            }
        }
        Ok(Self(entry.finish()))
    }
}

struct Reading {
    leaf: Leaf,
    id: i64,
    table: Box<str>,
    action: Box<str>,
    of_run: bool,
}

impl Reading {
    fn new() -> Self {
        Self {
            leaf: Leaf::begin(),
            id: 0,
            table: Box::default(),
            action: Box::default(),
            of_run: false,
        }
    }

    fn finish(self) -> SealedEntry {
        SealedEntry {
            id: self.id,
            leaf: self.leaf.hash(),
            table: self.table,
            action: self.action,
            of_run: self.of_run,
        }
    }

    fn integer(&mut self, index: usize, value: i64) {
        if index == ID {
            self.id = value;
        } else {
            self.leaf.integer(value);
        }
    }

    fn text(&mut self, index: usize, text: &str) {
        self.leaf.text(text);
        match index {
            TABLE => self.table = text.into(),
            ACTION => self.action = text.into(),
            RUN => self.of_run = true,
            _ => {}
        }
    }

    /// Another program may have written anything: SQLite types its values, not its columns.
    fn sqlite(&mut self, index: usize, mut value: SqliteValue<'_, '_, '_>) {
        match value.value_type() {
            None => self.leaf.null(),
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                self.integer(index, value.read_long());
            }
            Some(SqliteType::Float | SqliteType::Double) => self.leaf.real(value.read_double()),
            Some(SqliteType::Binary) => self.leaf.blob(value.read_blob()),
            Some(SqliteType::Text) => self.text(index, value.read_text()),
        }
    }

    /// Servers type their columns; MySQL tells texts with a binary collation as bytes.
    #[cfg(feature = "servers")]
    fn server(&mut self, index: usize, value: Value) -> deserialize::Result<()> {
        match value {
            Value::Integer(value) => self.integer(index, value),
            Value::Text(text) => self.text(index, &text),
            Value::Blob(bytes) => self.text(index, std::str::from_utf8(&bytes)?),
            other => return Err(format!("an entry of the trail holds {other:?}").into()),
        }
        Ok(())
    }
}
