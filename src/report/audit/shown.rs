//! Values as text: on one line, without control characters, truncated only with a note.

use serde_json::Value;

use crate::audit::FieldChange;
use crate::model::escape_json_controls;
use crate::operations::audit::Attribution;
use crate::report::Style;
use crate::report::counts::{grouped, short_timestamp};

/// Whether long values are truncated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After this many characters, with a note.
    After(usize),
    /// Never.
    Never,
}

/// Escapes `text` to one line without control characters, in the notation of JSON.
pub(super) fn escape_line(text: &str) -> String {
    escape_json_controls(text).replace('\n', "\\n")
}

/// A value on one line. Strings are unquoted unless they could be mistaken for another value.
pub(super) fn value(value: &Value, cut: Cut) -> String {
    let text = match value {
        Value::Null => return "NULL".to_owned(),
        Value::String(text) if is_plain(text) => escape_line(text),
        Value::String(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => escape_line(&value.to_string()),
    };
    shorten(text, cut)
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text != "NULL"
        && serde_json::from_str::<Value>(text)
            .map_or(true, |json| json.is_object() || json.is_array())
}

pub(super) fn shorten(text: String, cut: Cut) -> String {
    let Cut::After(most) = cut else { return text };
    let count = text.chars().count();
    if count <= most {
        return text;
    }
    let kept: String = text.chars().take(most).collect();
    format!("{kept}… ({} characters)", grouped(count as u64))
}

/// `old → new`, or only one of them for an inserted or deleted row. Of two long strings with a common beginning, the
/// part from the first difference on is shown.
pub(super) fn change(change: &FieldChange, cut: Cut) -> String {
    let old = change.old.as_ref().map(|old| value(old, Cut::Never));
    let new = change.new.as_ref().map(|new| value(new, Cut::Never));
    let skipped = match (&old, &new, cut) {
        (Some(old), Some(new), Cut::After(most)) => alike(old, new, most),
        (_, _, Cut::After(_) | Cut::Never) => 0,
    };
    let shown = |text: String| shorten(skip(&text, skipped), cut);
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
    let same = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let longest = old.chars().count().max(new.chars().count());
    match longest > most && same > most / 2 {
        true => same - most / 4,
        false => 0,
    }
}

fn skip(text: &str, count: usize) -> String {
    match count {
        0 => text.to_owned(),
        count => format!("…{}", text.chars().skip(count).collect::<String>()),
    }
}

/// One change per line, with aligned columns.
pub(super) fn changes(changes: &[FieldChange], indent: &str, cut: Cut) -> String {
    let width = |text: &str| text.chars().count();
    let names: Vec<String> = changes
        .iter()
        .map(|change| escape_line(&change.column))
        .collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    names
        .iter()
        .zip(changes)
        .map(|(name, one)| format!("{indent}{name:<widest$}  {}\n", change(one, cut)))
        .collect()
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
    fn control_characters_are_escaped() {
        assert_eq!(
            escape_line("a\u{1b}[2Jb\nc\u{9b}\u{202e}汉"),
            "a\\u001b[2Jb\\nc\\u009b\\u202e汉"
        );
    }

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
