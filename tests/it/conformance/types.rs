//! Round trips of every column type: the database returns the values of the files.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::on_every_database;
use super::target::Target;

on_every_database!(every_type_is_returned_unchanged);

const LAYOUT: &str = r#"
name = "types"
title = "Every type"

[[source]]
files = "records.json"
schema = "record.schema.json"

  [[source.records]]
  table = "everything"
  each = "/*"
  identity = ["/id"]
  [source.records.columns]
  id = "/id"
  t = "/t"
  v = "/v"
  i = "/i"
  r = "/r"
  b = "/b"
  j = "/j"
  at = "/at"
  d = "/d"
  u = "/u"
"#;

const TABLES: &str = "CREATE TABLE everything (id INTEGER NOT NULL PRIMARY KEY, t TEXT, v VARCHAR(40), i BIGINT, r DOUBLE, \
                      b BOOLEAN, j JSON, at TIMESTAMP WITH TIME ZONE, d DATE, u UUID);";

const SCHEMA: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array",
                         "items": {"type": "object", "required": ["id"]}}"#;

/// Generates strings without U+0000, which is a finding.
fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[^\\x00]{0,30}").expect("a pattern")
}

fn real() -> impl Strategy<Value = f64> {
    let number = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    number.prop_filter("finite", |number| number.is_finite())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|number| json!(f64::from(number) / 64.0)),
        text().prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn timestamp() -> impl Strategy<Value = String> {
    // The years 1000 to 9999, which all three databases support.
    (-30_610_224_000_i64..253_402_300_800, 0..1_000_000_u32).prop_map(|(seconds, micros)| {
        let timestamp = chrono::DateTime::from_timestamp(seconds, micros * 1000).expect("in range");
        timestamp.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    })
}

fn record() -> impl Strategy<Value = Value> {
    let some = |value: BoxedStrategy<Value>| {
        prop::option::of(value).prop_map(|value| value.unwrap_or_default())
    };
    (
        some(text().prop_map(Value::from).boxed()),
        some(text().prop_map(Value::from).boxed()),
        some(any::<i64>().prop_map(Value::from).boxed()),
        some(real().prop_map(Value::from).boxed()),
        some(any::<bool>().prop_map(Value::from).boxed()),
        some(document().boxed()),
        some(timestamp().prop_map(Value::from).boxed()),
        some(timestamp().prop_map(|at| Value::from(&at[..10])).boxed()),
        some(any::<u128>().prop_map(|id| Value::from(uuid::Uuid::from_u128(id).to_string())).boxed()),
    )
        .prop_map(|(t, v, i, r, b, j, at, d, u)| {
            json!({"t": t, "v": v, "i": i, "r": r, "b": b, "j": j, "at": at, "d": d, "u": u})
        })
}

fn every_type_is_returned_unchanged(target: Target) {
    let layout = target.workspace.root().join("types");
    std::fs::create_dir(&layout).expect("a directory");
    for (name, text) in [
        ("layout.toml", LAYOUT),
        ("tables.sql", TABLES),
        ("record.schema.json", SCHEMA),
    ] {
        std::fs::write(layout.join(name), text).expect("written");
    }
    let records = prop::collection::vec(record(), 50..150);
    let mut runner = TestRunner::new(Config {
        cases: 4,
        // The whole list is one import; smaller imports would show little more.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    });
    let ran = runner.run(&records, |mut records| {
        for (number, record) in records.iter_mut().enumerate() {
            record["id"] = json!(number + 1);
        }
        target
            .workspace
            .write("records.json", Value::from(records).to_string());
        let ended = target.import(&["--layout", "types", "--on-conflict", "take-file", "--prune"]);
        prop_assert_eq!(ended.code, Some(0), "{}", ended);
        let verified = target.run(&["verify", "legacy", "--layout", "types", "--show-values"]);
        prop_assert_eq!(verified.code, Some(0), "{}", verified);
        Ok(())
    });
    ran.expect("every record comes back");
}
