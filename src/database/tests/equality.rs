//! The same changes on all databases give the same entries.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::model::{ColumnType, Table, Timestamp, Value};

use super::client::{self, Client};
use super::entries::{self, Entry};
use super::everything::{day, everything, family, instant, make};

/// One statement, in the SQL of each database.
enum Change {
    Insert(Vec<Value>),
    Update(i64, Vec<(usize, Value)>),
    Delete(i64),
}

fn sql(client: &Client, table: &Table, change: &Change) -> String {
    let name = client.identifier(&table.name);
    let column = |index: usize| client.identifier(&table.columns[index].name);
    match change {
        Change::Insert(values) => {
            let columns: Vec<_> = (0..values.len()).map(column).collect();
            let values: Vec<_> = values.iter().map(|value| client.literal(value)).collect();
            format!(
                "INSERT INTO {name} ({}) VALUES ({})",
                columns.join(", "),
                values.join(", ")
            )
        }
        Change::Update(key, set) => {
            let set: Vec<_> = set
                .iter()
                .map(|(index, value)| format!("{} = {}", column(*index), client.literal(value)))
                .collect();
            format!(
                "UPDATE {name} SET {} WHERE {} = {key}",
                set.join(", "),
                column(0)
            )
        }
        Change::Delete(key) => format!("DELETE FROM {name} WHERE {} = {key}", column(0)),
    }
}

/// Makes the changes on every database, and returns the entries, which must be equal.
#[track_caller]
fn same_everywhere(changes: &[Change]) -> Vec<Entry> {
    let table = everything();
    let mut first: Option<Vec<Entry>> = None;
    for client in client::all() {
        make(&client, std::slice::from_ref(&table));
        let statements: Vec<_> = changes
            .iter()
            .map(|change| sql(&client, &table, change))
            .collect();
        client.execute(&format!("{};", statements.join(";\n")));
        let entries = entries::of(&client);
        match &first {
            None => first = Some(entries),
            Some(first) => {
                for (expected, found) in first.iter().zip(&entries) {
                    assert_eq!(expected, found, "{:?}", client.kind);
                }
                assert_eq!(first.len(), entries.len(), "{:?}", client.kind);
            }
        }
    }
    first.expect("SQLite at least")
}

fn row(id: i64) -> Vec<Value> {
    vec![
        Value::Integer(id),
        Value::text("text"),
        Value::text("short"),
        Value::Integer(i64::MAX),
        Value::Real(0.1 + 0.2),
        Value::Boolean(true),
        Value::Json(r#"{"b": [1, 2.50, null, "x"], "a": {}}"#.into()),
        Value::Timestamp(instant("2024-05-01T10:00:00.000001Z")),
        Value::Date(day("2024-05-01")),
        Value::Uuid(Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)),
        Value::Blob(Arc::new([0, 1, 0xfe, 0xff])),
        Value::text("名"),
    ]
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn every_type_is_written_alike() {
    let nulls = std::iter::once(Value::Integer(2)).chain(std::iter::repeat_n(Value::Null, 11));
    let set: Vec<_> = row(1).into_iter().enumerate().skip(1).collect();
    let unset = (1..12).map(|column| (column, Value::Null)).collect();
    let entries = same_everywhere(&[
        Change::Insert(row(1)),
        Change::Insert(nulls.collect()),
        Change::Update(2, set),
        Change::Update(1, unset),
        Change::Delete(1),
        Change::Delete(2),
        Change::Delete(3),
    ]);
    let summaries: Vec<_> = entries.iter().map(Entry::summary).collect();
    assert_eq!(
        summaries,
        [
            "INSERT every \"thing' 1",
            "INSERT every \"thing' 2",
            "UPDATE every \"thing' 2",
            "UPDATE every \"thing' 1",
            "DELETE every \"thing' 1",
            "DELETE every \"thing' 2",
        ]
    );
    assert!(entries.iter().all(|entry| entry.by == "external"));
    let new = entries[0].new.as_ref().expect("an image");
    assert_eq!(new["boolean"], true);
    assert_eq!(new["instant"], "2024-05-01T10:00:00.000001Z");
    assert_eq!(new["blob"]["$blob"], "0001FEFF");
    assert_eq!(new["json"], r#"{"a":{},"b":[1,25e-1,null,"x"]}"#);
    let names: Vec<_> = new.keys().map(String::as_str).collect();
    let columns = everything().columns;
    assert_eq!(
        names,
        columns
            .iter()
            .map(|column| column.name.as_str())
            .collect::<Vec<_>>()
    );
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn an_update_has_the_key_and_what_changed() {
    let entries = same_everywhere(&[
        Change::Insert(row(1)),
        Change::Update(
            1,
            vec![(5, Value::Boolean(false)), (2, Value::text("short"))],
        ),
        // Nothing changes: no entry.
        Change::Update(1, row(1).into_iter().enumerate().take(5).collect()),
        Change::Update(1, vec![(1, Value::text("TEXT"))]),
        Change::Update(1, vec![(1, Value::text("TEXT "))]),
        Change::Update(1, vec![(1, Value::text(""))]),
        Change::Update(1, vec![(1, Value::Null)]),
        Change::Update(1, vec![(0, Value::Integer(9))]),
    ]);
    let image = |entry: &Entry| {
        let text = |side: &Option<_>| serde_json::to_string(side).expect("JSON");
        format!(
            "{} {} {}",
            entry.record_id,
            text(&entry.old),
            text(&entry.new)
        )
    };
    let images: Vec<_> = entries[1..].iter().map(image).collect();
    assert_eq!(
        images,
        [
            r#"1 {"id":1,"boolean":true} {"id":1,"boolean":false}"#,
            r#"1 {"id":1,"text":"text"} {"id":1,"text":"TEXT"}"#,
            r#"1 {"id":1,"text":"TEXT"} {"id":1,"text":"TEXT "}"#,
            r#"1 {"id":1,"text":"TEXT "} {"id":1,"text":""}"#,
            r#"1 {"id":1,"text":""} {"id":1,"text":null}"#,
            r#"1 {"id":1} {"id":9}"#,
        ]
    );
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn defaults_are_the_same() {
    let entries = same_everywhere(&[Change::Insert(vec![Value::Integer(5)])]);
    let new = entries[0].new.as_ref().expect("an image");
    assert_eq!(new["text"], "it's \\ \"so\"");
    assert_eq!(new["instant"], "2024-02-29T23:59:59.999999Z");
    assert_eq!(new["json"], r#"{"a":"\\"}"#);
    assert_eq!(new["blob"]["$blob"], "00FF");
}

/// A value of any type, including edge cases.
fn any_value(ty: ColumnType) -> BoxedStrategy<Value> {
    let value = match ty {
        ColumnType::Text { max_chars } => {
            let most = max_chars.map_or(80, |chars| chars as usize);
            let hard = prop::sample::select(vec![
                "",
                "'",
                "\"",
                "\\",
                "\\n",
                "\n",
                "\u{1}\u{1f}\u{7f}",
                "null",
                "NULL",
                "苹果 🍎",
                "a\u{301}",
                "%s",
                "${}",
                "\u{2028}",
                " x ",
                "\u{fffd}",
                "{\"$blob\":\"00\"}",
            ]);
            let any = prop::collection::vec(any::<char>(), 0..most).prop_map(|chars| {
                chars
                    .into_iter()
                    .filter(|char| *char != '\0')
                    .collect::<String>()
            });
            prop_oneof![hard.prop_map(str::to_owned), any]
                .prop_map(Value::text)
                .boxed()
        }
        ColumnType::Integer => any::<i64>().prop_map(Value::Integer).boxed(),
        ColumnType::Real => any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::Real)
            .boxed(),
        ColumnType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        ColumnType::Json => prop::collection::vec(any::<(f32, bool)>(), 0..4)
            .prop_map(|items| serde_json::json!({"items": items, "text": "\u{1}\\\"名"}))
            .prop_map(|json| Value::Json(json.to_string().into()))
            .boxed(),
        // From the year 1000, where MySQL begins, to 9999.
        ColumnType::Timestamp => (-30_610_224_000_000_000_i64..=253_402_300_799_999_999)
            .prop_map(|micros| Timestamp::from_micros(micros).expect("a year"))
            .prop_map(Value::Timestamp)
            .boxed(),
        ColumnType::Date => (-354_000_i32..=2_932_896)
            .prop_map(|days| chrono::NaiveDate::from_epoch_days(days).expect("a day"))
            .prop_map(Value::Date)
            .boxed(),
        ColumnType::Uuid => any::<u128>()
            .prop_map(Uuid::from_u128)
            .prop_map(Value::Uuid)
            .boxed(),
        ColumnType::Blob => prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| Value::Blob(bytes.into()))
            .boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 6 => value].boxed()
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn any_values_are_written_alike() {
    let table = everything();
    let mut runner = TestRunner::deterministic();
    let mut value = |ty| {
        any_value(ty)
            .new_tree(&mut runner)
            .expect("a value")
            .current()
    };
    let mut changes = Vec::new();
    for id in 1..=120 {
        let others: Vec<_> = table.columns[1..]
            .iter()
            .map(|column| value(column.ty))
            .collect();
        let row = std::iter::once(Value::Integer(id)).chain(others);
        changes.push(Change::Insert(row.collect()));
        let set = table.columns.iter().enumerate().skip(1);
        let set = set
            .map(|(index, column)| (index, value(column.ty)))
            .collect();
        changes.push(Change::Update(id, set));
    }
    changes.extend((1..=120).map(Change::Delete));
    assert_eq!(same_everywhere(&changes).len(), 360);
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn what_happens_to_children_is_recorded_everywhere() {
    for client in client::all() {
        make(&client, &family());
        client.execute(
            "INSERT INTO parents VALUES ('a', 'A'), ('a ', 'blank'), ('b', 'B');
             INSERT INTO children (id, parent_id) VALUES (1, 'a'), (2, 'a'), (3, 'a ');
             INSERT INTO friends VALUES (1, 'a'), (2, 'b');
             DELETE FROM parents WHERE id = 'a';",
        );
        let mut found = entries::summaries(&client).split_off(8);
        found.sort();
        assert_eq!(
            found,
            [
                "DELETE children 1",
                "DELETE children 2",
                "DELETE parents a",
                "UPDATE friends 1"
            ],
            "{:?}",
            client.kind
        );
        let left = client.rows(&["id", "parent_id"], "children");
        assert_eq!(
            left,
            [[Some("3".to_owned()), Some("a ".to_owned())]],
            "{:?}",
            client.kind
        );
    }
}

#[test]
#[ignore = "needs servers: scripts/test"]
fn rows_of_one_statement_are_recorded_in_their_order() {
    for client in client::all() {
        make(&client, &family());
        client.execute("INSERT INTO parents (id) VALUES ('c'), ('a'), ('b'); UPDATE parents SET name = 'x'; DELETE FROM parents;");
        let found = entries::summaries(&client);
        assert_eq!(
            found[..3],
            ["INSERT parents c", "INSERT parents a", "INSERT parents b"]
        );
        assert_eq!(found.len(), 9, "{found:?}");
    }
}
