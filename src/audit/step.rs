//! One entry of the trail, read: what it says happened to a row, and how the row is called afterwards.
//!
//! Knows nothing of column types: values are JSON, and numbers keep their text.

use serde_json::{Map, Value};

use super::replay::ReplayError;

/// Columns of a row with their values, as the trail writes them.
pub type Image = Map<String, Value>;

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The row came to be.
    Insert,
    /// Some of its columns changed.
    Update,
    /// The row ceased to be.
    Delete,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Insert, Self::Update, Self::Delete];

    /// The word in the column `action`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The action of this [`Self::name`].
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// An entry with its images parsed and their presence checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The row came to be.
    Insert {
        /// All columns.
        new: Image,
    },
    /// Some columns changed.
    Update {
        /// The key and the changed columns, before.
        old: Image,
        /// The same columns, after.
        new: Image,
    },
    /// The row ceased to be.
    Delete {
        /// All columns.
        old: Image,
    },
}

impl Step {
    /// Reads the columns `action`, `old_value` and `new_value` of an entry.
    ///
    /// # Errors
    /// [`ReplayError::Malformed`] when they are not what a trigger writes.
    pub fn read(action: &str, old: Option<&str>, new: Option<&str>) -> Result<Self, ReplayError> {
        let image = |text: &str| {
            serde_json::from_str::<Image>(text)
                .map_err(|_| ReplayError::Malformed("a value is no JSON object"))
        };
        let action = Action::of_name(action)
            .ok_or(ReplayError::Malformed("it has an action that there is not"))?;
        match (action, old, new) {
            (Action::Insert, None, Some(new)) => Ok(Self::Insert { new: image(new)? }),
            (Action::Delete, Some(old), None) => Ok(Self::Delete { old: image(old)? }),
            (Action::Update, Some(old), Some(new)) => {
                let (old, new) = (image(old)?, image(new)?);
                let same_columns =
                    old.len() == new.len() && old.keys().all(|column| new.contains_key(column));
                if same_columns {
                    Ok(Self::Update { old, new })
                } else {
                    let what = "the columns before and after are not the same";
                    Err(ReplayError::Malformed(what))
                }
            }
            (Action::Insert | Action::Delete | Action::Update, _, _) => Err(
                ReplayError::Malformed("a value is missing, or is there that should not be"),
            ),
        }
    }

    /// The id that the row has afterwards, given the one before and the names of the primary key's columns in key
    /// order; `None` when the row keeps its id, or is no more.
    #[must_use]
    pub fn new_record_id(&self, key: &[&str]) -> Option<String> {
        match self {
            Self::Insert { .. } | Self::Delete { .. } => None,
            Self::Update { old, new } => {
                let moved = key.iter().any(|&column| old.get(column) != new.get(column));
                moved.then(|| record_id(new, key))
            }
        }
    }

    /// The columns that make `record_id`, found by their values: for tables whose key nobody knows any more. Images of
    /// an UPDATE begin with the key, which settles most of what is ambiguous. `None` if nothing fits.
    #[must_use]
    pub fn key(&self, record_id: &str) -> Option<Vec<&str>> {
        let image = match self {
            Self::Insert { new: image }
            | Self::Update { old: image, .. }
            | Self::Delete { old: image } => image,
        };
        columns_of(image, &[record_id.to_owned()]).or_else(|| {
            let parts: Vec<String> = serde_json::from_str(record_id).ok()?;
            columns_of(image, &parts)
        })
    }
}

fn columns_of<'i>(image: &'i Image, parts: &[String]) -> Option<Vec<&'i str>> {
    let mut found: Vec<&str> = Vec::with_capacity(parts.len());
    for part in parts {
        let fits = |column: &&str| !found.contains(column) && key_text(&image[*column]) == *part;
        let column = image.keys().map(String::as_str).find(fits)?;
        found.push(column);
    }
    Some(found)
}

/// The record id of a row: the text of its key, several columns as a JSON array of texts.
#[must_use]
pub fn record_id(image: &Image, key: &[&str]) -> String {
    let text = |column: &&str| image.get(*column).map(key_text).unwrap_or_default();
    match key {
        [column] => text(column),
        columns => Value::from(columns.iter().map(text).collect::<Vec<_>>()).to_string(),
    }
}

/// How the trail writes a key of several columns that somebody wrote as another JSON array: with blanks, or with numbers
/// as such. `None` for what is no such key, or written like that already.
#[must_use]
pub fn rewritten_record_id(record_id: &str) -> Option<String> {
    let parts: Vec<Value> = serde_json::from_str(record_id).ok()?;
    let is_key = |part: &Value| part.is_string() || part.is_number();
    if parts.len() < 2 || !parts.iter().all(is_key) {
        return None;
    }
    let rewritten = Value::from(parts.iter().map(key_text).collect::<Vec<_>>()).to_string();
    (rewritten != record_id).then_some(rewritten)
}

/// What the databases give for `CAST(column AS TEXT)`. Reals are the exception, which make poor keys: their images have
/// seventeen digits, and the shortest text that means the same is what comes closest to the databases'.
fn key_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |real| format!("{real:?}")),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(old: &str, new: &str) -> Step {
        Step::read("UPDATE", Some(old), Some(new)).expect("an update")
    }

    #[test]
    fn what_no_trigger_writes_is_refused() {
        let whole = Some(r#"{"id":1}"#);
        for (action, old, new) in [
            ("INSERT", None, None),
            ("INSERT", whole, whole),
            ("DELETE", None, whole),
            ("UPDATE", whole, None),
            ("UPDATE", whole, Some(r#"{"id":1,"a":2}"#)),
            ("UPDATE", whole, Some(r#"{"a":2}"#)),
            ("INSERT", None, Some("[1]")),
            ("INSERT", None, Some("{")),
            ("TRUNCATE", None, None),
        ] {
            let read = Step::read(action, old, new);
            assert!(
                matches!(read, Err(ReplayError::Malformed(_))),
                "{action} {old:?}"
            );
        }
    }

    #[test]
    fn a_row_keeps_its_id_unless_its_key_changes() {
        let step = update(r#"{"id":7,"n":7}"#, r#"{"id":7,"n":8}"#);
        assert_eq!(step.new_record_id(&["id"]), None);
        let step = update(r#"{"id":7,"n":7}"#, r#"{"id":9,"n":8}"#);
        assert_eq!(step.new_record_id(&["id"]).as_deref(), Some("9"));
        let step = update(r#"{"a":"x","b":1}"#, r#"{"a":"x","b":2}"#);
        let moved = step.new_record_id(&["a", "b"]);
        assert_eq!(moved.as_deref(), Some(r#"["x","2"]"#));
        let step = update(
            r#"{"r":0.10000000000000001}"#,
            r#"{"r":0.29999999999999999}"#,
        );
        assert_eq!(step.new_record_id(&["r"]).as_deref(), Some("0.3"));
        let rewritten = rewritten_record_id(r#"[ "harbour", 7, "\u6c49" ]"#);
        assert_eq!(rewritten.as_deref(), Some(r#"["harbour","7","汉"]"#));
        for text in [
            r#"["harbour","7"]"#,
            r#"[ "one" ]"#,
            "[1, null]",
            "7",
            "[",
            "",
        ] {
            assert_eq!(rewritten_record_id(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_is_found_by_its_values() {
        let step = update(r#"{"id":7,"n":7}"#, r#"{"id":7,"n":8}"#);
        assert_eq!(step.key("7"), Some(vec!["id"]));
        let step = update(r#"{"a":"x","b":"x","n":1}"#, r#"{"a":"x","b":"x","n":2}"#);
        assert_eq!(step.key(r#"["x","x"]"#), Some(vec!["a", "b"]));
        assert_eq!(step.key("y"), None);
        // A text that looks like the key of two columns is one.
        let step = update(r#"{"t":"[\"x\"]","n":"x"}"#, r#"{"t":"[\"x\"]","n":"y"}"#);
        assert_eq!(step.key(r#"["x"]"#), Some(vec!["t"]));
    }
}
