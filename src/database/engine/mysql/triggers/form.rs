//! The form in which a column's values are recorded.

use crate::audit::Form;
use crate::model::ColumnType;

/// How a column of MySQL's type `declared` (`information_schema.COLUMNS.COLUMN_TYPE`) is written, which the layout
/// takes for a `wanted`. Everything that is not one of ours keeps MySQL's own text.
pub(in crate::database) fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    let declared = declared.to_lowercase();
    let name = declared
        .split(['(', ' '])
        .next()
        .unwrap_or(declared.as_str());
    match name {
        // `00042` is not a number in JSON.
        _ if declared.contains("zerofill") => Form::Text,
        "tinyint" if wanted == Some(ColumnType::Boolean) => Form::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Form::Integer,
        // Nor is `0000`, which no sum shows.
        "float" | "year" => Form::SingleReal,
        "double" => Form::Real,
        "timestamp" => Form::SessionTimestamp,
        // Local time in an unknown zone, unless the layout declares a timestamp.
        "datetime" if wanted == Some(ColumnType::Timestamp) => Form::Timestamp,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "bit"
        | "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" => Form::Blob,
        _ => Form::Text,
    }
}
