//! Values for people: on one line, safe for a terminal, cut only with a note.

use serde_json::{Map, Value, json};

use crate::audit::FieldChange;
use crate::operations::audit::Signature;
use crate::report::Style;
use crate::report::counts::{grouped, moment};

/// Whether long values are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After so many characters, with a note.
    After(usize),
    /// Never.
    Never,
}

/// A text in which nothing moves the cursor or turns the direction of writing.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Unicode's explicit directions (UAX #9), and the separators of lines and paragraphs.
            '\u{200e}'
            | '\u{200f}'
            | '\u{061c}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A value on one line. Texts stand without quotes, unless they could be taken for something else.
pub(super) fn value(value: &Value, cut: Cut) -> String {
    let text = match value {
        Value::Null => return "NULL".to_owned(),
        Value::String(text) if is_plain(text) => safe(text),
        Value::String(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => safe(&value.to_string()),
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

/// `old → new`; only one of them when the row came or went. Of two long texts that begin alike, the part is shown where
/// they begin to differ.
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

/// How many characters of two texts to leave out, because otherwise what differs would be.
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

/// Changes one per line, columns under each other.
pub(super) fn changes(changes: &[FieldChange], indent: &str, cut: Cut) -> String {
    let width = |text: &str| text.chars().count();
    let names: Vec<String> = changes.iter().map(|change| safe(&change.column)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    names
        .iter()
        .zip(changes)
        .map(|(name, one)| format!("{indent}{name:<widest$}  {}\n", change(one, cut)))
        .collect()
}

/// The beginning of a run's id, which holds the time and so is its own.
pub(super) fn short(run: &str) -> &str {
    run.get(..13).unwrap_or(run)
}

/// `2024-05-01 10:00:00Z, mei, import 01a1f8d1-1c57: first load`.
pub(super) fn signature(signature: &Signature) -> String {
    let mut out = format!("{}  {}", moment(&signature.at), author(signature));
    if let Some(run) = &signature.run {
        let kind = signature.kind.as_deref().unwrap_or("run");
        out.push_str(&format!("  {} {}", safe(kind), short(run)));
    }
    if let Some(reason) = &signature.reason {
        out.push_str(&format!("  {}", safe(reason)));
    }
    out
}

/// The actor, and the database's user where there is one.
pub(super) fn author(signature: &Signature) -> String {
    match &signature.db_user {
        Some(user) => safe(&format!("{} ({user})", signature.actor)),
        None => safe(&signature.actor),
    }
}

/// The members that say who made a change.
pub(super) fn signature_json(signature: &Signature) -> Map<String, Value> {
    let members = json!({
        "entry": signature.entry,
        "changed_at": signature.at,
        "actor": signature.actor,
        "db_user": signature.db_user,
        "run": signature.run,
        "kind": signature.kind,
        "reason": signature.reason,
        "file": signature.file,
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Changes as an array of `{"column", "old", "new"}`; a side that is not there is left out.
pub(super) fn changes_json(changes: &[FieldChange]) -> Value {
    changes
        .iter()
        .map(|change| {
            let mut members = Map::new();
            members.insert("column".to_owned(), change.column.clone().into());
            let old = change.old.clone().map(|old| ("old".to_owned(), old));
            let new = change.new.clone().map(|new| ("new".to_owned(), new));
            members.extend(old.into_iter().chain(new));
            Value::Object(members)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(
            safe("a\u{1b}[2Jb\nc\u{9b}\u{202e}汉"),
            "a\\u001b[2Jb\\nc\\u009b\\u202e汉"
        );
    }

    #[test]
    fn texts_that_could_be_taken_for_something_else_have_quotes() {
        let shown = |json: Value| value(&json, Cut::Never);
        assert_eq!(shown(json!("Mei Lin")), "Mei Lin");
        assert_eq!(shown(json!("17")), r#""17""#);
        assert_eq!(shown(json!(17)), "17");
        assert_eq!(shown(json!("")), r#""""#);
        assert_eq!(shown(json!("NULL")), r#""NULL""#);
        assert_eq!(shown(Value::Null), "NULL");
        // What JSON columns hold where they are texts.
        assert_eq!(shown(json!(r#"["a"]"#)), r#"["a"]"#);
    }

    #[test]
    fn long_texts_are_shown_where_they_begin_to_differ() {
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
    fn what_is_cut_says_so() {
        assert_eq!(
            value(&json!("汉语汉语"), Cut::After(2)),
            "汉语… (4 characters)"
        );
        assert_eq!(value(&json!("汉语"), Cut::After(2)), "汉语");
    }
}
