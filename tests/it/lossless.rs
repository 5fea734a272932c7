//! Checks that every scalar of every file is in the database, without using the layout or the library.
//!
//! Each scalar of a document belongs to the row whose origin encloses it most closely. All scalars that belong to a row
//! must be among its values, in columns of their own or inside JSON columns, as often as they occur in the file. A
//! string that was converted to a timestamp counts if it is the same time in UTC, or if the ledger has the original
//! text. Null is the absence of a value, both in a file and in a column.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::DateTime;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;

use crate::json;
use crate::rows::{self, of, text};

/// The values of a row, and how often each occurs.
#[derive(Default)]
struct Values(BTreeMap<String, usize>);

impl Values {
    fn add(&mut self, key: String) {
        *self.0.entry(key).or_default() += 1;
    }

    /// Removes the first of these values that exists.
    fn take(&mut self, keys: &[String]) -> bool {
        for key in keys {
            if let Some(count) = self.0.get_mut(key).filter(|count| **count > 0) {
                *count -= 1;
                return true;
            }
        }
        false
    }
}

/// Finds every scalar of every JSON file below `directory` in the database; returns the number of scalars.
#[track_caller]
pub(crate) fn assert_lossless(directory: &Path, connection: &Connection) -> usize {
    let mut origins: BTreeMap<String, BTreeMap<String, Values>> = BTreeMap::new();
    for table in rows::application_tables(connection) {
        let conversions = conversions(connection, &table);
        let by_id = rows_by_id(connection, &table);
        let sources = rows::query(
            connection,
            &format!(
                "SELECT path, pointer, record_id FROM row_sources JOIN source_files ON source_files.id = source_file_id WHERE table_name = {}",
                quoted(&table, '\'')
            ),
        );
        for source in sources {
            let id = text(of(&source, "record_id"));
            let row = by_id
                .get(&id)
                .unwrap_or_else(|| panic!("`{table}` has no row {id}"));
            let values = origins
                .entry(text(of(&source, "path")))
                .or_default()
                .entry(text(of(&source, "pointer")))
                .or_default();
            row.iter().for_each(|key| values.add(key.clone()));
            for converted in conversions.get(&id).into_iter().flatten() {
                values.add(format!("converted {converted}"));
            }
        }
    }
    let mut scalars = 0;
    for entry in walkdir::WalkDir::new(directory).sort_by_file_name() {
        let entry = entry.expect("an entry");
        let path = entry.path().strip_prefix(directory).expect("below");
        let path = path.to_str().expect("UTF-8").to_owned();
        if !entry.file_type().is_file()
            || ![".json", ".jsonl", ".ndjson"]
                .iter()
                .any(|end| path.ends_with(end))
        {
            continue;
        }
        let content = std::fs::read_to_string(entry.path()).expect("read");
        let nothing = BTreeMap::new();
        let mut origins = origins.remove(&path).unwrap_or(nothing);
        if path.ends_with(".jsonl") || path.ends_with(".ndjson") {
            let lines = content.lines().filter(|line| !line.trim().is_empty());
            for (index, line) in lines.enumerate() {
                scalars += find(
                    &json::parse(line),
                    &mut format!("/{index}"),
                    &mut origins,
                    &path,
                );
            }
        } else {
            scalars += find(
                &json::parse(&content),
                &mut String::new(),
                &mut origins,
                &path,
            );
        }
    }
    scalars
}

/// Removes every scalar of `value`, which is at `pointer`, from the row it belongs to.
#[track_caller]
fn find(
    value: &Value,
    pointer: &mut String,
    origins: &mut BTreeMap<String, Values>,
    path: &str,
) -> usize {
    let length = pointer.len();
    let mut inner = |token: &str, value: &Value| {
        pointer.push('/');
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        let found = find(value, pointer, origins, path);
        pointer.truncate(length);
        found
    };
    match value {
        Value::Null => 0,
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| inner(&index.to_string(), item))
            .sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| inner(name, member))
            .sum(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let mut at = pointer.as_str();
            let row = loop {
                if origins.contains_key(at) {
                    break at.to_owned();
                }
                match at.rfind('/') {
                    Some(slash) => at = &at[..slash],
                    None => panic!("{path}: no row holds the value at `{pointer}`"),
                }
            };
            let values = origins.get_mut(&row).expect("just found");
            let found = values.take(&wanted(value));
            assert!(
                found,
                "{path}: the value at `{pointer}` is not in its row `{row}`: {value}"
            );
            1
        }
    }
}

/// Returns the possible stored forms of a scalar, the most likely first.
fn wanted(value: &Value) -> Vec<String> {
    match value {
        Value::Bool(value) => vec![
            format!("json {value}"),
            decimal(&u8::from(*value).to_string()),
        ],
        Value::Number(number) => vec![decimal(&number.to_string())],
        Value::String(text) => {
            let mut keys = vec![format!("text {text}"), format!("converted {text}")];
            // Without a conversion in the ledger, only a UTC timestamp may have changed its form.
            if let Ok(timestamp) = DateTime::parse_from_rfc3339(text)
                && timestamp.offset().local_minus_utc() == 0
            {
                let micros = timestamp.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ");
                keys.push(format!("text {micros}"));
            }
            keys
        }
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

/// Adds the value of a column in the form that [`wanted`] returns.
fn column(value: &Stored, keys: &mut Vec<String>) {
    match value {
        Stored::Null => {}
        Stored::Integer(value) => keys.push(decimal(&value.to_string())),
        Stored::Real(value) => keys.push(decimal(&format!("{value:?}"))),
        Stored::Text(text) => keys.push(format!("text {text}")),
        Stored::Blob(_) => panic!("no file holds a BLOB"),
    }
}

/// Adds the scalars in a JSON column.
fn inside(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(value) => keys.push(format!("json {value}")),
        Value::Number(number) => keys.push(decimal(&number.to_string())),
        Value::String(text) => keys.push(format!("text {text}")),
        Value::Array(items) => items.iter().for_each(|item| inside(item, keys)),
        Value::Object(members) => members.values().for_each(|member| inside(member, keys)),
    }
}

/// The values of each row, by record ID.
type Rows = BTreeMap<String, Vec<String>>;

/// Returns the rows of a table by record ID. Its declaration shows which columns are JSON.
fn rows_by_id(connection: &Connection, table: &str) -> Rows {
    let columns = rows::query(
        connection,
        &format!(
            "SELECT name, pk FROM pragma_table_info({}) ORDER BY pk",
            quoted(table, '\'')
        ),
    );
    let keys: Vec<String> = columns
        .iter()
        .filter(|column| *of(column, "pk") != Stored::Integer(0))
        .map(|column| text(of(column, "name")))
        .collect();
    let sql: String = rows::value(
        connection,
        &format!(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {}",
            quoted(table, '\'')
        ),
    );
    let is_json = |name: &str| sql.contains(&format!("json_valid({})", quoted(name, '"')));
    let all = rows::query(connection, &format!("SELECT * FROM {}", quoted(table, '"')));
    all.into_iter()
        .map(|row| {
            let parts: Vec<String> = keys.iter().map(|key| key_text(of(&row, key))).collect();
            let id = match &parts[..] {
                [one] => one.clone(),
                several => serde_json::json!(several).to_string(),
            };
            let mut held = Vec::new();
            for (name, value) in &row {
                match value {
                    Stored::Text(text) if is_json(name) => inside(&json::parse(text), &mut held),
                    _ => column(value, &mut held),
                }
            }
            (id, held)
        })
        .collect()
}

/// Returns, for each record ID, the original texts of converted values.
fn conversions(connection: &Connection, table: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let query = format!(
        "SELECT record_id, source_text FROM conversions WHERE table_name = {}",
        quoted(table, '\'')
    );
    for row in rows::query(connection, &query) {
        found
            .entry(text(of(&row, "record_id")))
            .or_default()
            .push(text(of(&row, "source_text")));
    }
    found
}

fn key_text(value: &Stored) -> String {
    match value {
        Stored::Integer(value) => value.to_string(),
        Stored::Text(text) => text.clone(),
        other => panic!("not a key: {other:?}"),
    }
}

fn quoted(name: &str, quote: char) -> String {
    format!(
        "{quote}{}{quote}",
        name.replace(quote, &format!("{quote}{quote}"))
    )
}

/// Normalizes a number: equal numbers give equal text, no matter how they are written.
fn decimal(text: &str) -> String {
    let (sign, unsigned) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent: i64 = exponent
        .trim_start_matches('+')
        .parse()
        .expect("a small exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let shorter = digits.trim_end_matches('0');
    let exponent = exponent - i64::try_from(fraction.len()).expect("short")
        + i64::try_from(digits.len() - shorter.len()).expect("short");
    match shorter.trim_start_matches('0') {
        "" => "number 0".to_owned(),
        digits => format!("number {sign}{digits}e{exponent}"),
    }
}

#[test]
fn numbers_are_compared_by_their_value() {
    for (a, b) in [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0", "-0.0"),
        ("12.50", "125e-1"),
    ] {
        assert_eq!(decimal(a), decimal(b));
    }
    assert_ne!(decimal("1"), decimal("10"));
}
