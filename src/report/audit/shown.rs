//! Values as text: on one line, without control characters, truncated only with a note.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::audit::FieldChange;
use crate::model::{escape_json_controls, escape_line, escaped_chars, grouped};
use crate::operations::audit::Attribution;
use crate::report::Style;
use crate::report::counts::short_timestamp;

/// Whether long values are truncated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After this many characters, with a note.
    After(usize),
    /// Never.
    Never,
}

/// A value on one line. Strings are unquoted unless they could be mistaken for another value.
pub(super) fn value(value: &Value, cut: Cut) -> String {
    shortened(&plain(value), 0, cut)
}

/// A value before it is escaped to one line.
pub(super) fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed("NULL"),
        Value::String(text) if is_plain(text) => Cow::Borrowed(text),
        Value::String(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => Cow::Owned(value.to_string()),
    }
}

/// Whether a string cannot be mistaken for another value. An object or array is a JSON column that the database stores
/// as a string.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text != "NULL"
        && (text.starts_with(['{', '[']) || serde_json::from_str::<IgnoredAny>(text).is_err())
}

/// A text on one line.
pub(super) fn shorten(text: &str, cut: Cut) -> String {
    shortened(text, 0, cut)
}

/// The text on one line from the character `skipped` on, and its beginning only if it is too long.
fn shortened(text: &str, skipped: usize, cut: Cut) -> String {
    let begin = if skipped > 0 { "…" } else { "" };
    let Cut::After(most) = cut else {
        return escape_line(text);
    };
    let mut rest = escaped_chars(text).skip(skipped);
    let mut kept = begin.to_owned();
    let room = most - begin.chars().count().min(most);
    kept.extend(rest.by_ref().take(room));
    match rest.count() {
        0 => kept,
        more => {
            let count = begin.chars().count() + room + more;
            format!("{kept}… ({} characters)", grouped(count as u64))
        }
    }
}

/// `old → new`, or only one of them for an inserted or deleted row. Of two long strings with a common beginning, the
/// part from the first difference on is shown.
pub(super) fn change(change: &FieldChange, cut: Cut) -> String {
    let old = change.old.as_ref().map(plain);
    let new = change.new.as_ref().map(plain);
    let skipped = match (&old, &new, cut) {
        (Some(old), Some(new), Cut::After(most)) => alike(old, new, most),
        (_, _, Cut::After(_) | Cut::Never) => 0,
    };
    let shown = |text: Cow<'_, str>| shortened(&text, skipped, cut);
    let old = old.map(|old| Style::paint(Style::REMOVED, &shown(old)));
    let new = new.map(|new| Style::paint(Style::ADDED, &shown(new)));
    match (old, new) {
        (Some(old), Some(new)) => format!("{old} → {new}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}

/// How many characters to omit at the start of two strings, so that their difference is not truncated away.
fn alike(old: &str, new: &str, most: usize) -> usize {
    let same = escaped_chars(old)
        .zip(escaped_chars(new))
        .take_while(|(a, b)| a == b)
        .count();
    let is_long = |text: &str| escaped_chars(text).nth(most).is_some();
    match same > most / 2 && (is_long(old) || is_long(new)) {
        true => same - most / 4,
        false => 0,
    }
}

/// Writes a value as [`value`] returns it.
pub(super) fn write_value(out: &mut dyn Write, value: &Value, cut: Cut) -> io::Result<()> {
    write_text(out, &plain(value), cut)
}

/// Writes a text as [`shorten`] returns it.
pub(super) fn write_text(out: &mut dyn Write, text: &str, cut: Cut) -> io::Result<()> {
    let Cut::Never = cut else {
        return out.write_all(shorten(text, cut).as_bytes());
    };
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.write_all(b"\\n")?;
        }
        out.write_all(escape_json_controls(line).as_bytes())?;
    }
    Ok(())
}

/// Writes a change as [`change`] returns it.
fn write_change(out: &mut dyn Write, one: &FieldChange, cut: Cut) -> io::Result<()> {
    let Cut::Never = cut else {
        return out.write_all(change(one, cut).as_bytes());
    };
    if let Some(old) = &one.old {
        write!(out, "{}", Style::REMOVED)?;
        write_value(out, old, cut)?;
        write!(out, "{:#}", Style::REMOVED)?;
    }
    if one.old.is_some() && one.new.is_some() {
        out.write_all(" → ".as_bytes())?;
    }
    if let Some(new) = &one.new {
        write!(out, "{}", Style::ADDED)?;
        write_value(out, new, cut)?;
        write!(out, "{:#}", Style::ADDED)?;
    }
    Ok(())
}

/// Writes one change per line, with aligned columns.
pub(super) fn write_changes(
    out: &mut dyn Write,
    changes: &[FieldChange],
    indent: &str,
    cut: Cut,
) -> io::Result<()> {
    let width = |text: &str| text.chars().count();
    let names: Vec<String> = changes
        .iter()
        .map(|change| escape_line(&change.column))
        .collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for (name, one) in names.iter().zip(changes) {
        write!(out, "{indent}{name:<widest$}  ")?;
        write_change(out, one, cut)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The start of a run id. It contains the time, so it identifies the run for readers.
pub(super) fn short(run: &str) -> &str {
    run.get(..13).unwrap_or(run)
}

/// `2024-05-01 10:00:00Z, mei, import 01a1f8d1-1c57: first load`.
pub(super) fn attribution_text(attribution: &Attribution) -> String {
    let mut out = format!(
        "{}  {}",
        short_timestamp(&attribution.at),
        author(attribution)
    );
    if let Some(run) = &attribution.run {
        let kind = attribution.kind.as_deref().unwrap_or("run");
        out.push_str(&format!("  {} {}", escape_line(kind), short(run)));
    }
    if let Some(reason) = &attribution.reason {
        out.push_str(&format!("  {}", escape_line(reason)));
    }
    out
}

/// The actor, with the database user if there is one.
pub(super) fn author(attribution: &Attribution) -> String {
    match &attribution.db_user {
        Some(user) => escape_line(&format!("{} ({user})", attribution.actor)),
        None => escape_line(&attribution.actor),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ambiguous_strings_are_quoted() {
        let shown = |json: Value| value(&json, Cut::Never);
        assert_eq!(shown(json!("Mei Lin")), "Mei Lin");
        assert_eq!(shown(json!("17")), r#""17""#);
        assert_eq!(shown(json!(17)), "17");
        assert_eq!(shown(json!("")), r#""""#);
        assert_eq!(shown(json!("NULL")), r#""NULL""#);
        assert_eq!(shown(Value::Null), "NULL");
        // JSON columns that the database stores as text.
        assert_eq!(shown(json!(r#"["a"]"#)), r#"["a"]"#);
    }

    #[test]
    fn long_texts_are_shown_from_their_first_difference() {
        let text = |end: &str| Some(json!(format!("{}{end}", "a".repeat(100))));
        let both = FieldChange {
            column: "c".to_owned(),
            old: text("bcd"),
            new: text("xyz"),
        };
        let shown = anstream::adapter::strip_str(&change(&both, Cut::After(20))).to_string();
        assert_eq!(shown, "…aaaaabcd → …aaaaaxyz");
        let whole = anstream::adapter::strip_str(&change(&both, Cut::Never)).to_string();
        assert!(whole.len() > 200, "{whole}");
    }

    #[test]
    fn truncated_values_end_with_a_note() {
        assert_eq!(
            value(&json!("汉语汉语"), Cut::After(2)),
            "汉语… (4 characters)"
        );
        assert_eq!(value(&json!("汉语"), Cut::After(2)), "汉语");
    }
}
