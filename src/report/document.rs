//! Views as JSON, and the view of a command that failed.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

/// A view on one line.
#[must_use]
pub fn json_line(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("a view has string keys and no errors")
}

/// A view as a document, indented, with a line end.
#[must_use]
pub fn json_document(view: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(view);
    text.expect("a view has string keys and no errors") + "\n"
}

/// Writes a view on one line, as [`json_line`] returns it.
pub(super) fn write_line(out: &mut dyn Write, view: &impl Serialize) -> io::Result<()> {
    Ok(serde_json::to_writer(out, view)?)
}

/// Writes a view as [`json_document`] returns it.
///
/// # Errors
/// Those of `out`.
pub fn write_document(out: &mut dyn Write, view: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, view)?;
    out.write_all(b"\n")
}

/// A document with one list, whose items are written while they are read: they may be many, or large.
#[derive(Debug)]
pub(super) struct ListDocument {
    is_empty: bool,
}

impl ListDocument {
    /// Writes the members before the list, and the name of the list.
    pub(super) fn begin(
        out: &mut dyn Write,
        members: &[(&str, Value)],
        list: &str,
    ) -> io::Result<Self> {
        out.write_all(b"{")?;
        for (name, value) in members {
            write!(out, "\n  {}: {value},", Value::from(*name))?;
        }
        write!(out, "\n  {}: [", Value::from(list))?;
        Ok(Self { is_empty: true })
    }

    /// Writes an item.
    pub(super) fn item(&mut self, out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
        let is_first = std::mem::replace(&mut self.is_empty, false);
        out.write_all(if is_first { b"\n    " } else { b",\n    " })?;
        Ok(serde_json::to_writer_pretty(Indented(out), item)?)
    }

    /// Writes the members after the list.
    pub(super) fn end(self, out: &mut dyn Write, members: &[(&str, Value)]) -> io::Result<()> {
        out.write_all(if self.is_empty { b"]" } else { b"\n  ]" })?;
        for (name, value) in members {
            write!(out, ",\n  {}: {value}", Value::from(*name))?;
        }
        out.write_all(b"\n}\n")
    }
}

/// Indents lines by the depth of an item in the list of a document. Strings in JSON contain no line ends.
struct Indented<'w>(&'w mut dyn Write);

impl Write for Indented<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = bytes.split_inclusive(|byte| *byte == b'\n');
        for line in line {
            self.0.write_all(line)?;
            if line.ends_with(b"\n") {
                self.0.write_all(b"    ")?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The document of a command that failed before it had a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailureView {
    /// The error.
    pub error: ErrorView,
}

/// An error, without passwords.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorView {
    /// For people; the wording can change.
    pub message: String,
    /// Messages of the causes, the nearest first.
    pub causes: Vec<String>,
    /// Further lines.
    pub details: Vec<String>,
    /// A suggested fix.
    pub hint: Option<Cow<'static, str>>,
    /// [Exit code](cron-and-ci.md#exit-codes) of the command.
    pub exit_code: u8,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_document_is_written_like_a_view() {
        for items in [
            vec![],
            vec![json!({"a": [1, {"b": "x\ny"}]}), json!([]), json!(2)],
        ] {
            let mut out = Vec::new();
            let members = [("t", json!("a\"b")), ("n", Value::Null)];
            let mut list = ListDocument::begin(&mut out, &members, "items").expect("written");
            for item in &items {
                list.item(&mut out, item).expect("written");
            }
            list.end(&mut out, &[("count", json!(3))]).expect("written");
            let view = json!({"t": "a\"b", "n": null, "items": items, "count": 3});
            assert_eq!(String::from_utf8_lossy(&out), json_document(&view));
        }
    }
}
