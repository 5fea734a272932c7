//! Hashes entries of the audit log as they are read: values go straight from the database into the hash, because there
//! are as many entries as the application has rows.

use diesel::deserialize::{self, FromSqlRow};
use diesel::row::{Field, Row};
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::audit::seal::{Leaf, SealedEntry};

use crate::database::engine::{MultiBackend, StoredValue};
use crate::model::EntryId;

/// The selected columns: `id`, then the hashed columns in the order of [`Leaf`].
pub(in crate::database) type EntryColumns = (
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

/// A row with these columns.
pub(in crate::database) struct EntryRow(pub(in crate::database) SealedEntry);

/// Indexes of the columns that are not only hashed.
const ID: usize = 0;
const TABLE: usize = 1;
const ACTION: usize = 3;
const RUN: usize = 8;

impl FromSqlRow<EntryColumns, MultiBackend> for EntryRow {
    fn build_from_row<'a>(row: &impl Row<'a, MultiBackend>) -> deserialize::Result<Self> {
        let mut entry = EntryReader::new();
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a column is missing")?;
            match field.value() {
                None => entry.leaf.null(),
                Some(value) => value.visit(|value| entry.add(index, value))?,
            }
        }
        Ok(Self(entry.finish()))
    }
}

struct EntryReader {
    leaf: Leaf,
    id: EntryId,
    table: Box<str>,
    action: Box<str>,
    of_run: bool,
}

impl EntryReader {
    fn new() -> Self {
        Self {
            leaf: Leaf::begin(),
            id: EntryId::default(),
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
            self.id = value.into();
        } else {
            self.leaf.integer(value);
        }
    }

    /// A string is hashed by its stored bytes, which may not be UTF-8.
    fn text(&mut self, index: usize, text: &[u8]) {
        self.leaf.text_bytes(text);
        match index {
            TABLE => self.table = String::from_utf8_lossy(text).into(),
            ACTION => self.action = String::from_utf8_lossy(text).into(),
            RUN => self.of_run = true,
            _ => {}
        }
    }

    fn add(&mut self, index: usize, value: StoredValue<'_>) {
        match value {
            StoredValue::Null => self.leaf.null(),
            StoredValue::Integer(value) => self.integer(index, value),
            StoredValue::Real(value) => self.leaf.real(value),
            StoredValue::Text(text) => self.text(index, text),
            StoredValue::Blob(bytes) => self.leaf.blob(bytes),
        }
    }
}
