//! A column of a draft: its type, and whether it could be a key.

use crate::model::ColumnType;

use super::shape::Shape;

/// A column that holds a value of the record.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) wanted: String,
    pub(super) ty: ColumnType,
    /// JSON Pointer tokens in the record.
    pub(super) pointer: Vec<String>,
    /// Records that have a value that is not null.
    pub(super) present: u64,
    /// Longest text.
    pub(super) longest: usize,
    /// Whether the values are texts that nobody writes by chance.
    pub(super) distinctive: bool,
    /// Whether the values could be identifiers at all.
    pub(super) could_be_key: bool,
    /// What somebody should know who wants to make more of the column.
    pub(super) note: Option<String>,
}

/// A text of this length fits a key in every database.
pub(super) const LONGEST_KEY: usize = 255;

/// A column for the values of `shape`, which stand at `pointer` in the records.
pub(super) fn column(wanted: &str, pointer: Vec<String>, shape: &Shape, ty: ColumnType) -> Column {
    let texts = shape.texts.as_deref();
    let longest = texts.map_or(0, |texts| texts.longest);
    let words = texts.is_none_or(|texts| texts.are_words() && longest <= LONGEST_KEY);
    let note = texts
        .filter(|texts| matches!(ty, ColumnType::Text { .. }) && texts.vague_instants > 0)
        .filter(|texts| texts.vague_instants + texts.instants == texts.count)
        .map(|texts| {
            format!(
                "{} of {} times have no offset, or more than microseconds: kept as they are written; \
                 TIMESTAMP would take them as UTC",
                texts.vague_instants, texts.count
            )
        });
    Column {
        wanted: wanted.to_owned(),
        ty,
        pointer,
        present: shape.count - shape.nulls,
        longest,
        distinctive: texts.is_some_and(|texts| texts.are_distinctive()),
        could_be_key: words && is_key_type(ty),
        note,
    }
}

/// Whether a column of this type can be a key: equal values are equal texts on every database.
fn is_key_type(ty: ColumnType) -> bool {
    match ty {
        ColumnType::Text { .. } | ColumnType::Integer | ColumnType::Uuid => true,
        ColumnType::Real
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Blob => false,
    }
}
