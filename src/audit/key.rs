//! The key of a table's rows, and the record id that the triggers of an engine write for it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::model::{RecordId, Table};

use super::image::{Image, is_real, same_value};

/// How the triggers of an engine write keys as record ids, as far as engines differ.
#[derive(Debug, Clone, Copy)]
pub struct KeyRule {
    /// The text of a real, given its number in an image, which `serde_json` writes with the sign of the exponent, or
    /// the name of an infinity or NaN.
    pub real: fn(&str) -> String,
    /// Whether several rows can have the same record id, because values have types of their own, and keys can be NULL.
    pub has_namesakes: bool,
}

/// The columns of a primary key, in key order.
#[derive(Debug, Clone)]
pub struct Key<'k> {
    columns: Vec<&'k str>,
    rule: KeyRule,
}

impl<'k> Key<'k> {
    /// The key with these columns.
    #[must_use]
    pub fn of(columns: Vec<&'k str>, rule: KeyRule) -> Self {
        Self { columns, rule }
    }

    /// The primary key of a table.
    #[must_use]
    pub fn of_table(table: &'k Table, rule: KeyRule) -> Self {
        let columns = table.primary_key.iter();
        let columns = columns.map(|&column| table.columns[column].name.as_str());
        Self::of(columns.collect(), rule)
    }

    /// The columns whose values form `record_id`, for tables whose key is unknown. Images of an UPDATE begin with the
    /// key, which resolves most ambiguities. `None` if no columns match.
    #[must_use]
    pub fn find(image: &'k Image, record_id: &str, rule: KeyRule) -> Option<Self> {
        columns_of(image, &[record_id.to_owned()], rule)
            .or_else(|| {
                let parts: Vec<String> = serde_json::from_str(record_id).ok()?;
                columns_of(image, &parts, rule)
            })
            .map(|columns| Self { columns, rule })
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[&'k str] {
        &self.columns
    }

    /// The record id of a row: the text of its key; several columns as a JSON array of strings.
    #[must_use]
    pub fn record_id(&self, image: &Image) -> RecordId {
        let text = |column: &&str| {
            let value = image.get(*column);
            value.map_or(Cow::Borrowed(""), |value| key_text(value, self.rule.real))
        };
        RecordId::from(match &self.columns[..] {
            [column] => text(column).into_owned(),
            columns => Value::from(columns.iter().map(text).collect::<Vec<_>>()).to_string(),
        })
    }

    /// The record id after an UPDATE of the row `record_id`, if its key changed. The key is that of the time of the
    /// entry, which is another one if another program changed the table's primary key since.
    #[must_use]
    pub fn moved(&self, record_id: &str, old: &Image, new: &Image) -> Option<RecordId> {
        let names = old.keys().map(String::as_str);
        match self.is_of_entry(record_id, names, old) {
            true => self.changed(old, new),
            false => Key::find(old, record_id, self.rule)?.changed(old, new),
        }
    }

    /// The same for images as text, of which only the key is kept.
    #[must_use]
    pub fn moved_in(&self, record_id: &str, old: &str, new: &str) -> Option<RecordId> {
        let (key, names) = self.of_text(old)?;
        let names = names.iter().map(String::as_str);
        match self.is_of_entry(record_id, names, &key) {
            true => self.changed(&key, &self.of_text(new)?.0),
            false => {
                let [old, new] = [old, new].map(|image| serde_json::from_str::<Image>(image).ok());
                self.moved(record_id, &old?, &new?)
            }
        }
    }

    /// Whether an image has all columns of the key, and they form this record id.
    #[must_use]
    pub fn is_of_row(&self, record_id: &str, image: &Image) -> bool {
        self.is_in(image) && *self.record_id(image) == *record_id
    }

    /// Whether an image with all columns of the key is of a row that had this id when the table had another key.
    #[must_use]
    pub fn is_of_other_row(&self, record_id: &str, image: &Image) -> bool {
        self.is_in(image)
            && *self.record_id(image) != *record_id
            && Key::find(image, record_id, self.rule).is_some()
    }

    fn is_in(&self, image: &Image) -> bool {
        let mut columns = self.columns.iter();
        columns.all(|&column| image.contains_key(column))
    }

    /// Whether the table had this key when an UPDATE was recorded: images begin with the key.
    fn is_of_entry<'i>(
        &self,
        record_id: &str,
        mut names: impl Iterator<Item = &'i str>,
        key: &Image,
    ) -> bool {
        let mut columns = self.columns.iter();
        columns.all(|&column| names.next() == Some(column)) && *self.record_id(key) == *record_id
    }

    fn changed(&self, old: &Image, new: &Image) -> Option<RecordId> {
        let mut columns = self.columns.iter();
        let moved = columns.any(|&column| old.get(column) != new.get(column));
        moved.then(|| self.record_id(new))
    }

    /// The columns of the key in the text of an image, and the names of as many of its first columns; nothing else is
    /// kept. `None` if it is not an image.
    fn of_text(&self, image: &str) -> Option<(Image, Vec<String>)> {
        let mut json = serde_json::Deserializer::from_str(image);
        let found = json.deserialize_map(Columns(&self.columns)).ok()?;
        json.end().ok()?;
        Some(found)
    }

    /// Whether the key of a row has NULL, so that other rows can have the same one.
    #[must_use]
    pub fn has_null(&self, image: &Image) -> bool {
        let is_null = |&column: &&str| image.get(column).is_some_and(Value::is_null);
        self.rule.has_namesakes && self.columns.iter().any(is_null)
    }

    /// The same for an image as text, which is parsed only if the record id has an empty part, as that of a NULL.
    #[must_use]
    pub fn has_null_in(&self, record_id: &str, image: &str) -> bool {
        let may_have = record_id.is_empty() || record_id.contains("\"\"");
        self.rule.has_namesakes
            && may_have
            && self
                .of_text(image)
                .is_some_and(|(image, _)| self.has_null(&image))
    }

    /// Whether two images with the same record id are of one row, as far as they have the key.
    #[must_use]
    pub fn is_same_row(&self, one: &Image, other: &Image) -> bool {
        let same = |&column: &&str| match (one.get(column), other.get(column)) {
            (Some(one), Some(other)) => same_value(one, other),
            (_, _) => true,
        };
        !self.rule.has_namesakes || self.columns.iter().all(same)
    }
}

fn columns_of<'i>(image: &'i Image, parts: &[String], rule: KeyRule) -> Option<Vec<&'i str>> {
    let mut found: Vec<&str> = Vec::with_capacity(parts.len());
    for part in parts {
        let fits = |column: &&str| {
            !found.contains(column) && key_text(&image[*column], rule.real) == *part
        };
        let column = image.keys().map(String::as_str).find(fits)?;
        found.push(column);
    }
    Some(found)
}

/// The record ids that the ledger may have for a row that the triggers call `record_id`: it writes a real with all its
/// digits and without an exponent, to find the row by it, and a zero with its sign.
#[must_use]
pub fn imported_record_ids(image: &Image, record_id: &str, rule: KeyRule) -> Vec<RecordId> {
    let Some(key) = Key::find(image, record_id, rule) else {
        return Vec::new();
    };
    let text = |column: &&str, zero: &str| match image.get(*column) {
        // Also without a fraction: MariaDB prints -0 as 0.
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => zero.to_owned(),
        Some(Value::Number(number)) if is_real(&number.to_string()) => {
            let real = number.as_f64();
            real.map_or_else(String::new, |real| real.to_string())
        }
        value => value.map_or_else(String::new, |value| key_text(value, rule.real).into_owned()),
    };
    let ids = ["0", "-0"].map(|zero| match &key.columns[..] {
        [column] => text(column, zero),
        columns => {
            let texts = columns.iter().map(|column| text(column, zero));
            Value::from(texts.collect::<Vec<_>>()).to_string()
        }
    });
    let mut ids = ids.map(RecordId::from).to_vec();
    ids.dedup();
    ids.retain(|id| **id != *record_id);
    ids
}

/// Normalizes a key of several columns that a user wrote as another JSON array, with blanks or with plain numbers, to
/// the form in the audit log. `None` if it is not such a key, or already in that form.
#[must_use]
pub fn rewritten_record_id(record_id: &str) -> Option<String> {
    let parts: Vec<Value> = serde_json::from_str(record_id).ok()?;
    let is_key = |part: &Value| part.is_string() || part.is_number();
    if parts.len() < 2 || !parts.iter().all(is_key) {
        return None;
    }
    let texts = parts.iter().map(|part| key_text(part, str::to_owned));
    let rewritten = Value::from(texts.collect::<Vec<_>>()).to_string();
    (rewritten != record_id).then_some(rewritten)
}

/// The text of a value of a key. Booleans are numbers and BLOBs hexadecimal, on every engine.
pub(super) fn key_text(value: &Value, real: fn(&str) -> String) -> Cow<'_, str> {
    Cow::Owned(match value {
        Value::Null => String::new(),
        Value::Bool(truth) => u8::from(*truth).to_string(),
        Value::String(text) => return Cow::Borrowed(text),
        Value::Number(number) => {
            let text = number.to_string();
            if is_real(&text) { real(&text) } else { text }
        }
        Value::Object(object) => match (object.len(), object.iter().next()) {
            (1, Some((kind, Value::String(hexadecimal)))) if kind == "$blob" => {
                return Cow::Borrowed(hexadecimal);
            }
            (1, Some((kind, Value::String(name)))) if kind == "$real" => real(name),
            (_, _) => value.to_string(),
        },
        Value::Array(_) => value.to_string(),
    })
}

/// Reads these members of an object.
struct Columns<'k>(&'k [&'k str]);

impl<'de> Visitor<'de> for Columns<'_> {
    type Value = (Image, Vec<String>);

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut first) = (Image::new(), Vec::with_capacity(self.0.len()));
        while let Some(column) = members.next_key::<String>()? {
            if first.len() < self.0.len() {
                first.push(column.clone());
            }
            if self.0.contains(&column.as_str()) {
                found.insert(column, members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok((found, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: KeyRule = KeyRule {
        real: str::to_owned,
        has_namesakes: true,
    };

    fn image(text: &str) -> Image {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn the_ledger_has_all_digits_of_a_real() {
        let image = |text: &str| serde_json::from_str::<Image>(text).expect("an image");
        let ids = |text: &str, id: &str| {
            let ids = imported_record_ids(&image(text), id, RULE).into_iter();
            ids.map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(ids(r#"{"id":1.0,"v":2}"#, "1.0"), ["1"]);
        assert_eq!(ids(r#"{"id":1e+15}"#, "1e+15"), ["1000000000000000"]);
        assert_eq!(ids(r#"{"id":0.0}"#, "0.0"), ["0", "-0"]);
        assert_eq!(
            ids(r#"{"a":"x","b":2.50}"#, r#"["x","2.50"]"#),
            [r#"["x","2.5"]"#]
        );
        assert_eq!(ids(r#"{"id":1}"#, "1"), [""; 0]);
        assert_eq!(ids(r#"{"id":0}"#, "0"), ["-0"]);
    }

    #[test]
    fn record_id_changes_only_with_the_key() {
        let moved = |key: &[&str], record_id: &str, old: &str, new: &str| {
            let key = Key::of(key.to_vec(), RULE);
            let moved = key.moved(record_id, &image(old), &image(new));
            assert_eq!(key.moved_in(record_id, old, new), moved);
            String::from(moved.unwrap_or_default())
        };
        let (old, new) = (r#"{"id":7,"n":7}"#, r#"{"id":7,"n":8}"#);
        assert_eq!(moved(&["id"], "7", old, new), "");
        assert_eq!(moved(&["id"], "7", old, r#"{"id":9,"n":8}"#), "9");
        let (old, new) = (r#"{"a":"x","b":true}"#, r#"{"a":"x","b":false}"#);
        assert_eq!(moved(&["a", "b"], r#"["x","1"]"#, old, new), r#"["x","0"]"#);
        let real = r#"{"r":{"$real":"NaN"}}"#;
        assert_eq!(moved(&["r"], "0.25", r#"{"r":0.25}"#, real), "NaN");
        let blob = r#"{"r":{"$blob":"00FF"}}"#;
        assert_eq!(moved(&["r"], "1", r#"{"r":1}"#, blob), "00FF");
    }

    /// Another program changed the primary key after the entry was written.
    #[test]
    fn an_entry_is_read_with_the_key_of_its_time() {
        let moved = |key: &[&str], record_id: &str, old: &str, new: &str| {
            let key = Key::of(key.to_vec(), RULE);
            let moved = key.moved(record_id, &image(old), &image(new));
            assert_eq!(key.moved_in(record_id, old, new), moved);
            moved
        };
        // Columns that belong to the key now.
        let (old, new) = (r#"{"id":1,"n":1}"#, r#"{"id":1,"n":2}"#);
        for key in [&["n"][..], &["id", "n"], &["n", "id"]] {
            assert_eq!(moved(key, "1", old, new), None, "{key:?}");
        }
        // A column that belonged to it, or has another name now.
        for key in ["n", "number"] {
            let id = moved(&[key], "1", r#"{"id":1}"#, r#"{"id":2}"#);
            assert_eq!(id.as_deref(), Some("2"));
        }
        let (old, new) = (r#"{"a":"x","b":"y"}"#, r#"{"a":"x","b":"z"}"#);
        let id = moved(&["a"], r#"["x","y"]"#, old, new);
        assert_eq!(id.as_deref(), Some(r#"["x","z"]"#));
    }

    #[test]
    fn keys_that_users_write_are_normalized() {
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
    fn key_is_found_by_its_values() {
        let found = |text: &str, record_id: &str| {
            let image = image(text);
            let key = Key::find(&image, record_id, RULE)?;
            Some(key.columns().join(" "))
        };
        assert_eq!(found(r#"{"id":7,"n":7}"#, "7").as_deref(), Some("id"));
        let two = r#"{"a":"x","b":"x","n":1}"#;
        assert_eq!(found(two, r#"["x","x"]"#).as_deref(), Some("a b"));
        assert_eq!(found(two, "y"), None);
        assert_eq!(found(r#"{"n":5,"id":true}"#, "1").as_deref(), Some("id"));
        // A string that looks like a key of two columns may be one column.
        let one = r#"{"t":"[\"x\"]","n":"x"}"#;
        assert_eq!(found(one, r#"["x"]"#).as_deref(), Some("t"));
    }

    #[test]
    fn namesakes_are_distinguished_by_their_values() {
        let same = |one: &str, other: &str| {
            Key::of(vec!["k"], RULE).is_same_row(&image(one), &image(other))
        };
        assert!(same(r#"{"k":1,"v":1}"#, r#"{"k":1,"v":2}"#));
        assert!(!same(r#"{"k":1}"#, r#"{"k":"1"}"#));
        assert!(!same(r#"{"k":"31"}"#, r#"{"k":{"$blob":"31"}}"#));
        assert!(same(r#"{"k":1}"#, r#"{"v":1}"#));
    }
}
