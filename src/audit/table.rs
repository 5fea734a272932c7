//! What a trigger has to know of the table it watches: the columns the database really has, and how each is written.

use crate::model::{ColumnType, Table};

/// A table of the database, as its triggers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedTable {
    /// Its name.
    pub name: String,
    /// All columns it has, also those that the layout does not know.
    pub columns: Vec<AuditedColumn>,
    /// Indexes of the primary key's columns, in key order.
    pub key: Vec<usize>,
    /// Whether SQLite's rowid is the primary key's only column: such a column holds integers, whatever is written.
    pub rowid: Option<usize>,
    /// How often the triggers fire.
    pub firing: Firing,
}

/// A column and how its values are written into the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedColumn {
    /// Its name.
    pub name: String,
    /// How its values are written.
    pub form: Form,
}

/// How often the triggers of a table fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firing {
    /// Once for each statement where the database can: faster for many rows.
    Statement,
    /// Once for each row: for partitioned tables, whose partitions can be written to directly.
    Row,
}

/// How values of a column are written into the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a JSON string: the value's text, whatever its type.
    Text,
    /// As a JSON number.
    Integer,
    /// As a JSON number that gives the same binary64 again; infinities and NaN as `{"$real": name}`.
    Real,
    /// The same for binary32, of which MySQL shows six digits only.
    SingleReal,
    /// As `true` or `false`.
    Boolean,
    /// As RFC 3339 in UTC with six fractional digits; the column holds an instant, or civil time in UTC.
    Timestamp,
    /// The same, of a column that shows civil time in the session's zone: MySQL's TIMESTAMP.
    SessionTimestamp,
    /// As `{"$blob": hex}`.
    Blob,
}

impl AuditedTable {
    /// A table made by the recipe of this program.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| AuditedColumn {
            name: column.name.clone(),
            form: Form::of(column.ty),
        });
        Self {
            name: table.name.clone(),
            columns: columns.collect(),
            key: table.primary_key.clone(),
            rowid: table.generated_key(),
            firing: Firing::Statement,
        }
    }

    /// The columns of the primary key, in key order.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &AuditedColumn> {
        self.key.iter().map(|&column| &self.columns[column])
    }

    /// The columns that are not of the primary key.
    pub(super) fn other_columns(&self) -> impl Iterator<Item = &AuditedColumn> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(index, column)| (!self.key.contains(&index)).then_some(column))
    }
}

impl Form {
    /// The form of a column that has the recipe's type.
    #[must_use]
    pub fn of(ty: ColumnType) -> Self {
        match ty {
            ColumnType::Text { .. } | ColumnType::Json | ColumnType::Date | ColumnType::Uuid => {
                Self::Text
            }
            ColumnType::Integer => Self::Integer,
            ColumnType::Real => Self::Real,
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Timestamp => Self::Timestamp,
            ColumnType::Blob => Self::Blob,
        }
    }
}
