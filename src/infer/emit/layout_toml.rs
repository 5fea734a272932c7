//! Writes `layout.toml` of a generated layout.

use std::fmt::Write as _;

use crate::infer::tables::{FieldSource, Table};
use crate::model::Pointer;

/// A `[[source]]`.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) cluster: usize,
    pub(crate) files: String,
    pub(crate) schema: String,
    /// The observations that support it.
    pub(crate) evidence: String,
}

/// Returns the text of the file, with a heading as comment lines.
pub(crate) fn mapping(heading: &str, name: &str, sources: &[Source], tables: &[Table]) -> String {
    let mut out = String::new();
    for line in heading.lines() {
        let _ = writeln!(out, "# {line}");
    }
    let _ = writeln!(out, "\nname  = {}", text(name));
    let _ = writeln!(out, "title = {}", text(&format!("{name} (generated)")));
    for source in sources {
        let _ = writeln!(out, "\n# {}", source.evidence);
        let _ = writeln!(out, "[[source]]");
        let _ = writeln!(out, "files  = {}", text(&source.files));
        let _ = writeln!(out, "schema = {}", text(&source.schema));
        let roots = tables.iter().enumerate();
        let roots =
            roots.filter(|(_, table)| table.cluster == source.cluster && table.parent.is_none());
        roots.for_each(|(index, _)| rule(&mut out, tables, index, 1));
    }
    out
}

fn rule(out: &mut String, tables: &[Table], index: usize, depth: usize) {
    let table = &tables[index];
    let indent = "  ".repeat(depth);
    let path = format!("source{}", ".records".repeat(depth));
    let _ = writeln!(out, "\n{indent}[[{path}]]");
    let _ = writeln!(out, "{indent}table = {}", text(&table.name));
    let _ = writeln!(out, "{indent}each  = {}", text(&table.each));
    if table.by_position {
        let _ = writeln!(out, "{indent}identity = \"position\"");
    }
    let _ = writeln!(out, "\n{indent}[{path}.columns]");
    let width = table
        .fields
        .iter()
        .map(|field| key(&field.name).chars().count())
        .max()
        .unwrap_or(0);
    for field in &table.fields {
        let value = match &field.source {
            FieldSource::Number => continue,
            FieldSource::Capture(name) => text(&format!("{{{name}}}")),
            FieldSource::Parent(field) => {
                let parent = table
                    .parent
                    .map(|parent| &tables[parent].fields[*field].name);
                text(&format!("^{}", parent.map_or("", String::as_str)))
            }
            FieldSource::Pointer(tokens) => {
                let tokens = tokens.clone();
                text(&Pointer { tokens }.to_string())
            }
            FieldSource::Rest => "{ rest = true }".to_owned(),
        };
        let line = format!("{:width$} = {value}", key(&field.name));
        let _ = match field.evidence.is_empty() {
            true => writeln!(out, "{indent}{line}"),
            false => writeln!(out, "{indent}{line}  # {}", field.evidence),
        };
    }
    let children = tables
        .iter()
        .enumerate()
        .filter(|(_, table)| table.parent == Some(index));
    children.for_each(|(child, _)| rule(out, tables, child, depth + 1));
}

/// Formats a TOML key, quoted if necessary.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        text(name)
    }
}

/// Formats a TOML basic string.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn any_string_can_be_written() {
        for original in ["", "a\"b\\c", "line\nbreak\u{7f}\u{85}", "名前 {x}"] {
            let document = format!("a = {}", text(original));
            let parsed: toml::Table = document.parse().expect("TOML");
            assert_eq!(parsed["a"].as_str(), Some(original));
        }
    }
}
