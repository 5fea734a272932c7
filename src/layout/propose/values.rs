//! The third look at the documents: the values of the columns that could be keys or refer to some.

use std::collections::HashSet;

use serde_json::Value;

use super::column::Column;
use super::draft::{Draft, Step};
use super::identifier::word;
use super::value_set::{MOST, Scalar, Values};

/// What is known of the values of one table.
#[derive(Debug, Default)]
pub(super) struct TableValues {
    /// Per column, if it could be a key or refer to one.
    pub(super) columns: Vec<Option<Values>>,
    /// Per capture of the file name, per way to cut it out.
    pub(super) captures: Vec<Vec<Values>>,
    /// Per column, per capture, per way to cut it out: whether they are equal in every record.
    equal: Vec<Vec<Vec<bool>>>,
    /// Longest member name that is data.
    pub(super) longest_name: usize,
    pub(super) records: u64,
}

impl TableValues {
    /// The column that holds the same as the capture in every record.
    pub(super) fn column_equal_to(&self, capture: usize, way: usize) -> Option<usize> {
        let equal = |column: &Vec<Vec<bool>>| column[capture][way];
        let found = self.equal.iter().position(equal);
        found.filter(|_| self.records > 0)
    }
}

/// Goes through the documents once more, now knowing the tables.
#[derive(Debug)]
pub(super) struct Collector<'d> {
    tables: &'d [Draft],
    children: Vec<Vec<usize>>,
    values: Vec<TableValues>,
    budget: usize,
    /// Number of the enclosing record counted last.
    scope: u64,
    /// Number of the file.
    file: u64,
}

/// A document, or an element of one, and what the name of its file captured: per capture, per way to cut it out.
pub(super) struct Seen<'v> {
    pub(super) kind: usize,
    pub(super) captures: &'v [Vec<String>],
    pub(super) value: &'v Value,
}

impl<'d> Collector<'d> {
    /// `ways` says per kind and capture in how many ways it could be cut out of the name.
    pub(super) fn new(tables: &'d [Draft], ways: &[Vec<usize>]) -> Self {
        let mut children = vec![Vec::new(); tables.len()];
        for (index, table) in tables.iter().enumerate() {
            if let Some(parent) = table.parent {
                children[parent].push(index);
            }
        }
        let names: HashSet<String> = tables.iter().map(|table| word(&table.wanted)).collect();
        let values = tables.iter().map(|table| {
            let ways = match table.parent {
                None => ways[table.kind].clone(),
                Some(_) => Vec::new(),
            };
            let tracked = |column: &Column| is_candidate(column, &names).then(Values::default);
            let texts = |column: &Column| {
                column.could_be_key && column.longest > 0 && column.present == table.records
            };
            TableValues {
                columns: table.columns.iter().map(tracked).collect(),
                captures: ways
                    .iter()
                    .map(|&ways| (0..ways).map(|_| Values::default()).collect())
                    .collect(),
                equal: table
                    .columns
                    .iter()
                    .map(|column| ways.iter().map(|&ways| vec![texts(column); ways]).collect())
                    .collect(),
                longest_name: 0,
                records: 0,
            }
        });
        Self {
            values: values.collect(),
            tables,
            children,
            budget: MOST,
            scope: 0,
            file: 0,
        }
    }

    /// A new file begins.
    pub(super) fn begin_file(&mut self) {
        self.scope += 1;
        self.file = self.scope;
    }

    /// A whole document.
    pub(super) fn document(&mut self, seen: &Seen<'_>) {
        self.roots(seen, 0);
    }

    /// An element of the array that a document is.
    pub(super) fn element(&mut self, seen: &Seen<'_>) {
        self.roots(seen, 1);
    }

    pub(super) fn finish(self) -> Vec<TableValues> {
        self.values
    }

    fn roots(&mut self, seen: &Seen<'_>, skipped: usize) {
        let tables = self.tables;
        let scope = self.file;
        for (index, table) in tables.iter().enumerate() {
            if table.kind == seen.kind && table.parent.is_none() {
                let steps = table.each.get(skipped..).unwrap_or_default();
                self.enter(index, steps, seen, seen.value, scope);
            }
        }
    }

    fn enter(&mut self, table: usize, steps: &[Step], seen: &Seen<'_>, value: &Value, scope: u64) {
        let Some((step, rest)) = steps.split_first() else {
            return self.record(table, seen, value, scope);
        };
        match (step, value) {
            (Step::Name(name), Value::Object(members)) => {
                if let Some(inner) = members.get(name) {
                    self.enter(table, rest, seen, inner, scope);
                }
            }
            (Step::Every | Step::Capture, Value::Array(items)) => {
                for item in items {
                    self.enter(table, rest, seen, item, scope);
                }
            }
            (Step::Every | Step::Capture, Value::Object(members)) => {
                for (name, inner) in members {
                    let longest = &mut self.values[table].longest_name;
                    *longest = name.chars().count().max(*longest);
                    self.enter(table, rest, seen, inner, scope);
                }
            }
            (Step::Name(_), Value::Array(_))
            | (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {}
        }
    }

    fn record(&mut self, table: usize, seen: &Seen<'_>, record: &Value, scope: u64) {
        let draft = &self.tables[table];
        let values = &mut self.values[table];
        values.records += 1;
        for (index, column) in draft.columns.iter().enumerate() {
            let found = find(record, &column.pointer);
            let scalar = found.and_then(|value| match value {
                Value::String(text) => Some(Scalar::Text(text)),
                Value::Number(number) => number.as_i64().map(Scalar::Integer),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            });
            for (equal, captures) in values.equal[index].iter_mut().zip(seen.captures) {
                for (equal, capture) in equal.iter_mut().zip(captures) {
                    *equal &= matches!(&scalar, Some(Scalar::Text(text)) if text == capture);
                }
            }
            if let (Some(known), Some(scalar)) = (&mut values.columns[index], &scalar) {
                known.observe(scalar, scope, &mut self.budget);
            }
        }
        for (ways, captures) in values.captures.iter_mut().zip(seen.captures) {
            for (known, capture) in ways.iter_mut().zip(captures) {
                known.observe(&Scalar::Text(capture), scope, &mut self.budget);
            }
        }
        if self.children[table].is_empty() {
            return;
        }
        self.scope += 1;
        let scope = self.scope;
        for child in 0..self.children[table].len() {
            let child = self.children[table][child];
            self.enter(child, &self.tables[child].each, seen, record, scope);
        }
    }
}

fn find<'v>(record: &'v Value, pointer: &[String]) -> Option<&'v Value> {
    pointer
        .iter()
        .try_fold(record, |value, token| value.get(token))
}

/// Whether a column is worth remembering the values of: by its name, or because nobody writes such texts by chance.
fn is_candidate(column: &Column, tables: &HashSet<String>) -> bool {
    let name = word(&column.wanted);
    let named = is_id(&name)
        || tables.contains(&name)
        || tables
            .iter()
            .any(|table| super::identifier::singular(table) == name);
    column.could_be_key && column.present > 0 && (named || column.distinctive)
}

/// Whether a name says that the values identify something.
pub(super) fn is_id(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    [
        "id", "uuid", "guid", "key", "code", "slug", "isbn", "sku", "parent", "owner",
    ]
    .contains(&last)
}
