//! Comma-separated values (RFC 4180), protected against formula injection in spreadsheets.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::model::neutral_cell;

/// A cell.
#[derive(Debug, Clone)]
pub(super) enum Cell<'c> {
    /// Any string.
    Text(Cow<'c, str>),
    /// A number, or an empty cell; neither can be a formula.
    Plain(String),
}

impl<'c> Cell<'c> {
    pub(super) fn text(text: impl Into<Cow<'c, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A column value: strings as they are, NULL as an empty cell, everything else as JSON.
    pub(super) fn value(value: &'c Value) -> Self {
        match value {
            Value::Null => Self::Plain(String::new()),
            Value::String(text) => Self::text(text),
            Value::Number(number) => Self::Plain(number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Self::text(value.to_string()),
        }
    }

    fn neutral(self) -> Cow<'c, str> {
        match self {
            Self::Plain(text) => text.into(),
            Self::Text(text) => neutral_cell(text),
        }
    }
}

/// Writes one line.
pub(super) fn line<'c>(
    out: &mut dyn Write,
    cells: impl IntoIterator<Item = Cell<'c>>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for cell in cells {
        writer.write_field(cell.neutral().as_bytes())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()
}

/// The columns of lines that begin with the attribution of an entry:
/// [`Attribution`](crate::operations::audit::Attribution).
pub(super) const ATTRIBUTION: [&str; 8] = [
    "entry",
    "changed_at",
    "actor",
    "db_user",
    "run",
    "kind",
    "reason",
    "file",
];

/// Writes a line for each view, with its members of these names, after a header. `tables=names` is a column `tables`
/// with the member `names`.
pub(super) fn sheet<V: Serialize>(
    out: &mut dyn Write,
    columns: &[&str],
    views: impl IntoIterator<Item = V>,
) -> io::Result<()> {
    header(out, columns)?;
    views
        .into_iter()
        .try_for_each(|view| view_line(out, columns, &view))
}

/// Like [`sheet`], with the attribution first.
pub(super) fn attributed<V: Serialize>(
    out: &mut dyn Write,
    columns: &[&str],
    views: impl IntoIterator<Item = V>,
) -> io::Result<()> {
    sheet(out, &[&ATTRIBUTION[..], columns].concat(), views)
}

/// Writes the header of [`view_line`].
pub(super) fn header(out: &mut dyn Write, columns: &[&str]) -> io::Result<()> {
    let names = columns.iter().map(|name| column(name).0);
    line(out, names.map(Cell::text))
}

/// Writes the line of a view.
pub(super) fn view_line(
    out: &mut dyn Write,
    columns: &[&str],
    view: &impl Serialize,
) -> io::Result<()> {
    let view = serde_json::json!(view);
    line(
        out,
        columns
            .iter()
            .map(|name| Cell::value(&view[column(name).1])),
    )
}

/// The name of a column, and of the member with its values.
fn column(name: &str) -> (&str, &str) {
    name.split_once('=').unwrap_or((name, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralized_and_no_text_is_lost() {
        let texts = [
            "=1+1",
            "+1",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "＝1",
            "a=1",
            "a\"b,c\nd",
            "",
        ];
        let written = |cells: Vec<Cell<'_>>| {
            let mut out = Vec::new();
            line(&mut out, cells).expect("written");
            String::from_utf8(out).expect("UTF-8")
        };
        let cells = texts.map(Cell::text);
        let expected = "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",'＝1,a=1,\"a\"\"b,c\nd\",\n";
        assert_eq!(written(cells.to_vec()), expected);
        let numbers = [serde_json::json!(-1), serde_json::json!(-1.5), Value::Null];
        assert_eq!(
            written(numbers.iter().map(Cell::value).collect()),
            "-1,-1.5,\n"
        );
    }
}
