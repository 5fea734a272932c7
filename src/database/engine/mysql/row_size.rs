//! Computes the number of bytes that InnoDB needs for a row.
//!
//! A row must take less than half of a page. Strings of more than 40 bytes are moved out of a row that is too long, and
//! leave a pointer of 20 bytes (`ROW_FORMAT = DYNAMIC`; older formats leave more); shorter ones stay, and so do those
//! of columns that cannot hold more than 255 bytes. See `dtuple_convert_big_rec` and `page_zip_rec_needs_ext` in
//! InnoDB's source. Where the size of a value is not known exactly, it is the smallest possible one.

use std::sync::Arc;

use crate::database::engine::RowColumn;
use crate::database::engine::json_size::JsonParts;
use crate::model::Value;
use crate::plan::{RowLimit, RowSize};

/// Header of a row, and its transaction and the pointer to its former version.
const HEADER: u64 = 5 + 6 + 7;
/// Header and directory of a page.
const PAGE_HEADER: u64 = 132;
/// The maximum length of a row, whatever the size of the page.
const LONGEST_ROW: u64 = 16_384;
/// The length of a string that is not moved out.
const LONGEST_KEPT: u64 = 40;
/// The bytes that remain of a string that was moved out.
const POINTER: u64 = 20;
/// The maximum length of a column whose strings are never moved out.
const SHORT_COLUMN: u64 = 255;
const BYTES_PER_CHAR: u64 = 4;

/// How a column stores its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    /// In a fixed number of bytes.
    Fixed(u64),
    /// As bytes with their length, up to a maximum, always in the row.
    Short(u64),
    /// As bytes with their length, possibly outside the row.
    Long,
    /// As text on MariaDB, in a binary form on MySQL.
    Json,
    /// Unknown.
    Unknown,
}

impl Storage {
    fn of(declared: &str) -> Self {
        let declared = declared.to_lowercase();
        let name = declared.split(['(', ' ']).next().unwrap_or_default();
        let length = || {
            let (_, rest) = declared.split_once('(')?;
            rest.split(')').next()?.parse::<u64>().ok()
        };
        let string = |bytes: Option<u64>| match bytes {
            Some(bytes) if bytes <= SHORT_COLUMN => Self::Short(bytes),
            _ => Self::Long,
        };
        match name {
            "tinyint" => Self::Fixed(1),
            "smallint" => Self::Fixed(2),
            "mediumint" | "date" => Self::Fixed(3),
            "int" => Self::Fixed(4),
            "bigint" | "double" => Self::Fixed(8),
            "datetime" if length() == Some(6) => Self::Fixed(8),
            "timestamp" if length() == Some(6) => Self::Fixed(7),
            "varchar" | "char" => {
                string(length().map(|chars| chars.saturating_mul(BYTES_PER_CHAR)))
            }
            "varbinary" => string(length()),
            "tinytext" | "text" | "mediumtext" | "longtext" | "tinyblob" | "blob"
            | "mediumblob" | "longblob" => Self::Long,
            "json" => Self::Json,
            _ => Self::Unknown,
        }
    }

    /// The maximum number of bytes in a row after everything possible was moved out.
    fn at_most(self) -> u64 {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Short(bytes) => bytes + 2,
            Self::Long | Self::Json | Self::Unknown => LONGEST_KEPT + 1,
        }
    }

    fn at_least(self, value: &Value) -> u64 {
        let length = match value {
            Value::Text(text) => text.len() as u64,
            Value::Blob(bytes) | Value::InvalidText(bytes) => bytes.len() as u64,
            Value::Uuid(_) => 36,
            Value::Json(json) if self == Self::Json => {
                (json.len() as u64).min(binary_json_bytes(&JsonParts::of(json)))
            }
            Value::Json(json) => json.len() as u64,
            Value::Null
            | Value::Default
            | Value::ParentKey(_)
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Real(_)
            | Value::Timestamp(_)
            | Value::Date(_) => 0,
        };
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Short(_) => 1 + length,
            Self::Long if length > LONGEST_KEPT => 2 + POINTER,
            Self::Long => 1 + length,
            // It can be longer, and then moved out.
            Self::Json => 1 + length.min(POINTER),
            Self::Unknown => 0,
        }
    }
}

/// The least size of MySQL's JSON (`sql-common/json_binary.h`): a header for each array and object, an entry for each
/// element and name, and the strings.
fn binary_json_bytes(parts: &JsonParts) -> u64 {
    match parts.containers {
        0 => 2 + parts.string_bytes,
        containers => {
            1 + 4 * containers + 3 * parts.elements + 4 * parts.members + parts.string_bytes
        }
    }
}

/// A table's columns.
#[derive(Debug)]
struct InnodbRow {
    columns: Vec<(Option<usize>, Storage)>,
    /// Header, and a bit for each column that can be NULL.
    header: u64,
}

impl RowSize for InnodbRow {
    fn at_least(&self, values: &[Value]) -> u64 {
        let columns = self.columns.iter().filter_map(|(index, storage)| {
            let value = index.map(|index| &values[index])?;
            (!value.is_null()).then(|| storage.at_least(value))
        });
        self.header + columns.sum::<u64>()
    }
}

/// The longest row of a table with these columns, if one can be too long.
pub(super) fn row_limit(columns: Vec<RowColumn>, page: u64) -> Option<RowLimit> {
    let most = (page.checked_sub(PAGE_HEADER)? / 2).min(LONGEST_ROW) - 1;
    let nullable = columns.iter().filter(|column| column.nullable).count() as u64;
    let header = HEADER + nullable.div_ceil(8);
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (column.index, Storage::of(&column.declared)))
        .collect();
    let longest: u64 = columns.iter().map(|(_, storage)| storage.at_most()).sum();
    let size = Arc::new(InnodbRow { columns, header });
    (header + longest > most).then_some(RowLimit { most, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these values MariaDB 10.11 stored in a row of 1 016 columns and a BIGINT.
    #[test]
    fn a_row_is_as_long_as_mariadb_measures() {
        let column = |index| RowColumn {
            index: Some(index),
            declared: "LONGTEXT".to_owned(),
            nullable: true,
        };
        let limit = row_limit((0..1016).map(column).collect(), 16_384).expect("a limit");
        for (length, stored) in [
            (10, 724),
            (19, 398),
            (20, 379),
            (39, 199),
            (40, 194),
            (41, 362),
            (127, 362),
            (128, 362),
            (10_000, 362),
        ] {
            let bytes = |count: usize| {
                let values = (0..1016).map(|at| match at < count {
                    true => Value::text("x".repeat(length)),
                    false => Value::Null,
                });
                limit.size.at_least(&values.collect::<Vec<_>>())
            };
            // The number takes 8 bytes.
            assert!(bytes(stored) + 8 <= limit.most, "{length}");
            assert!(bytes(stored + 1) + 8 > limit.most, "{length}");
        }
    }

    #[test]
    fn columns_of_up_to_255_bytes_keep_their_strings() {
        let value = Value::text("x".repeat(63));
        assert_eq!(Storage::of("VARCHAR(63)").at_least(&value), 64);
        assert_eq!(Storage::of("varchar(64)").at_least(&value), 22);
        assert_eq!(Storage::of("datetime(6)"), Storage::Fixed(8));
        assert_eq!(Storage::of("bigint(20) unsigned"), Storage::Fixed(8));
    }

    #[test]
    fn narrow_tables_have_no_limit() {
        let column = |index| RowColumn {
            index: Some(index),
            declared: "longtext".to_owned(),
            nullable: true,
        };
        assert!(row_limit((0..150).map(column).collect(), 16_384).is_none());
    }
}
