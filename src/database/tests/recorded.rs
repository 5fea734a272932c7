//! What stored triggers of every engine record, by their text.

use crate::audit::{AuditedTable, Trigger, altered_columns};
use crate::database::engine::{Dialect, mysql, postgres, sqlite};
use crate::model::{Column, ColumnType, Table};

fn table(name: &str, columns: &[&str]) -> AuditedTable {
    let columns = columns.iter().map(|name| Column {
        name: (*name).to_owned(),
        ty: ColumnType::Text { max_chars: None },
        nullable: true,
        default: None,
    });
    AuditedTable::of(&Table {
        name: name.to_owned(),
        columns: columns.collect(),
        primary_key: vec![0],
        autoincrement: false,
        unique: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
    })
}

fn everywhere(table: &AuditedTable) -> [(Vec<Trigger>, Box<dyn Dialect>); 3] {
    let dialects: [Box<dyn Dialect>; 3] = [
        Box::new(sqlite::SqliteDialect),
        Box::new(mysql::MysqlDialect),
        Box::new(postgres::PostgresDialect {
            schema: "s".to_owned(),
        }),
    ];
    dialects.map(|dialect| (dialect.audit_triggers(table), dialect))
}

#[test]
fn recorded_table_is_read_from_every_trigger() {
    for name in ["t", "it's", "a\\b", "ein \"Name\""] {
        for (triggers, dialect) in everywhere(&table(name, &["id", "a"])) {
            for trigger in triggers {
                let text = &trigger.definition;
                assert!(dialect.writes_entries_of(text, name), "{name}: {text}");
                assert!(!dialect.writes_entries_of(text, "t2"), "{name}: {text}");
            }
        }
    }
}

#[test]
fn added_and_renamed_columns_are_detected() {
    for (triggers, dialect) in everywhere(&table("t", &["id", "voice", "we\"ird `n'ame\\"])) {
        let text = &triggers[0].definition;
        let literal = |text: &str| dialect.literal(text);
        let same = ["id", "voice", "we\"ird `n'ame\\"];
        assert_eq!(altered_columns(text, same, &literal), [""; 0], "{text}");
        let renamed = ["id", "register", "we\"ird `n'ame\\"];
        assert_eq!(
            altered_columns(text, renamed, &literal),
            ["register", "voice"]
        );
        let added = ["id", "voice", "we\"ird `n'ame\\", "new"];
        assert_eq!(altered_columns(text, added, &literal), ["new"]);
    }
}

#[test]
fn columns_of_wide_tables_are_found() {
    let names: Vec<String> = (0..120).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (triggers, dialect) in everywhere(&table("t", &names)) {
        let text = &triggers[0].definition;
        let literal = |text: &str| dialect.literal(text);
        assert_eq!(altered_columns(text, names.clone(), &literal), [""; 0]);
        let mut others = names.clone();
        others[70] = "new";
        others.reverse();
        assert_eq!(altered_columns(text, others, &literal), ["new", "c70"]);
    }
}
