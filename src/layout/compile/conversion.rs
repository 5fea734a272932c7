//! `as = "…"`: checks conversions against column types and expressions.

use toml::Spanned;

use crate::layout::rules::{As, Expression};
use crate::layout::written::WrittenColumn;
use crate::model::{Column, ColumnType};

use super::Compiler;

impl Compiler<'_> {
    /// Checks that the column has the type that the conversion produces.
    pub(super) fn conversion(&mut self, conversion: &Spanned<As>, column: &Column) {
        let (word, wanted) = match conversion.get_ref() {
            As::Text => ("text", "TEXT"),
            As::Unix => ("unix", "TIMESTAMP"),
            As::UnixMilliseconds => ("unix_ms", "TIMESTAMP"),
            As::Object => ("object", "JSON"),
            As::Ordinal => ("ordinal", "INTEGER"),
        };
        let fits = match column.ty {
            ColumnType::Text { .. } => wanted == "TEXT",
            ColumnType::Timestamp => wanted == "TIMESTAMP",
            ColumnType::Json => wanted == "JSON",
            ColumnType::Integer => wanted == "INTEGER",
            ColumnType::Real
            | ColumnType::Boolean
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Blob => false,
        };
        if !fits {
            let message = format!(
                "`as = \"{word}\"` on `{}`, which is {}",
                column.name, column.ty
            );
            let hint = format!("remove it, or change the type of the column to {wanted}");
            self.error(conversion.span().start, message, hint);
        }
    }

    /// Checks that `as` is applied only to values that it can convert: those from files.
    pub(super) fn converted(
        &mut self,
        written: &WrittenColumn,
        conversion: As,
        expression: &Expression,
    ) {
        let at = written.name.span().start;
        let choices = match expression {
            Expression::First(choices) => choices.iter().collect(),
            Expression::Pointer(_)
            | Expression::Capture(_)
            | Expression::Parent { .. }
            | Expression::Constant(_)
            | Expression::Parameter(_)
            | Expression::Reference(_)
            | Expression::Uuid(_)
            | Expression::Rest => vec![expression],
        };
        let of_files = |choice: &&Expression| match choice {
            Expression::Pointer(_)
            | Expression::Capture(_)
            | Expression::Parameter(_)
            | Expression::First(_) => true,
            Expression::Parent { .. }
            | Expression::Constant(_)
            | Expression::Reference(_)
            | Expression::Uuid(_)
            | Expression::Rest => false,
        };
        if !choices.iter().all(of_files) {
            let message = "`as` converts values from files only";
            self.error(at, message, "write the value in the type of the column");
        }
        let convertible = |default: &serde_json::Value| match conversion {
            As::Unix | As::UnixMilliseconds => default.is_number(),
            As::Ordinal => default.is_i64(),
            As::Object => default.is_object(),
            As::Text => default.is_string() || default.is_number() || default.is_boolean(),
        };
        if let Some(default) = &written.default
            && !convertible(default.get_ref())
        {
            let message = "the default cannot be converted like the values of the column";
            let hint = "write it in the form of the values in the files";
            self.error(default.span().start, message, hint);
        }
    }
}
