//! The properties of an audited table that its triggers need: its actual columns, and how their values are written.

use crate::model::{ColumnType, Table};

/// The name of SQLite's rowid, unless a column has the same name.
pub(super) const ROW_NUMBER: &str = "rowid";

/// A table of the database, as seen by its triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedTable {
    /// Its name.
    pub name: String,
    /// All its columns, including those that are not in the layout.
    pub columns: Vec<AuditedColumn>,
    /// Indexes of the primary key's columns, in key order.
    pub key: Vec<usize>,
    /// Those of them that can be NULL in SQLite: then an UPDATE is recorded with all columns, because other rows can have
    /// the same key.
    pub nullable_key: Vec<usize>,
    /// The primary key's only column, if it is SQLite's rowid: such a column always contains integers.
    pub rowid: Option<usize>,
    /// The quoted name for reading SQLite's rowid; `None` for WITHOUT ROWID tables, and on other databases.
    pub row_number: Option<String>,
    /// The unique keys for whose values SQLite's REPLACE deletes other rows; empty on other databases, whose triggers
    /// fire in that case.
    pub unique: Vec<UniqueKey>,
    /// Columns of SQLite that are NOT NULL, with their defaults as SQL: REPLACE puts these in place of NULL.
    pub null_defaults: Vec<(String, String)>,
    /// Columns of SQLite that expressions of its unique keys compare with something, with the type whose CAST gives a
    /// value the column's affinity.
    pub compared: Vec<(String, &'static str)>,
    /// Generated columns of SQLite in its unique keys: a trigger BEFORE an update has no new values of them.
    pub generated: Vec<GeneratedColumn>,
    /// Columns of SQLite whose values foreign keys convert before triggers AFTER a change see them: columns that can hold
    /// strings, and to which a numeric column of some table refers.
    pub converted: Vec<usize>,
    /// How often the triggers fire.
    pub firing: Firing,
    /// Columns that a constraint of MySQL or MariaDB checks: `UPDATE IGNORE` keeps rows unchanged because of it.
    /// Also columns with the time of the last change, which an UPDATE without a change only seems to set.
    pub constrained: Vec<usize>,
    /// Whether MariaDB keeps former versions of its rows, by time.
    pub versioned: bool,
    /// Whether JSON_QUOTE quotes strings and times and is NULL for numbers, as on MariaDB. MySQL's rejects numbers.
    pub quotes_strings_only: bool,
}

/// A generated column of SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedColumn {
    /// Its name.
    pub name: String,
    /// The SQL expression that generates it.
    pub expression: String,
    /// Names of the columns that occur in the expression, also generated ones.
    pub columns: Vec<String>,
}

/// A unique index of SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueKey {
    /// The terms that must differ between rows.
    pub terms: Vec<KeyTerm>,
    /// The WHERE clause of a partial index: it covers only rows that match.
    pub condition: Option<String>,
    /// Names of the columns that it depends on, including generated ones.
    pub columns: Vec<String>,
}

/// A term of a unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerm {
    /// A column or an expression.
    pub part: Part,
    /// Its collation.
    pub collation: String,
}

/// The subject of a unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A column of the table.
    Column(String),
    /// An SQL expression over columns of the table, as the index was declared.
    Expression(String),
}

/// A column, and how its values are written into the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedColumn {
    /// Its name.
    pub name: String,
    /// How its values are written.
    pub form: Form,
    /// Whether it is NOT NULL.
    pub required: bool,
}

/// How often the triggers of a table for INSERT fire; on databases without triggers for statements, once per row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firing {
    /// Once per statement, on databases that support it: faster for many rows. Rows of tables that inherit from the
    /// table are not its own.
    Statement,
    /// Once per row: for partitioned tables, whose partitions can be written to directly, tables that a subscription
    /// writes to, and tables with triggers of the application.
    Row,
    /// The same for a table of PostgreSQL whose rows alone are recorded, without those of tables that inherit from it:
    /// a partition that is recorded as a table of its own, and tables with inheritance.
    OwnRow,
}

/// How values of a column are written into the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a JSON string: the value's text, whatever its type.
    Text,
    /// As a JSON number.
    Integer,
    /// As a JSON number that converts back to the same binary64; infinities and NaN as `{"$real": name}`.
    Real,
    /// As a JSON number for binary32, of which MySQL prints only six digits.
    SingleReal,
    /// As `true` or `false`.
    Boolean,
    /// As RFC 3339 in UTC with six fractional digits; the column contains a timestamp, or civil time in UTC.
    Timestamp,
    /// The same, for a column that shows civil time in the session's zone: MySQL's TIMESTAMP.
    SessionTimestamp,
    /// As `{"$blob": hex}`.
    Blob,
}

impl AuditedTable {
    /// A table as created by accession.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| AuditedColumn {
            name: column.name.clone(),
            form: Form::of(column.ty),
            required: !column.nullable,
        });
        Self {
            name: table.name.clone(),
            columns: columns.collect(),
            key: table.primary_key.clone(),
            nullable_key: Vec::new(),
            rowid: table.generated_key(),
            row_number: Some(ROW_NUMBER.to_owned()),
            unique: unique_keys(table),
            null_defaults: Vec::new(),
            compared: Vec::new(),
            generated: Vec::new(),
            converted: Vec::new(),
            firing: Firing::Statement,
            constrained: Vec::new(),
            versioned: false,
            quotes_strings_only: false,
        }
    }

    /// Whether the table has no unique values, so that REPLACE finds no row to delete.
    pub(crate) fn has_no_unique_values(&self) -> bool {
        self.row_number.is_none() && self.unique.is_empty()
    }

    /// The generated column of this name, if it is in a unique key of SQLite.
    pub(crate) fn generated_column(&self, name: &str) -> Option<&GeneratedColumn> {
        let mut generated = self.generated.iter();
        generated.find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The columns of the primary key, in key order.
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &AuditedColumn> {
        self.key.iter().map(|&column| &self.columns[column])
    }

    /// The columns that are not part of the primary key.
    pub(crate) fn other_columns(&self) -> impl Iterator<Item = &AuditedColumn> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(index, column)| (!self.key.contains(&index)).then_some(column))
    }
}

/// The unique indexes that accession creates.
fn unique_keys(table: &Table) -> Vec<UniqueKey> {
    let primary = Some(&table.primary_key).filter(|_| table.generated_key().is_none());
    let declared = table.indexes.iter().filter(|index| index.unique);
    let declared = declared.map(|index| index.columns.iter().map(|part| part.column).collect());
    let keys = primary.into_iter().chain(&table.unique).cloned();
    keys.chain(declared)
        .map(|columns: Vec<usize>| {
            let names = columns
                .iter()
                .map(|&column| table.columns[column].name.clone());
            let term = |name: &String| KeyTerm {
                part: Part::Column(name.clone()),
                collation: "BINARY".to_owned(),
            };
            let columns: Vec<String> = names.collect();
            UniqueKey {
                terms: columns.iter().map(term).collect(),
                condition: None,
                columns,
            }
        })
        .collect()
}

impl Form {
    /// The form of a column that accession created with this type.
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
