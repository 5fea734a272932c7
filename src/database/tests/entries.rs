//! Entries of the audit log in a normal form, in which those of different databases are compared.

use serde_json::{Map, Value as Json};

use crate::model::canonical_json;

use super::client::Client;

/// An entry without its number, time and database user, which differ between databases.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) table: String,
    pub(super) record_id: String,
    pub(super) action: String,
    pub(super) old: Option<Map<String, Json>>,
    pub(super) new: Option<Map<String, Json>>,
    pub(super) by: String,
    pub(super) run: Option<String>,
    pub(super) file: Option<String>,
}

impl Entry {
    /// `INSERT table record`.
    pub(super) fn summary(&self) -> String {
        format!("{} {} {}", self.action, self.table, self.record_id)
    }
}

/// All entries in their order.
#[track_caller]
pub(super) fn of(client: &Client) -> Vec<Entry> {
    let columns = [
        "table_name",
        "record_id",
        "action",
        "old_value",
        "new_value",
        "changed_by",
        "run_id",
        "source_file_id",
        "changed_at",
    ];
    client
        .rows(&columns, "audit_log ORDER BY id")
        .into_iter()
        .map(|row| {
            let [table, record_id, action, old, new, by, run, file, at] = &row[..] else {
                panic!("{row:?}");
            };
            let text = |value: &Option<String>| value.clone().expect("not NULL");
            let at = text(at);
            let read = crate::model::Timestamp::parse(&at).expect("a timestamp");
            assert_eq!(read.timestamp.to_string(), at);
            Entry {
                table: text(table),
                record_id: text(record_id),
                action: text(action),
                old: old.as_deref().map(image),
                new: new.as_deref().map(image),
                by: text(by),
                run: run.clone(),
                file: file.clone(),
            }
        })
        .collect()
}

#[track_caller]
pub(super) fn summaries(client: &Client) -> Vec<String> {
    of(client).iter().map(Entry::summary).collect()
}

fn image(text: &str) -> Map<String, Json> {
    let parsed: Json = serde_json::from_str(text).expect(text);
    let Json::Object(members) = parsed else {
        panic!("{text}");
    };
    members
        .into_iter()
        .map(|(name, value)| {
            let value = comparable(&name, value);
            (name, value)
        })
        .collect()
}

/// Compares numbers by value and JSON columns by content.
fn comparable(name: &str, value: Json) -> Json {
    match value {
        Json::Number(number) if number.as_i64().is_none() => {
            let number: f64 = number.to_string().parse().expect("a number");
            Json::from(format!("binary64 {:016x}", (number + 0.0).to_bits()))
        }
        // 2 and 2.0 are one real.
        Json::Number(number) if name == "real" => {
            let number: f64 = number.to_string().parse().expect("a number");
            Json::from(format!("binary64 {:016x}", (number + 0.0).to_bits()))
        }
        Json::String(text) if name == "json" => Json::from(canonical_json(&text)),
        other => other,
    }
}
