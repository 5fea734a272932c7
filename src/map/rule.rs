//! Record rules prepared for mapping many records: everything that does not depend on the record is computed once.

use std::sync::Arc;

use regex::Regex;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::layout::{
    ColumnRule, EachToken, Expression, IdentityRule, Layout, LayoutTable, RecordRule, Reference,
};
use crate::model::{
    Column, ColumnType, DefaultValue, Deferred, PerTable, RowHasher, Table, TableIndex, Value,
};

use super::MapError;
use super::from_json::from_json;

/// A layout with what its tables prepare for all elements.
pub(super) struct PreparedLayout<'l> {
    pub(super) layout: &'l Layout,
    pub(super) tables: PerTable<PreparedTable>,
}

/// Data shared by all rows of a table.
pub(super) struct PreparedTable {
    /// Indexes of the mapped columns, which are the ones that a digest covers.
    pub(super) mapped: Vec<usize>,
    /// Hashes the mapped columns.
    pub(super) hasher: RowHasher,
    /// For each column, the UUIDv5 namespace for strings that are not UUIDs. It is that of the table whose key the
    /// column holds.
    pub(super) namespaces: Vec<Uuid>,
}

impl PreparedTable {
    pub(super) fn new(layout: &Layout, table: &LayoutTable) -> Self {
        let columns = &table.table.columns;
        let mapped: Vec<usize> = (0..columns.len())
            .filter(|&column| table.mapped[column])
            .collect();
        let hasher = table.row_hasher();
        let namespaces = (0..columns.len())
            .map(|column| namespace(&layout.name, owner(&table.table, column)))
            .collect();
        Self {
            mapped,
            hasher,
            namespaces,
        }
    }
}

/// Converts `value` to the type of a column of the table, if possible: the parts of a key are known only as text.
#[must_use]
pub fn key_in_column(layout: &Layout, table: TableIndex, column: usize, value: &Value) -> Value {
    let Value::Text(text) = value else {
        return value.clone();
    };
    let table = &layout.tables[table].table;
    let target = &table.columns[column];
    let json = match target.ty {
        ColumnType::Integer | ColumnType::Real | ColumnType::Boolean => {
            serde_json::from_str(text).unwrap_or(Json::Null)
        }
        ColumnType::Text { .. }
        | ColumnType::Json
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Uuid
        | ColumnType::Blob => Json::from(&**text),
    };
    let namespace = namespace(&layout.name, owner(table, column));
    from_json(&json, target, None, &namespace).map_or_else(|_| value.clone(), |(value, _)| value)
}

/// Returns the table whose key the column holds.
fn owner(table: &Table, column: usize) -> &str {
    let mut keys = table.foreign_keys.iter();
    let key = keys.find(|key| key.columns == [column]);
    key.map_or(table.name.as_str(), |key| key.table.as_str())
}

/// UUIDv5 of `accession/<layout>/<table>` in the OID namespace. It must never change, since stored IDs depend on it.
fn namespace(layout: &str, table: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("accession/{layout}/{table}").as_bytes(),
    )
}

/// A record rule ready for use.
#[derive(Debug)]
pub(super) struct PreparedRule {
    pub(super) table: TableIndex,
    pub(super) each: Vec<EachToken>,
    /// Matches any separator.
    pub(super) split: Option<Regex>,
    /// Finds a row that makes the record superfluous.
    pub(super) unless: Option<Reference>,
    /// The columns that depend on the record.
    pub(super) columns: Vec<ColumnRule>,
    /// The row before the record is read: constants, NULLs, defaults.
    pub(super) template: Vec<Value>,
    /// Mapped columns that must not be NULL.
    pub(super) required: Vec<usize>,
    pub(super) identity: IdentityRule,
    pub(super) deferred: Deferred,
    pub(super) records: Vec<PreparedRule>,
}

impl PreparedRule {
    pub(super) fn new(
        layout: &Layout,
        tables: &PerTable<PreparedTable>,
        rule: &RecordRule,
    ) -> Result<Self, MapError> {
        let table = &layout.tables[rule.table];
        let prepared = &tables[rule.table];
        let mut template: Vec<Value> = table.table.columns.iter().map(|_| Value::Default).collect();
        for &column in &prepared.mapped {
            template[column] = absent(&table.table.columns[column]);
        }
        let mut columns = Vec::new();
        for column in &rule.columns {
            let Expression::Constant(json) = &column.expression else {
                columns.push(column.clone());
                continue;
            };
            let target = &table.table.columns[column.column];
            if json.is_null() {
                continue;
            }
            let namespace = &prepared.namespaces[column.column];
            let (value, _) =
                from_json(json, target, column.conversion, namespace).map_err(|misfit| {
                    MapError::Constant {
                        table: table.table.name.clone(),
                        column: target.name.clone(),
                        message: misfit.message,
                    }
                })?;
            template[column.column] = value;
        }
        let not_null = |&column: &usize| !table.table.columns[column].nullable;
        let deferred = match (&rule.identity, rule.depends_on_parent_key) {
            (_, false) => Deferred::Nothing,
            (IdentityRule::Columns(columns), true) => {
                Deferred::Identity(Arc::from(columns.as_slice()))
            }
            (IdentityRule::Pointers(_) | IdentityRule::Position, true) => Deferred::Digest,
        };
        Ok(Self {
            table: rule.table,
            each: rule.each.clone(),
            split: separators(&rule.split),
            unless: rule.unless.clone(),
            columns,
            template,
            required: prepared.mapped.iter().copied().filter(not_null).collect(),
            identity: rule.identity.clone(),
            deferred,
            records: rule
                .records
                .iter()
                .map(|inner| Self::new(layout, tables, inner))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Compiles one expression for all separators; where several match at the same place, the longest wins.
fn separators(split: &[String]) -> Option<Regex> {
    let mut longest_first: Vec<&String> = split.iter().collect();
    longest_first.sort_by_key(|separator| std::cmp::Reverse(separator.len()));
    let alternatives: Vec<_> = longest_first.iter().map(|one| regex::escape(one)).collect();
    let any = Regex::new(&alternatives.join("|")).expect("escaped strings are a valid expression");
    (!split.is_empty()).then_some(any)
}

/// Returns the value of a mapped column without a value in the record: NULL, or its DEFAULT if it is not nullable.
pub(super) fn absent(column: &Column) -> Value {
    match (&column.default, column.nullable) {
        (Some(DefaultValue::Value(value)), false) => value.clone(),
        (Some(DefaultValue::CurrentTimestamp), false) => Value::Default,
        (None, _) | (_, true) => Value::Null,
    }
}
