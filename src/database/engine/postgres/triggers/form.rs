//! The form in which a column's values are recorded.

use crate::audit::Form;
use crate::model::ColumnType;

/// How a column of PostgreSQL's type `declared` (`format_type`) is written, which the layout takes for a `wanted`.
/// Everything that is not one of ours keeps PostgreSQL's own text.
pub(in crate::database) fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    match declared {
        "smallint" | "integer" | "bigint" => Form::Integer,
        "boolean" => Form::Boolean,
        "real" => Form::SingleReal,
        "double precision" => Form::Real,
        "bytea" => Form::Blob,
        name if name.starts_with("timestamp") && name.ends_with("with time zone") => {
            Form::Timestamp
        }
        // Local time in an unknown zone, unless the layout declares a timestamp.
        civil
            if civil.starts_with("timestamp")
                && !civil.ends_with(']')
                && wanted == Some(ColumnType::Timestamp) =>
        {
            Form::Timestamp
        }
        _ => Form::Text,
    }
}
