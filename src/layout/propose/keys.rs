//! How the rows of each table are known again: by an id of their own, by the name of the file or of the member that
//! holds them, or else by their place.

use super::column::LONGEST_KEY;
use super::draft::{Draft, Step};
use super::identifier::{singular, word};
use super::values::TableValues;

/// What is unique by chance in a few records is no key.
const ENOUGH: u64 = 20;

/// The primary key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A column of the record, unique in all of them.
    Column(usize),
    /// The captures of the file name: one record per file.
    File,
    /// What the table inherits (the key of the enclosing row, or the captures of the file name), and the member names
    /// that are data.
    Members,
    /// What the table inherits, and a column that is unique within it.
    Within(usize),
    /// A number; a record is known again by its place in the file.
    Position,
}

/// What the names of the files of a kind say about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileNames {
    /// There is one file.
    One,
    /// The captures tell the files apart.
    Captured,
    /// Nothing that could be used.
    Nothing,
}

/// The key of each table.
pub(super) fn keys(tables: &[Draft], values: &[TableValues], names: &[FileNames]) -> Vec<Key> {
    let keys = tables.iter().zip(values);
    keys.map(|(table, values)| key(table, values, names[table.kind]))
        .collect()
}

fn key(table: &Draft, values: &TableValues, files: FileNames) -> Key {
    let mut ranked: Vec<(u8, usize)> = (0..table.columns.len())
        .filter_map(|column| Some((rank(table, column, values)?, column)))
        .collect();
    ranked.sort_unstable();
    let complete = |&&(_, column): &&(u8, usize)| table.columns[column].present == table.records;
    let of_column = |column: usize| values.columns[column].as_ref();
    let unique = ranked.iter().filter(complete).find(|(rank, column)| {
        let enough = *rank < FOREIGN || values.records >= ENOUGH;
        enough && of_column(*column).is_some_and(|values| values.are_unique())
    });
    if let Some(&(_, column)) = unique {
        return Key::Column(column);
    }
    let every = table.each.contains(&Step::Every);
    let names = table.each.contains(&Step::Capture);
    let inherits = table.parent.is_some() || files == FileNames::Captured;
    let short = values
        .captures
        .iter()
        .flatten()
        .all(|way| way.longest <= LONGEST_KEY);
    if table.each.is_empty() && inherits && short {
        return Key::File;
    }
    // Without anything inherited the members of several files could have one name.
    let apart = inherits || files == FileNames::One;
    if names && !every && apart && short && values.longest_name <= LONGEST_KEY {
        return Key::Members;
    }
    let within = ranked.iter().filter(complete).find(|(rank, column)| {
        *rank < FOREIGN && of_column(*column).is_some_and(|values| values.are_unique_in_scope())
    });
    match within {
        Some(&(_, column)) if inherits && short => Key::Within(column),
        Some(_) | None => Key::Position,
    }
}

/// A rank of ids that are rather those of something else.
const FOREIGN: u8 = 4;

/// How much the name of a column says that it identifies the records of its table; the lowest is best.
fn rank(table: &Draft, column: usize, values: &TableValues) -> Option<u8> {
    values.columns[column].as_ref()?;
    let name = word(&table.columns[column].wanted);
    let own = singular(&word(&table.wanted));
    let equal_to_capture = (0..values.captures.len()).any(|capture| {
        (0..values.captures[capture].len())
            .any(|way| values.column_equal_to(capture, way) == Some(column))
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
