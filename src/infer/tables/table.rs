//! The tables of a generated layout, with names, fields, keys and foreign keys.

use crate::model::{ColumnType, OnDelete};

/// A table, and the rule that fills it.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) cluster: usize,
    pub(crate) parent: Option<usize>,
    /// The pattern as written.
    pub(crate) each: String,
    pub(crate) records: u64,
    pub(crate) fields: Vec<Field>,
    /// Indexes of fields.
    pub(crate) primary: Vec<usize>,
    /// Fields that other tables refer to, in addition to the primary key.
    pub(crate) unique: Vec<usize>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Whether records are identified by their position.
    pub(crate) by_position: bool,
}

/// A column, and the source of its value.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: ColumnType,
    pub(crate) nullable: bool,
    pub(crate) source: FieldSource,
    /// The observations that support the field.
    pub(crate) evidence: String,
}

/// The source of a field's value.
#[derive(Debug)]
pub(crate) enum FieldSource {
    /// The database generates the value.
    Number,
    /// The capture of this name.
    Capture(String),
    /// A field of the enclosing row.
    Parent(usize),
    /// JSON Pointer tokens in the record.
    Pointer(Vec<String>),
    /// The members that are not mapped otherwise.
    Rest,
}

/// A foreign key.
#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) fields: Vec<usize>,
    pub(crate) table: usize,
    /// Fields of the referenced table.
    pub(crate) to: Vec<usize>,
    pub(crate) on_delete: OnDelete,
}
