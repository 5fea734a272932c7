//! Values of columns that can be keys or references.

use std::collections::HashSet;

use serde_json::Value;

use crate::infer::profile::{KeyValue, MAX_VALUES, ValueSet};

use super::cluster_draft::ClusterDraft;
use super::column::ColumnDraft;
use super::draft::{PathStep, TableDraft};
use super::names::{singular, word};

/// The values of one table.
#[derive(Debug, Default)]
pub(crate) struct TableValues {
    /// For each column that can be a key or a reference, its values.
    pub(crate) columns: Vec<Option<ValueSet>>,
    /// For each capture of the file name and each alternative for cutting it out, the values.
    pub(crate) captures: Vec<Vec<ValueSet>>,
    /// For each column, capture and alternative: whether they are equal in every record.
    equal: Vec<Vec<Vec<bool>>>,
    /// Maximum length of member names that are data.
    pub(crate) longest_name: usize,
    pub(crate) records: u64,
}

impl TableValues {
    /// Returns the column that equals the capture in every record.
    pub(crate) fn column_equal_to(&self, capture: usize, alternative: usize) -> Option<usize> {
        let equal = |column: &Vec<Vec<bool>>| column[capture][alternative];
        let found = self.equal.iter().position(equal);
        found.filter(|_| self.records > 0)
    }
}

/// The third pass over the documents: collects values for keys and references.
#[derive(Debug)]
pub struct Collector<'d> {
    clusters: &'d [ClusterDraft],
    tables: &'d [TableDraft],
    children: Vec<Vec<usize>>,
    values: Vec<TableValues>,
    budget: usize,
    /// Number of the current enclosing record.
    scope: u64,
    /// Number of the current file.
    file: u64,
    /// The cluster of the current file.
    cluster: usize,
    /// For each capture and alternative, what it captures from the name of the current file.
    captures: Vec<Vec<String>>,
}

impl<'d> Collector<'d> {
    pub(crate) fn new(clusters: &'d [ClusterDraft], tables: &'d [TableDraft]) -> Self {
        let mut children = vec![Vec::new(); tables.len()];
        for (index, table) in tables.iter().enumerate() {
            if let Some(parent) = table.parent {
                children[parent].push(index);
            }
        }
        let names: HashSet<String> = tables.iter().map(|table| word(&table.raw_name)).collect();
        let values = tables.iter().map(|table| {
            let alternatives: Vec<usize> = match table.parent {
                None => clusters[table.cluster]
                    .alternatives
                    .iter()
                    .map(Vec::len)
                    .collect(),
                Some(_) => Vec::new(),
            };
            let tracked =
                |column: &ColumnDraft| is_candidate(column, &names).then(ValueSet::default);
            let texts = |column: &ColumnDraft| {
                column.could_be_key && column.longest > 0 && column.present == table.records
            };
            TableValues {
                columns: table.columns.iter().map(tracked).collect(),
                captures: alternatives
                    .iter()
                    .map(|&alternatives| (0..alternatives).map(|_| ValueSet::default()).collect())
                    .collect(),
                equal: table
                    .columns
                    .iter()
                    .map(|column| {
                        alternatives
                            .iter()
                            .map(|&alternatives| vec![texts(column); alternatives])
                            .collect()
                    })
                    .collect(),
                longest_name: 0,
                records: 0,
            }
        });
        Self {
            values: values.collect(),
            clusters,
            tables,
            children,
            budget: MAX_VALUES,
            scope: 0,
            file: 0,
            cluster: 0,
            captures: Vec::new(),
        }
    }

    /// Starts a file of a cluster.
    pub fn begin_file(&mut self, cluster: usize, path: &str) {
        self.scope += 1;
        self.file = self.scope;
        self.cluster = cluster;
        self.captures = self.clusters[cluster].captured(path);
    }

    /// Adds a document that is read as a whole.
    pub fn document(&mut self, document: &Value) {
        self.roots(document, 0);
    }

    /// Adds an element of an array, or a line.
    pub fn element(&mut self, element: &Value) {
        self.roots(element, 1);
    }

    pub(crate) fn finish(self) -> Vec<TableValues> {
        self.values
    }

    fn roots(&mut self, value: &Value, skipped: usize) {
        for (index, table) in self.tables.iter().enumerate() {
            if table.cluster == self.cluster && table.parent.is_none() {
                let steps = table.each.get(skipped..).unwrap_or_default();
                self.enter(index, steps, value, self.file);
            }
        }
    }

    fn enter(&mut self, table: usize, steps: &[PathStep], value: &Value, scope: u64) {
        let Some((step, rest)) = steps.split_first() else {
            return self.record(table, value, scope);
        };
        match (step, value) {
            (PathStep::Member(name), Value::Object(members)) => {
                if let Some(inner) = members.get(name) {
                    self.enter(table, rest, inner, scope);
                }
            }
            (PathStep::Each | PathStep::Capture, Value::Array(items)) => {
                for item in items {
                    self.enter(table, rest, item, scope);
                }
            }
            (PathStep::Each | PathStep::Capture, Value::Object(members)) => {
                for (name, inner) in members {
                    let longest = &mut self.values[table].longest_name;
                    *longest = name.chars().count().max(*longest);
                    self.enter(table, rest, inner, scope);
                }
            }
            (PathStep::Member(_), Value::Array(_))
            | (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {}
        }
    }

    fn record(&mut self, table: usize, record: &Value, scope: u64) {
        let draft = &self.tables[table];
        let values = &mut self.values[table];
        values.records += 1;
        for (index, column) in draft.columns.iter().enumerate() {
            let found = find(record, &column.pointer);
            let scalar = found.and_then(|value| match value {
                Value::String(text) => Some(KeyValue::Text(text)),
                Value::Number(number) => number.as_i64().map(KeyValue::Integer),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            });
            for (equal, captures) in values.equal[index].iter_mut().zip(&self.captures) {
                for (equal, capture) in equal.iter_mut().zip(captures) {
                    *equal &= matches!(&scalar, Some(KeyValue::Text(text)) if text == capture);
                }
            }
            if let (Some(known), Some(scalar)) = (&mut values.columns[index], &scalar) {
                known.observe(scalar, scope, &mut self.budget);
            }
        }
        for (alternatives, captures) in values.captures.iter_mut().zip(&self.captures) {
            for (known, capture) in alternatives.iter_mut().zip(captures) {
                known.observe(&KeyValue::Text(capture), scope, &mut self.budget);
            }
        }
        if self.children[table].is_empty() {
            return;
        }
        self.scope += 1;
        let scope = self.scope;
        for child in 0..self.children[table].len() {
            let child = self.children[table][child];
            self.enter(child, &self.tables[child].each, record, scope);
        }
    }
}

fn find<'v>(record: &'v Value, pointer: &[String]) -> Option<&'v Value> {
    let mut tokens = pointer.iter();
    tokens.try_fold(record, |value, token| value.get(token))
}

/// Whether the values of a column are collected: because of its name, or because they do not coincide by chance.
fn is_candidate(column: &ColumnDraft, tables: &HashSet<String>) -> bool {
    let name = word(&column.raw_name);
    let named = is_id(&name)
        || tables.contains(&name)
        || tables.iter().any(|table| singular(table) == name);
    column.could_be_key && column.present > 0 && (named || column.distinctive)
}

/// Whether a name indicates identifiers.
fn is_id(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    [
        "id", "uuid", "guid", "key", "code", "slug", "isbn", "sku", "parent", "owner",
    ]
    .contains(&last)
}
