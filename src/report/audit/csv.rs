//! Comma-separated values (RFC 4180) that a spreadsheet shows and does not execute.

use serde_json::Value;

/// A cell.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    /// A text of any content.
    Text(String),
    /// A number, or nothing: what a spreadsheet cannot take for a formula.
    Plain(String),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn optional(text: Option<&str>) -> Self {
        Self::Text(text.unwrap_or_default().to_owned())
    }

    pub(super) fn number(number: impl ToString) -> Self {
        Self::Plain(number.to_string())
    }

    /// A value of a column: texts as they are, NULL as nothing, all else as JSON.
    pub(super) fn value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Plain(String::new()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Number(number) => Self::Plain(number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Self::Text(value.to_string()),
        }
    }

    /// An apostrophe keeps a spreadsheet from taking a text for a formula
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

/// One line.
pub(super) fn line(cells: &[Cell]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(cells.iter().map(Cell::neutral));
    written.expect("memory takes any record");
    let bytes = writer.into_inner().expect("memory takes any record");
    String::from_utf8(bytes).expect("texts stay texts")
}

/// A header and lines.
pub(super) fn sheet(header: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let header: Vec<Cell> = header.iter().map(|name| Cell::text(*name)).collect();
    let mut out = line(&header);
    rows.into_iter().for_each(|row| out.push_str(&line(&row)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_executed_and_nothing_lost() {
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
        let cells: Vec<Cell> = texts.map(Cell::text).to_vec();
        let expected = "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",'＝1,a=1,\"a\"\"b,c\nd\",\n";
        assert_eq!(line(&cells), expected);
        let numbers = [serde_json::json!(-1), serde_json::json!(-1.5), Value::Null];
        let cells: Vec<Cell> = numbers.iter().map(Cell::value).collect();
        assert_eq!(line(&cells), "-1,-1.5,\n");
    }
}
