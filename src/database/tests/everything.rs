//! A table with a column of every type, its neighbours, and values that are hard to keep.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::{
    Column, ColumnType, DefaultValue, ForeignKey, Index, IndexColumn, OnDelete, Table, Timestamp,
    Value,
};

use super::client::Client;

pub(super) fn column(name: &str, ty: ColumnType) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        default: None,
    }
}

const TEXT: ColumnType = ColumnType::Text { max_chars: None };

/// A table of the columns given, the first of which is its key.
pub(super) fn table(name: &str, columns: Vec<Column>) -> Table {
    let mut table = Table {
        name: name.to_owned(),
        columns,
        primary_key: vec![0],
        autoincrement: false,
        unique: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
    };
    table.columns[0].nullable = false;
    table
}

/// One column of every type, with names that need care.
pub(super) fn everything() -> Table {
    let mut table = table(
        "every \"thing'",
        vec![
            column("id", ColumnType::Integer),
            column("text", TEXT),
            column(
                "short \\ \"name'`",
                ColumnType::Text {
                    max_chars: Some(50),
                },
            ),
            column("integer", ColumnType::Integer),
            column("real", ColumnType::Real),
            column("boolean", ColumnType::Boolean),
            column("json", ColumnType::Json),
            column("instant", ColumnType::Timestamp),
            column("day", ColumnType::Date),
            column("uuid", ColumnType::Uuid),
            column("blob", ColumnType::Blob),
            column("名", TEXT),
        ],
    );
    table.autoincrement = true;
    let defaults = [
        (1, Value::text("it's \\ \"so\"")),
        (3, Value::Integer(-7)),
        (4, Value::Real(0.1)),
        (5, Value::Boolean(true)),
        (6, Value::Json("{\"a\":\"\\\\\"}".into())),
        (7, Value::Timestamp(instant("2024-02-29T23:59:59.999999Z"))),
        (8, Value::Date(day("2024-02-29"))),
        (9, Value::Uuid(Uuid::from_u128(0xabc))),
        (10, Value::Blob(Arc::new([0, 255]))),
    ];
    for (index, value) in defaults {
        table.columns[index].default = Some(DefaultValue::Value(value));
    }
    table
}

/// Two tables whose foreign keys cascade deletions of a third table, or are set to NULL.
pub(super) fn family() -> [Table; 3] {
    let parent = table("parents", vec![column("id", TEXT), column("name", TEXT)]);
    let key = |on_delete| ForeignKey {
        columns: vec![1],
        table: "parents".to_owned(),
        references: vec!["id".to_owned()],
        on_delete,
    };
    let columns = || vec![column("id", ColumnType::Integer), column("parent_id", TEXT)];
    let mut child = table("children", columns());
    child.autoincrement = true;
    child.foreign_keys.push(key(OnDelete::Cascade));
    child.indexes.push(Index {
        name: "idx_children_parent_id".to_owned(),
        columns: vec![IndexColumn {
            column: 1,
            descending: true,
        }],
        unique: false,
    });
    let mut friend = table("friends", columns());
    friend.foreign_keys.push(key(OnDelete::SetNull));
    [parent, child, friend]
}

/// Creates tables as an import does, with their triggers.
#[track_caller]
pub(super) fn make(client: &Client, tables: &[Table]) {
    let dialect = client.dialect();
    for table in tables {
        assert_eq!(dialect.unsupported(table), Vec::<String>::new());
        client.execute(&dialect.create_table(table));
        for statement in dialect.create_indexes(table) {
            client.execute(&statement);
        }
        for (_, trigger) in dialect.cascades(table) {
            client.execute(&trigger.create);
        }
        watch(client, table);
    }
}

/// Creates the audit triggers.
#[track_caller]
pub(super) fn watch(client: &Client, table: &Table) {
    for trigger in client
        .dialect()
        .audit_triggers(&crate::audit::AuditedTable::of(table))
    {
        client.execute(&trigger.create);
    }
}

pub(super) fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a timestamp").timestamp
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}
