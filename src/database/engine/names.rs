//! Names and lists of names that several dialects share.

#[cfg(feature = "servers")]
use crate::model::Sha256;
use crate::model::Table;

/// Column names, quoted and separated by commas.
pub(super) fn list(
    table: &Table,
    columns: &[usize],
    identifier: impl Fn(&str) -> String,
) -> String {
    columns
        .iter()
        .map(|&column| identifier(&table.columns[column].name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// UNIQUE constraints that no unique index of the table enforces, with the names of the indexes that will enforce them.
pub(super) fn unnamed_unique(table: &Table) -> impl Iterator<Item = (String, &Vec<usize>)> {
    let named = |columns: &Vec<usize>| {
        table.indexes.iter().any(|index| {
            index.unique
                && index
                    .columns
                    .iter()
                    .map(|column| column.column)
                    .eq(columns.iter().copied())
        })
    };
    let unnamed = table.unique.iter().filter(move |columns| !named(columns));
    unnamed.map(|columns| (unique_name(table, columns), columns))
}

fn unique_name(table: &Table, columns: &[usize]) -> String {
    let columns: Vec<_> = columns
        .iter()
        .map(|&column| table.columns[column].name.as_str())
        .collect();
    format!("uq_{}_{}", table.name, columns.join("_"))
}

/// Whether a foreign key of the table refers to these columns of the table itself: they must be known to be unique when
/// the table is made.
pub(super) fn refers_to_itself(table: &Table, columns: &[usize]) -> bool {
    let names = columns
        .iter()
        .map(|&column| table.columns[column].name.as_str());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    table.foreign_keys.iter().any(|key| {
        let mut referred: Vec<_> = key.references.iter().map(String::as_str).collect();
        referred.sort_unstable();
        key.table == table.name && referred == names
    })
}

/// `name`, or its beginning and a digest if it has more than `longest` bytes: databases would cut it off, and make one
/// name of two.
#[cfg(feature = "servers")]
pub(super) fn bounded(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let digest = Sha256::of(name.as_bytes()).to_string();
    let mut kept = longest - 9;
    while !name.is_char_boundary(kept) {
        kept -= 1;
    }
    format!("{}_{}", &name[..kept], &digest[..8])
}

/// `name` with a digest of `parts`, which several names may be joined from.
#[cfg(feature = "mysql")]
pub(super) fn distinct(name: &str, parts: &str) -> String {
    let digest = Sha256::of(parts.as_bytes()).to_string();
    format!("{name}_{}", &digest[..8])
}
