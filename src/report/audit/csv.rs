//! Comma-separated values (RFC 4180), protected against formula injection in spreadsheets.

use serde::Serialize;
use serde_json::Value;

/// A cell.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    /// Any string.
    Text(String),
    /// A number, or an empty cell; neither can be a formula.
    Plain(String),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A column value: strings as they are, NULL as an empty cell, everything else as JSON.
    pub(super) fn value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Plain(String::new()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Number(number) => Self::Plain(number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Self::Text(value.to_string()),
        }
    }

    /// Prefixes an apostrophe to strings that a spreadsheet would run as a formula
    /// (<https://owasp.org/www-community/attacks/CSV_Injection>).
    fn neutral(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(text) => {
                let dangerous = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
                match text.starts_with(dangerous) {
                    true => format!("'{text}"),
                    false => text.clone(),
                }
            }
        }
    }
}

/// Formats one line.
pub(super) fn line(cells: impl IntoIterator<Item = Cell>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(cells.into_iter().map(|cell| cell.neutral()));
    written.expect("writing to memory succeeds");
    let bytes = writer.into_inner().expect("writing to memory succeeds");
    String::from_utf8(bytes).expect("the input is UTF-8")
}

/// The columns of lines that begin with the attribution of an entry: [`Attribution`](crate::operations::audit::Attribution).
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

/// Formats a line for each view, with its members of these names, after a header. `tables=names` is a column `tables`
/// with the member `names`.
pub(super) fn sheet<V: Serialize>(columns: &[&str], views: impl IntoIterator<Item = V>) -> String {
    let columns = columns.iter();
    let columns: Vec<(&str, &str)> = columns
        .map(|&name| name.split_once('=').unwrap_or((name, name)))
        .collect();
    let mut out = line(columns.iter().map(|(name, _)| Cell::text(*name)));
    for view in views {
        let view = serde_json::json!(view);
        let cells = columns.iter().map(|(_, member)| Cell::value(&view[member]));
        out.push_str(&line(cells));
    }
    out
}

/// Like [`sheet`], with the attribution first.
pub(super) fn attributed<V: Serialize>(
    columns: &[&str],
    views: impl IntoIterator<Item = V>,
) -> String {
    sheet(&[&ATTRIBUTION[..], columns].concat(), views)
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
        let cells = texts.map(Cell::text);
        let expected = "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",'＝1,a=1,\"a\"\"b,c\nd\",\n";
        assert_eq!(line(cells), expected);
        let numbers = [serde_json::json!(-1), serde_json::json!(-1.5), Value::Null];
        assert_eq!(line(numbers.iter().map(Cell::value)), "-1,-1.5,\n");
    }
}
