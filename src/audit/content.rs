//! The column changes of an entry, and filters on them.

use serde::Serialize;
use serde_json::Value;

use super::image::Image;
use super::replay_step::ReplayStep;

/// The value of a column before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Change"))]
pub struct FieldChange {
    /// The column.
    pub column: String,
    /// `None` if there was no row before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// `None` if there is no row afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

impl FieldChange {
    /// The columns that differ, in the order of the images; all columns if the row was inserted or deleted. If none
    /// differs, the entry records values of added columns that were there already: then it has their new values only.
    #[must_use]
    pub fn of(step: ReplayStep) -> Vec<Self> {
        let one = |(column, old, new)| Self { column, old, new };
        match step {
            ReplayStep::Insert { new } => new
                .into_iter()
                .map(|(column, value)| one((column, None, Some(value))))
                .collect(),
            ReplayStep::Delete { old } => old
                .into_iter()
                .map(|(column, value)| one((column, Some(value), None)))
                .collect(),
            ReplayStep::Update { old, new } if old == new => new
                .into_iter()
                .map(|(column, value)| one((column, None, Some(value))))
                .collect(),
            ReplayStep::Update { old, mut new } => old
                .into_iter()
                .map(|(column, old)| {
                    let new = new.remove(&column);
                    one((column, Some(old), new))
                })
                .filter(|change| change.old != change.new)
                .collect(),
        }
    }
}

/// A filter on the content of entries; an empty filter accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentFilter {
    /// Any of these columns was changed, or has a value in an inserted or deleted row.
    pub columns: Vec<String>,
    /// None of these was.
    pub not_columns: Vec<String>,
    /// Each of these strings occurs in some value, before or after.
    pub contains: Vec<String>,
}

impl ContentFilter {
    /// Whether the filter accepts every entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.not_columns.is_empty() && self.contains.is_empty()
    }

    /// Whether the filter accepts the entry with these `old_value` and `new_value`. An unreadable entry is accepted, so
    /// that it is noticed.
    #[must_use]
    pub fn accepts(&self, action: &str, old: Option<&str>, new: Option<&str>) -> bool {
        if self.is_empty() {
            return true;
        }
        // Strings that are not escaped in JSON can be searched before the text is parsed.
        let raw = [old, new];
        let found_raw = |text: &String| {
            raw.iter()
                .flatten()
                .any(|image| memchr::memmem::find(image.as_bytes(), text.as_bytes()).is_some())
        };
        let mut plain = self.contains.iter().filter(|text| is_plain(text));
        if !plain.all(found_raw) {
            return false;
        }
        let Ok(step) = ReplayStep::read(action, old, new) else {
            return true;
        };
        let has_strings = self
            .contains
            .iter()
            .all(|text| images(&step).any(|image| image.values().any(|value| has(value, text))));
        if !has_strings {
            return false;
        }
        let changed: Vec<String> = FieldChange::of(step)
            .into_iter()
            .filter(|change| {
                let values = [&change.old, &change.new].into_iter().flatten();
                values.into_iter().any(|value| !value.is_null())
            })
            .map(|change| change.column)
            .collect();
        (self.columns.is_empty() || self.columns.iter().any(|column| changed.contains(column)))
            && !self
                .not_columns
                .iter()
                .any(|column| changed.contains(column))
    }
}

fn images(step: &ReplayStep) -> impl Iterator<Item = &Image> {
    let (old, new) = match step {
        ReplayStep::Insert { new } => (None, Some(new)),
        ReplayStep::Update { old, new } => (Some(old), Some(new)),
        ReplayStep::Delete { old } => (Some(old), None),
    };
    old.into_iter().chain(new)
}

fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(content) => content.contains(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string().contains(text)
        }
    }
}

/// Whether a string is written in JSON without escapes by every database.
fn is_plain(text: &str) -> bool {
    !text
        .chars()
        .any(|c| matches!(c, '"' | '\\' | '/' | '\u{7f}') || c.is_control() || !c.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update() -> ReplayStep {
        let (old, new) = (r#"{"id":1,"a":"x","b":null}"#, r#"{"id":1,"a":"y","b":2}"#);
        ReplayStep::read("UPDATE", Some(old), Some(new)).expect("an update")
    }

    #[test]
    fn an_update_changes_the_columns_that_differ() {
        let changes = FieldChange::of(update());
        let columns: Vec<_> = changes
            .iter()
            .map(|change| change.column.as_str())
            .collect();
        assert_eq!(columns, ["a", "b"]);
        assert_eq!(changes[1].old, Some(Value::Null));
        let whole =
            ReplayStep::read("DELETE", Some(r#"{"id":1,"b":null}"#), None).expect("a delete");
        let removed = FieldChange::of(whole);
        assert_eq!(removed.len(), 2);
        assert!(removed.iter().all(|change| change.new.is_none()));
    }

    fn accepts(columns: &[&str], not: &[&str], contains: &[&str]) -> bool {
        let owned = |strings: &[&str]| strings.iter().map(|text| (*text).to_owned()).collect();
        let filter = ContentFilter {
            columns: owned(columns),
            not_columns: owned(not),
            contains: owned(contains),
        };
        let old = r#"{"id":1,"name":"Anna \"A\" 汉语","b":2}"#;
        let new = r#"{"id":1,"name":"Bea","b":3}"#;
        filter.accepts("UPDATE", Some(old), Some(new))
    }

    #[test]
    fn entries_are_found_by_column_and_by_string() {
        assert!(accepts(&[], &[], &[]));
        assert!(accepts(&["x", "b"], &[], &["Anna", "Bea"]));
        assert!(!accepts(&["id"], &[], &[]));
        assert!(!accepts(&[], &["name"], &[]));
        assert!(accepts(&[], &["id"], &[]));
        // JSON escapes are not part of a value, and neither are column names.
        assert!(accepts(&[], &[], &[r#"Anna "A""#]));
        assert!(accepts(&[], &[], &["汉"]));
        for text in [r#"\""#, "name", "Chris"] {
            assert!(!accepts(&[], &[], &[text]), "{text}");
        }
    }

    #[test]
    fn unreadable_entries_are_accepted() {
        let filter = ContentFilter {
            columns: vec!["a".to_owned()],
            ..ContentFilter::default()
        };
        assert!(filter.accepts("UPDATE", None, None));
    }
}
