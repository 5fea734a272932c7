//! MySQL's and MariaDB's DDL for the portable table model.
//!
//! Where the two differ, the statement has comments that only one of them reads. Needs MySQL 8.0.17 or MariaDB 10.3.

use super::cast::cast;
use super::triggers::{
    CREATE, KEYS, LONGEST_NAME, Reference, cascade, has_other_settings, numbering, select_images,
    set_null, triggers,
};
use super::{identifier, literal};
use crate::audit::{AuditedTable, KeyRule, Trigger};
use crate::database::engine::decode::decode;
use crate::database::engine::names::{bounded, list};
use crate::database::engine::{Cast, Dialect, GuardStatement, StoredColumn};
use crate::model::{ColumnType, DefaultValue, Index, IndexColumn, OnDelete, Table, Value};

/// MySQL's and MariaDB's recipe.
pub(in crate::database) struct MysqlDialect;

/// Compares byte by byte, and with trailing spaces.
const COLLATION: &str =
    "/*M!100300 , COLLATE = utf8mb4_nopad_bin */ /*!80017 , COLLATE = utf8mb4_0900_bin */";

/// The comment of a table until its indexes and the triggers on its parents are created: each of them is committed at
/// once.
pub(super) const INCOMPLETE: &str = "accession has not completed this table";

/// The bytes that the columns of one index may have together (InnoDB, pages of 16 KB).
const LONGEST_KEY: u32 = 3072;

/// The length of a string column that is part of a key or an index, and declares no length.
const KEY_CHARS: u32 = 255;

/// Longer strings count fully against the 65 535 bytes of a row unless they are LONGTEXT.
const LONGEST_VARCHAR: u32 = 2048;

/// `utf8mb4` is counted with four bytes per character.
const BYTES_PER_CHAR: u32 = 4;

/// The columns that a table of InnoDB can have (<https://dev.mysql.com/doc/refman/8.4/en/innodb-limits.html>).
const MOST_COLUMNS: usize = 1017;

fn set_comment(table: &Table, comment: &str) -> String {
    format!(
        "ALTER TABLE {} COMMENT = '{comment}'",
        identifier(&table.name)
    )
}

impl Dialect for MysqlDialect {
    fn number_again(&self, table: &str, column: &str) -> Option<String> {
        Some(format!(
            "ALTER TABLE {table} MODIFY {column} BIGINT NOT NULL AUTO_INCREMENT"
        ))
    }

    fn index_name(&self, name: &str) -> String {
        bounded(name, LONGEST_NAME)
    }

    fn define_column(&self, table: &Table, column: usize) -> String {
        define(table, column)
    }

    /// Cascades of the database itself fire no triggers: see [`cascades`](Dialect::cascades).
    fn foreign_key_action(&self, _action: OnDelete) -> String {
        String::new()
    }

    fn table_options(&self) -> String {
        format!(
            " ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4 {COLLATION} COMMENT = '{INCOMPLETE}'"
        )
    }

    fn index_columns(&self, table: &Table, index: &Index) -> String {
        match index.unique {
            true => parts(table, &index.columns, None),
            false => parts(table, &index.columns, prefix(table, &index.columns)),
        }
    }

    fn complete_table(&self, table: &Table) -> Option<String> {
        Some(set_comment(table, ""))
    }

    fn mark_incomplete(&self, table: &Table) -> Option<String> {
        Some(set_comment(table, INCOMPLETE))
    }

    fn numbering(&self, table: &str, column: &str) -> Option<Trigger> {
        Some(numbering(table, column))
    }

    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger> {
        triggers(table)
    }

    /// The catalog has what follows FOR EACH ROW.
    fn guard(&self, statement: &GuardStatement<'_>) -> Trigger {
        let (name, when, rest) = (statement.name, statement.when, statement.rest);
        let body = rest.strip_prefix("FOR EACH ROW ").unwrap_or(rest);
        Trigger {
            name: name.to_owned(),
            create: format!("{CREATE} {name} {when} ON {} {rest}", statement.table),
            drop: format!("DROP TRIGGER IF EXISTS {name}"),
            definition: format!("{when} {body}"),
        }
    }

    fn runs_otherwise(&self, definition: &str) -> bool {
        has_other_settings(definition)
    }

    fn key_rule(&self) -> KeyRule {
        KEYS
    }

    fn select_images(&self, table: &AuditedTable) -> String {
        select_images(table)
    }

    fn cascades<'t>(&self, table: &'t Table) -> Vec<(&'t str, Trigger)> {
        let keys = table.foreign_keys.iter();
        // A trigger cannot write to its own table: there RESTRICT remains.
        keys.filter(|key| key.table != table.name)
            .filter_map(|key| {
                let columns: Vec<_> = key
                    .columns
                    .iter()
                    .map(|&column| table.columns[column].name.as_str())
                    .collect();
                let references: Vec<_> = key.references.iter().map(String::as_str).collect();
                let reference = Reference {
                    child: &table.name,
                    columns: &columns,
                    parent: &key.table,
                    references: &references,
                };
                let trigger = match key.on_delete {
                    OnDelete::Restrict => return None,
                    OnDelete::Cascade => cascade(&reference),
                    OnDelete::SetNull => set_null(&reference),
                };
                Some((key.table.as_str(), trigger))
            })
            .collect()
    }

    fn unsupported(&self, table: &Table) -> Vec<String> {
        let unique = table.unique.iter().chain([&table.primary_key]);
        let mut unsupported: Vec<_> = unique
            .filter(|columns| key_bytes(table, columns) > LONGEST_KEY)
            .map(|columns| {
                format!(
                    "the key ({}) can be {} bytes long, and MySQL's limit is {LONGEST_KEY}: give its string columns a length, such as VARCHAR(100)",
                    list(table, columns, identifier),
                    key_bytes(table, columns),
                )
            })
            .collect();
        let inline: u32 = (0..table.columns.len())
            .filter_map(|column| self.max_chars(table, column))
            .map(|chars| chars * BYTES_PER_CHAR)
            .sum();
        if inline > 65_000 {
            unsupported.push(format!(
                "its string columns can be {inline} bytes long together, and MySQL's limit is 65000: declare the longer ones as TEXT",
            ));
        }
        let columns = table.columns.len();
        if columns > MOST_COLUMNS {
            unsupported.push(format!(
                "it has {columns} columns, and InnoDB's limit is {MOST_COLUMNS}"
            ));
        }
        unsupported
    }

    fn column_type(&self, table: &Table, column: usize) -> String {
        type_name(table, column)
    }

    fn max_chars(&self, table: &Table, column: usize) -> Option<u32> {
        match table.columns[column].ty {
            ColumnType::Text { max_chars } => varchar(table, column, max_chars),
            ColumnType::Integer
            | ColumnType::Real
            | ColumnType::Boolean
            | ColumnType::Json
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Uuid
            | ColumnType::Blob => None,
        }
    }

    /// The limit of MariaDB's `JSON_VALID`; that of MySQL's JSON is 100.
    fn max_json_depth(&self) -> Option<usize> {
        Some(31)
    }

    fn decode(&self, stored: Value, ty: ColumnType) -> Value {
        match (ty, stored) {
            (ColumnType::Blob, stored) => stored,
            // Text with a binary collation.
            (_, Value::Blob(bytes)) => match std::str::from_utf8(&bytes) {
                Ok(text) => decode(Value::text(text), ty),
                Err(_) => Value::Blob(bytes),
            },
            (_, stored) => decode(stored, ty),
        }
    }

    /// Numbers that a DOUBLE cannot represent are compared exactly with a number of their type only.
    fn cast(&self, column: &StoredColumn) -> Cast {
        cast(&column.declared)
    }

    fn identifier(&self, name: &str) -> String {
        identifier(name)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    /// The number of parameters is sent as 16 bits.
    fn max_binds(&self) -> usize {
        65_535
    }
}

fn define(table: &Table, index: usize) -> String {
    let column = &table.columns[index];
    let name = identifier(&column.name);
    if table.generated_key() == Some(index) {
        return format!("{name} BIGINT NOT NULL AUTO_INCREMENT");
    }
    let mut line = format!("{name} {}", type_name(table, index));
    // A column without NOT NULL must be nullable, also where TIMESTAMP columns are NOT NULL by default.
    line.push_str(if column.nullable {
        " NULL"
    } else {
        " NOT NULL"
    });
    match &column.default {
        None => {}
        Some(DefaultValue::CurrentTimestamp) => line.push_str(" DEFAULT (UTC_TIMESTAMP(6))"),
        // In parentheses it is an expression, which TEXT and JSON columns accept, too.
        Some(DefaultValue::Value(value)) => {
            line.push_str(&format!(" DEFAULT ({})", default_literal(value)));
        }
    }
    line
}

fn type_name(table: &Table, index: usize) -> String {
    match table.columns[index].ty {
        ColumnType::Text { max_chars } => match varchar(table, index, max_chars) {
            Some(chars) => format!("VARCHAR({chars})"),
            None => "LONGTEXT".to_owned(),
        },
        ColumnType::Integer => "BIGINT".to_owned(),
        ColumnType::Real => "DOUBLE".to_owned(),
        ColumnType::Boolean => "TINYINT(1)".to_owned(),
        ColumnType::Json => "JSON".to_owned(),
        ColumnType::Timestamp => "DATETIME(6)".to_owned(),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Uuid => "CHAR(36)".to_owned(),
        ColumnType::Blob => "LONGBLOB".to_owned(),
    }
}

/// The length of a text column that is VARCHAR.
fn varchar(table: &Table, index: usize, max_chars: Option<u32>) -> Option<u32> {
    match max_chars {
        Some(chars) => (chars <= LONGEST_VARCHAR).then_some(chars),
        None => is_key(table, index).then_some(KEY_CHARS),
    }
}

/// Whether a column is part of a key or an index.
fn is_key(table: &Table, column: usize) -> bool {
    let indexes = table
        .indexes
        .iter()
        .flat_map(|index| index.columns.iter().map(|column| column.column));
    let keys = table.unique.iter().chain([&table.primary_key]).flatten();
    let foreign = table.foreign_keys.iter().flat_map(|key| &key.columns);
    keys.chain(foreign)
        .copied()
        .chain(indexes)
        .any(|one| one == column)
}

/// The bytes that a column takes in an index.
fn column_bytes(table: &Table, column: usize) -> u32 {
    match table.columns[column].ty {
        ColumnType::Text { max_chars } => max_chars
            .unwrap_or(KEY_CHARS)
            .saturating_mul(BYTES_PER_CHAR),
        ColumnType::Uuid => 36 * BYTES_PER_CHAR,
        ColumnType::Integer | ColumnType::Real | ColumnType::Timestamp => 8,
        ColumnType::Boolean => 1,
        ColumnType::Date => 3,
        // Never part of a key: the layout rejects it.
        ColumnType::Json | ColumnType::Blob => 0,
    }
}

fn key_bytes(table: &Table, columns: &[usize]) -> u32 {
    columns
        .iter()
        .map(|&column| column_bytes(table, column))
        .fold(0, u32::saturating_add)
}

/// The length of the prefixes of long strings in an index that need not be unique, if it contains prefixes.
fn prefix(table: &Table, columns: &[IndexColumn]) -> Option<u32> {
    let all: Vec<_> = columns.iter().map(|column| column.column).collect();
    (key_bytes(table, &all) > LONGEST_KEY).then(|| {
        let count = u32::try_from(columns.len()).unwrap_or(u32::MAX);
        LONGEST_KEY / BYTES_PER_CHAR / count
    })
}

fn parts(table: &Table, columns: &[IndexColumn], prefix: Option<u32>) -> String {
    let parts = columns.iter().map(|column| part(table, column, prefix));
    parts.collect::<Vec<_>>().join(", ")
}

fn part(table: &Table, column: &IndexColumn, prefix: Option<u32>) -> String {
    let is_long = |chars: &u32| {
        let ty = table.columns[column.column].ty;
        matches!(ty, ColumnType::Text { .. })
            && column_bytes(table, column.column) > chars * BYTES_PER_CHAR
    };
    let prefix = prefix.filter(is_long);
    format!(
        "{}{}{}",
        identifier(&table.columns[column.column].name),
        prefix.map_or(String::new(), |chars| format!("({chars})")),
        if column.descending { " DESC" } else { "" },
    )
}

fn default_literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Default | Value::ParentKey(_) => "NULL".to_owned(),
        Value::Boolean(value) => i32::from(*value).to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:e}"),
        Value::Blob(bytes) | Value::InvalidText(bytes) => {
            format!("X'{}'", data_encoding::HEXUPPER.encode(bytes))
        }
        Value::Timestamp(timestamp) => literal(
            &timestamp
                .to_utc()
                .format("%Y-%m-%d %H:%M:%S%.6f")
                .to_string(),
        ),
        Value::Text(_) | Value::Json(_) | Value::Date(_) | Value::Uuid(_) => {
            literal(&value.key_text())
        }
    }
}
