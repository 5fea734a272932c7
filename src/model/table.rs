//! The table model: `tables.sql` is parsed into it, and every dialect renders its DDL from it.
//!
//! Columns are referred to by their index in [`Table::columns`], so that a row is a plain vector of values.

use super::{ColumnType, RecordId, Value};

/// One table of a layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name as written in `tables.sql`.
    pub name: String,
    /// Columns in declaration order.
    pub columns: Vec<Column>,
    /// Column indexes of the primary key, in key order; empty if the table has none.
    pub primary_key: Vec<usize>,
    /// Whether the database generates the (single, integer) primary key.
    pub autoincrement: bool,
    /// UNIQUE constraints and unique indexes, as column indexes.
    pub unique: Vec<Vec<usize>>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Secondary indexes in declaration order, including unique indexes.
    pub indexes: Vec<Index>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name as written.
    pub name: String,
    /// Portable type.
    pub ty: ColumnType,
    /// Whether NULL is allowed; primary-key columns are not nullable.
    pub nullable: bool,
    /// The DEFAULT clause.
    pub default: Option<DefaultValue>,
}

/// A DEFAULT clause that can be evaluated without the database.
#[derive(Debug, Clone, PartialEq)]
pub enum DefaultValue {
    /// A literal, already of the column's type.
    Value(Value),
    /// `CURRENT_TIMESTAMP` or `now()`: the time of the run.
    CurrentTimestamp,
}

/// `FOREIGN KEY (columns) REFERENCES table (references) ON DELETE …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Referencing column indexes.
    pub columns: Vec<usize>,
    /// Referenced table.
    pub table: String,
    /// Referenced column names.
    pub references: Vec<String>,
    /// What happens to this row when the referenced row is deleted.
    pub on_delete: OnDelete,
}

/// The `ON DELETE` action of a foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// `NO ACTION` or `RESTRICT`; the default.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
}

impl OnDelete {
    /// The clause with a blank before it; empty for the default.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Restrict => "",
            Self::Cascade => " ON DELETE CASCADE",
            Self::SetNull => " ON DELETE SET NULL",
        }
    }
}

/// `CREATE [UNIQUE] INDEX name ON table (columns)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Name as written.
    pub name: String,
    /// Indexed columns, in order.
    pub columns: Vec<IndexColumn>,
    /// Whether the index is unique.
    pub unique: bool,
}

/// One column of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexColumn {
    /// Index into [`Table::columns`].
    pub column: usize,
    /// Whether the order is `DESC`.
    pub descending: bool,
}

impl Table {
    /// Returns the index of the column named `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether its rows can refer to each other.
    #[must_use]
    pub fn refers_to_itself(&self) -> bool {
        self.foreign_keys.iter().any(|key| key.table == self.name)
    }

    /// Formats the names of these columns for messages.
    #[must_use]
    pub fn names(&self, columns: &[usize]) -> String {
        let names = columns.iter().map(|&column| &*self.columns[column].name);
        format!("`{}`", names.collect::<Vec<_>>().join("`, `"))
    }

    /// Returns the integer key column whose values are generated.
    #[must_use]
    pub fn generated_key(&self) -> Option<usize> {
        match self.primary_key[..] {
            [key] if self.autoincrement => Some(key),
            _ => None,
        }
    }

    /// Returns the record ID: the primary key as text; a composite key is a JSON array in key order.
    #[must_use]
    pub fn record_id(&self, values: &[Value]) -> RecordId {
        RecordId::from(match self.primary_key[..] {
            [key] => values[key].key_text(),
            _ => {
                let parts: Vec<_> = self
                    .primary_key
                    .iter()
                    .map(|&key| values[key].key_text())
                    .collect();
                serde_json::Value::from(parts).to_string()
            }
        })
    }

    /// Returns the values of the primary key, in key order.
    #[must_use]
    pub fn key_values(&self, values: &[Value]) -> Vec<Value> {
        self.primary_key
            .iter()
            .map(|&key| values[key].clone())
            .collect()
    }

    /// Parses a record ID into the values of the primary key; the inverse of [`Self::record_id`].
    #[must_use]
    pub fn key_from_record_id(&self, record_id: &str) -> Vec<Value> {
        let texts = match self.primary_key.len() {
            1 => vec![record_id.to_owned()],
            _ => serde_json::from_str(record_id).unwrap_or_default(),
        };
        let typed = |(&key, text): (&usize, String)| match self.columns[key].ty {
            ColumnType::Integer | ColumnType::Boolean => text
                .parse()
                .map_or(Value::Text(text.into()), Value::Integer),
            ColumnType::Real => text.parse().map_or(Value::Text(text.into()), Value::Real),
            ColumnType::Text { .. }
            | ColumnType::Json
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Blob => Value::Text(text.into()),
        };
        self.primary_key.iter().zip(texts).map(typed).collect()
    }
}
