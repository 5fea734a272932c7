//! Columns of a table draft: type, and suitability as a key.

use crate::model::ColumnType;

use crate::infer::profile::PathProfile;

/// A column for a value of the record.
#[derive(Debug, Clone)]
pub(crate) struct ColumnDraft {
    /// Its name in the documents.
    pub(crate) raw_name: String,
    pub(crate) ty: ColumnType,
    /// JSON Pointer tokens in the record.
    pub(crate) pointer: Vec<String>,
    /// Number of records with a value that is not null.
    pub(crate) present: u64,
    /// Length of the longest string.
    pub(crate) longest: usize,
    /// Whether the values are strings that do not coincide by chance.
    pub(crate) distinctive: bool,
    /// Whether the values could be identifiers.
    pub(crate) could_be_key: bool,
    /// A comment for the reader of the layout.
    pub(crate) note: Option<String>,
}

/// Strings up to this length can be a key in every database.
pub(crate) const MAX_KEY_LENGTH: usize = 255;

/// Creates a column for the values of `profile`, which are at `pointer` in the records.
pub(crate) fn column(
    raw_name: &str,
    pointer: Vec<String>,
    profile: &PathProfile,
    ty: ColumnType,
) -> ColumnDraft {
    let strings = profile.strings.as_deref();
    let longest = strings.map_or(0, |strings| strings.longest);
    let words = strings.is_none_or(|strings| strings.are_words() && longest <= MAX_KEY_LENGTH);
    let note = strings
        .filter(|strings| matches!(ty, ColumnType::Text { .. }) && strings.imprecise_timestamps > 0)
        .filter(|strings| strings.imprecise_timestamps + strings.timestamps == strings.count)
        .map(|strings| {
            format!(
                "no offset, or more digits than microseconds, in {} of {} timestamps: kept as strings, because \
                 TIMESTAMP would interpret them as UTC",
                strings.imprecise_timestamps, strings.count
            )
        });
    ColumnDraft {
        raw_name: raw_name.to_owned(),
        ty,
        pointer,
        present: profile.count - profile.nulls,
        longest,
        distinctive: strings.is_some_and(|strings| strings.are_distinctive()),
        could_be_key: words && is_key_type(ty),
        note,
    }
}

/// Whether a column of this type can be a key: equal values must compare as equal strings in every database.
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
