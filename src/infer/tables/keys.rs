//! Keys of the tables: an id in the record, the name of the file or member that contains it, or its position.

use super::column::MAX_KEY_LENGTH;
use super::draft::{PathStep, TableDraft};
use super::names::{singular, word};
use super::values::TableValues;

/// A column that is unique in fewer records is not assumed to be a key.
const MIN_RECORDS: u64 = 20;

/// The primary key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrimaryKey {
    /// A column that is unique in all records.
    Column(usize),
    /// The captures of the file name: one record per file.
    File,
    /// The inherited columns (the key of the enclosing row, or the captures of the file name), and the member names
    /// that are data.
    Members,
    /// The inherited columns, and a column that is unique within them.
    Within(usize),
    /// A generated number; a record is identified by its position in the file.
    Position,
}

/// Whether file names identify the files of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileNames {
    /// There is only one file.
    One,
    /// The captures identify the files.
    Captured,
    /// The names cannot be used.
    Unusable,
}

/// Returns the key of each table.
pub(crate) fn keys(
    tables: &[TableDraft],
    values: &[TableValues],
    names: &[FileNames],
) -> Vec<PrimaryKey> {
    let keys = tables.iter().zip(values);
    keys.map(|(table, values)| key(table, values, names[table.cluster]))
        .collect()
}

fn key(table: &TableDraft, values: &TableValues, files: FileNames) -> PrimaryKey {
    let mut ranked: Vec<(u8, usize)> = (0..table.columns.len())
        .filter_map(|column| Some((rank(table, column, values)?, column)))
        .collect();
    ranked.sort_unstable();
    let complete = |&&(_, column): &&(u8, usize)| table.columns[column].present == table.records;
    let of_column = |column: usize| values.columns[column].as_ref();
    let unique = ranked.iter().filter(complete).find(|(rank, column)| {
        let enough = *rank < FOREIGN || values.records >= MIN_RECORDS;
        enough && of_column(*column).is_some_and(|values| values.are_unique())
    });
    if let Some(&(_, column)) = unique {
        return PrimaryKey::Column(column);
    }
    let every = table.each.contains(&PathStep::Each);
    let names = table.each.contains(&PathStep::Capture);
    let inherits = table.parent.is_some() || files == FileNames::Captured;
    let short = values
        .captures
        .iter()
        .flatten()
        .all(|alternative| alternative.longest <= MAX_KEY_LENGTH);
    if table.each.is_empty() && inherits && short {
        return PrimaryKey::File;
    }
    // Without inherited columns, members of several files could have the same name.
    let apart = inherits || files == FileNames::One;
    if names && !every && apart && short && values.longest_name <= MAX_KEY_LENGTH {
        return PrimaryKey::Members;
    }
    let within = ranked.iter().filter(complete).find(|(rank, column)| {
        *rank < FOREIGN && of_column(*column).is_some_and(|values| values.are_unique_in_scope())
    });
    match within {
        Some(&(_, column)) if inherits && short => PrimaryKey::Within(column),
        Some(_) | None => PrimaryKey::Position,
    }
}

/// Whether the name of a column is that of an identifier of its table.
pub(super) fn is_named_like_key(table: &TableDraft, column: usize, values: &TableValues) -> bool {
    rank(table, column, values).is_some_and(|rank| rank < FOREIGN)
}

/// The rank of ids that probably identify something else.
const FOREIGN: u8 = 4;

/// Ranks a column by its name as an identifier of its table; lower is better.
fn rank(table: &TableDraft, column: usize, values: &TableValues) -> Option<u8> {
    values.columns[column].as_ref()?;
    let name = word(&table.columns[column].raw_name);
    let own = singular(&word(&table.raw_name));
    let equal_to_capture = (0..values.captures.len()).any(|capture| {
        (0..values.captures[capture].len())
            .any(|alternative| values.column_equal_to(capture, alternative) == Some(column))
    });
    Some(match name.as_str() {
        "id" => 0,
        "uuid" | "guid" => 1,
        _ if equal_to_capture => 1,
        name if name.strip_suffix("_id") == Some(&own) => 2,
        "key" | "code" | "slug" | "isbn" | "sku" => 3,
        name if name.ends_with("_id") || name.ends_with("_uuid") => FOREIGN,
        _ => return None,
    })
}
