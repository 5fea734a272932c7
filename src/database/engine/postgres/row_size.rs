//! Computes the number of bytes that PostgreSQL needs for a row of a heap table.
//!
//! A row must fit on a page. Values of 24 bytes and more are moved out of a row that is too long, and leave a pointer
//! of 18 bytes; shorter ones stay. See `heap_toast_insert_or_update` in PostgreSQL's
//! `src/backend/access/heap/heaptoast.c`, and <https://www.postgresql.org/docs/current/storage-toast.html>. Nothing
//! here is an estimate: where the size of a value is not known exactly, it is the smallest possible one, and the server
//! itself reports the few rows that are too long all the same.

use std::sync::Arc;

use crate::database::engine::RowColumn;
use crate::database::engine::json_size::{DistinctBytes, JsonParts};
use crate::model::Value;
use crate::plan::{RowLimit, RowSize};

/// Header of a row without the bitmap of NULLs.
const HEADER: u64 = 23;
/// Header of a page and the pointer to its only row.
const PAGE_HEADER: u64 = 32;
/// The length of a value, with its one-byte header, that is not moved out.
const LONGEST_KEPT: u64 = 24;
/// The bytes that remain of a value that was moved out.
const POINTER: u64 = 18;

/// How a column stores its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    /// In a fixed number of bytes, which is also their alignment.
    Aligned(u64),
    /// In a fixed number of bytes, without alignment.
    Anywhere(u64),
    /// As bytes with their length.
    Bytes,
    /// As JSONB with its length.
    Jsonb,
    /// Unknown.
    Unknown,
}

impl Storage {
    fn of(declared: &str) -> Self {
        let declared = declared.to_lowercase();
        let name = declared.split('(').next().unwrap_or_default().trim_end();
        match name {
            "smallint" => Self::Aligned(2),
            "integer" | "date" => Self::Aligned(4),
            "bigint"
            | "double precision"
            | "timestamptz"
            | "timestamp"
            | "timestamp with time zone"
            | "timestamp without time zone" => Self::Aligned(8),
            "boolean" => Self::Anywhere(1),
            "uuid" => Self::Anywhere(16),
            "text" | "varchar" | "character varying" | "bytea" => Self::Bytes,
            "jsonb" => Self::Jsonb,
            _ => Self::Unknown,
        }
    }

    /// The maximum number of bytes in a row after everything possible was moved out.
    fn at_most(self) -> u64 {
        match self {
            Self::Aligned(bytes) => 2 * bytes,
            Self::Anywhere(bytes) => bytes,
            // Compressed values are aligned.
            Self::Bytes | Self::Jsonb | Self::Unknown => LONGEST_KEPT + 3,
        }
    }

    /// Bytes and alignment of a value.
    fn at_least(self, value: &Value) -> (u64, u64) {
        match (self, value) {
            (Self::Aligned(bytes), _) => (bytes, bytes),
            (Self::Anywhere(bytes), _) => (bytes, 1),
            (Self::Bytes, Value::Text(text)) => {
                of_bytes(text.len() as u64, || DistinctBytes::of(text.as_bytes()))
            }
            (Self::Bytes, Value::Blob(bytes)) => {
                of_bytes(bytes.len() as u64, || DistinctBytes::of(bytes))
            }
            (Self::Jsonb, Value::Json(json)) => {
                let parts = JsonParts::of(json);
                let (bytes, distinct) = (jsonb_bytes(&parts), parts.distinct_bytes);
                match bytes < LONGEST_KEPT {
                    true => (bytes + 1, 1),
                    // It can be longer, and then moved out or compressed.
                    false => of_bytes(bytes.max(SHORTEST_COMPRESSED), || distinct),
                }
            }
            (Self::Bytes | Self::Jsonb | Self::Unknown, _) => (1, 1),
        }
    }
}

/// The shortest value that is compressed.
const SHORTEST_COMPRESSED: u64 = 32;

/// The longest value that compression makes shorter than a pointer: two repetitions of 273 bytes each, and a few bytes
/// more.
const LONGEST_COMPRESSED: u64 = 560;

/// The least size of a value of so many bytes, with its length. Compression makes a value shorter than a pointer only
/// if its bytes repeat (`src/common/pg_lzcompress.c`): each different byte occurs once, after a header of 8 bytes, a
/// control byte, and at least three bytes that reference the repetition.
fn of_bytes(length: u64, distinct: impl FnOnce() -> usize) -> (u64, u64) {
    if length < LONGEST_KEPT {
        return (length + 1, 1);
    }
    if (SHORTEST_COMPRESSED..=LONGEST_COMPRESSED).contains(&length) {
        let compressed = 12 + distinct() as u64;
        if compressed < POINTER {
            return (compressed, 4);
        }
    }
    (POINTER, 1)
}

/// The least size of JSONB: four bytes for each array, object, element and name, the strings, and six bytes for each
/// number (`src/include/utils/jsonb.h`). A value that is neither array nor object is an array of one element.
fn jsonb_bytes(parts: &JsonParts) -> u64 {
    let entries = match parts.containers {
        0 => 2,
        containers => containers + parts.elements + parts.members,
    };
    4 * entries + parts.string_bytes + 6 * parts.numbers
}

/// A table's columns in their order.
#[derive(Debug)]
struct HeapRow {
    columns: Vec<(Option<usize>, Storage)>,
}

impl RowSize for HeapRow {
    fn at_least(&self, values: &[Value]) -> u64 {
        let filled = || {
            self.columns.iter().filter_map(|(index, storage)| {
                let value = index.map(|index| &values[index])?;
                (!value.is_null()).then_some((storage, value))
            })
        };
        let known = self.columns.iter().filter(|(index, _)| index.is_some());
        let has_nulls = filled().count() < known.count();
        let bitmap = match has_nulls {
            true => (self.columns.len() as u64).div_ceil(8),
            false => 0,
        };
        let header = (HEADER + bitmap).next_multiple_of(8);
        let end = filled().fold(header, |at, (storage, value)| {
            let (bytes, alignment) = storage.at_least(value);
            at.next_multiple_of(alignment) + bytes
        });
        end.next_multiple_of(8)
    }
}

/// The longest row of a table with these columns, if one can be too long.
pub(super) fn row_limit(columns: Vec<RowColumn>, page: u64) -> Option<RowLimit> {
    let most = page.checked_sub(PAGE_HEADER)?;
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (column.index, Storage::of(&column.declared)))
        .collect();
    let header = HEADER + (columns.len() as u64).div_ceil(8) + 8;
    let longest: u64 = columns.iter().map(|(_, storage)| storage.at_most()).sum();
    let size = Arc::new(HeapRow { columns });
    (header + longest > most).then_some(RowLimit { most, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(declared: &str, count: usize) -> RowLimit {
        let column = |index| RowColumn {
            index: Some(index),
            declared: declared.to_owned(),
            nullable: true,
        };
        row_limit((0..count).map(column).collect(), 8192).expect("a limit")
    }

    /// How many of these values PostgreSQL 15 stored in a row of 1 599 columns and a BIGINT.
    #[test]
    fn a_row_is_as_long_as_postgresql_measures() {
        let letters = |length: usize| {
            let letters: String = ('0'..='z').cycle().take(length).collect();
            Value::text(letters)
        };
        let limit = limit("text", 1599);
        for (length, stored) in [
            (4, 1585),
            (10, 720),
            (17, 440),
            (18, 417),
            (19, 396),
            (20, 377),
            (23, 330),
            (24, 440),
            (41, 440),
            (300, 440),
            (10_000, 440),
        ] {
            let bytes = |count: usize| {
                let values = (0..1599).map(|at| match at < count {
                    true => letters(length),
                    false => Value::Null,
                });
                limit.size.at_least(&values.collect::<Vec<_>>())
            };
            // The number takes 8 bytes.
            assert!(bytes(stored) + 8 <= limit.most, "{length}");
            assert!(bytes(stored + 1) + 8 > limit.most, "{length}");
        }
        let repeated = vec![Value::text("a".repeat(41)); 495];
        let values = [repeated, vec![Value::Null; 1104]].concat();
        assert!(limit.size.at_least(&values) + 8 <= limit.most);
    }

    #[test]
    fn json_takes_at_least_its_elements_and_strings() {
        let bytes = |json: &str| Storage::Jsonb.at_least(&Value::Json(json.into())).0;
        assert_eq!(bytes("{}"), 5);
        assert_eq!(bytes("true"), 9);
        assert_eq!(bytes("0"), 15);
        assert_eq!(bytes(r#"{"a":null}"#), 14);
        assert_eq!(bytes(r#"["abc",null]"#), 16);
        assert_eq!(bytes(r#"["abcdefghijklmnop",null]"#), 18);
    }

    #[test]
    fn narrow_tables_have_no_limit() {
        let column = |index| RowColumn {
            index: Some(index),
            declared: "TEXT".to_owned(),
            nullable: true,
        };
        let columns = (0..200).map(column).collect();
        assert!(row_limit(columns, 8192).is_none());
    }
}
