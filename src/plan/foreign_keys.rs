//! Foreign keys are checked before anything is committed, so that a missing parent is a finding with a place.

use std::collections::{HashMap, HashSet};

use crate::layout::{Expression, Layout, RecordRule};
use crate::model::{Fingerprint, Hasher, Origin, Value};

/// A parent row that must exist: table, key columns, their values.
#[derive(Debug, Clone, PartialEq)]
pub struct ParentKey {
    /// Index of the parent's table.
    pub table: usize,
    /// Key columns of the parent's table.
    pub columns: Vec<usize>,
    /// The values the child has.
    pub values: Vec<Value>,
}

/// A foreign key whose values come from the files, not from an enclosing row.
#[derive(Debug, Clone)]
struct CheckedKey {
    columns: Vec<usize>,
    parent_table: usize,
    parent_columns: Vec<usize>,
}

/// A parent that a child asked for.
#[derive(Debug)]
struct Open {
    parent: ParentKey,
    /// Table of the child.
    child: usize,
    /// The first child that asked.
    first: Origin,
    looked_up: bool,
}

/// Keeps the keys of this run's parent rows and the keys that children ask for.
#[derive(Debug)]
pub(super) struct ForeignKeys {
    checked: Vec<Vec<CheckedKey>>,
    /// Per table, the keys that some foreign key refers to.
    referred: Vec<Vec<Vec<usize>>>,
    present: HashSet<Fingerprint>,
    open: HashMap<Fingerprint, Open>,
    missing: HashSet<Fingerprint>,
    /// The key asked for last: children of one parent mostly follow each other.
    last: Option<(usize, usize, Vec<Value>)>,
}

impl ForeignKeys {
    pub(super) fn new(layout: &Layout) -> Self {
        let index = |name: &str| {
            layout
                .tables
                .iter()
                .position(|table| table.table.name == name)
        };
        let mut referred = vec![Vec::new(); layout.tables.len()];
        let checked = layout.tables.iter().enumerate().map(|(child, table)| {
            let keys = table.table.foreign_keys.iter().filter_map(|key| {
                let parent_table = index(&key.table)?;
                let parent = &layout.tables[parent_table].table;
                let parent_columns = key
                    .references
                    .iter()
                    .filter_map(|name| parent.column(name))
                    .collect();
                Some(CheckedKey {
                    columns: key.columns.clone(),
                    parent_table,
                    parent_columns,
                })
            });
            let keys: Vec<_> = keys.filter(|key| !inherited(layout, child, key)).collect();
            for key in &keys {
                referred[key.parent_table].push(key.parent_columns.clone());
            }
            keys
        });
        let checked = checked.collect();
        referred.iter_mut().for_each(|keys| {
            keys.sort();
            keys.dedup();
        });
        Self {
            checked,
            referred,
            present: HashSet::new(),
            open: HashMap::new(),
            missing: HashSet::new(),
            last: None,
        }
    }

    /// Notes a row that will be in the database, unless it is [withdrawn](Self::withdraw), and what it refers to.
    pub(super) fn note(&mut self, table: usize, values: &[Value], origin: &Origin) {
        self.place(table, values);
        for (which, key) in self.checked[table].iter().enumerate() {
            let own = || key.columns.iter().map(|&column| &values[column]);
            if own().any(|value| value.is_null() || *value == Value::Default) {
                continue;
            }
            if let Some((t, w, last)) = &self.last
                && (*t, *w) == (table, which)
                && last.iter().eq(own())
            {
                continue;
            }
            let wanted = fingerprint(key.parent_table, own());
            if !self.present.contains(&wanted) && !self.missing.contains(&wanted) {
                let parent = ParentKey {
                    table: key.parent_table,
                    columns: key.parent_columns.clone(),
                    values: own().cloned().collect(),
                };
                let open = Open {
                    parent,
                    child: table,
                    first: origin.clone(),
                    looked_up: false,
                };
                self.open.entry(wanted).or_insert(open);
            }
            self.last = Some((table, which, own().cloned().collect()));
        }
    }

    /// Notes the keys of a row that will be in the database, as far as they are known; to be called again when a
    /// generated key is.
    pub(super) fn place(&mut self, table: usize, values: &[Value]) {
        for columns in &self.referred[table] {
            let own = columns.iter().map(|&column| &values[column]);
            if !own.clone().any(|value| *value == Value::Default) {
                self.present.insert(fingerprint(table, own));
            }
        }
    }

    /// Takes back a row that was noted: it will not be in the database.
    pub(super) fn withdraw(&mut self, table: usize, values: &[Value]) {
        for columns in &self.referred[table] {
            let key = fingerprint(table, columns.iter().map(|&column| &values[column]));
            self.present.remove(&key);
            self.missing.insert(key);
        }
    }

    /// The parents that were asked for, are not among this run's rows so far, and were not looked up yet.
    pub(super) fn unresolved(&mut self) -> Vec<ParentKey> {
        let present = &self.present;
        self.open.retain(|key, _| !present.contains(key));
        let unasked = self.open.values_mut().filter(|open| !open.looked_up);
        unasked
            .map(|open| {
                open.looked_up = true;
                open.parent.clone()
            })
            .collect()
    }

    /// Takes the answer for the parents of [`Self::unresolved`]: which of them the database has. The others are
    /// missing, unless they belong to the child's own table and may still come.
    pub(super) fn looked_up(&mut self, found: &[ParentKey]) {
        self.last = None;
        for parent in found {
            let key = fingerprint(parent.table, parent.values.iter());
            self.open.remove(&key);
            self.present.insert(key);
        }
        let missing = self
            .open
            .extract_if(|_, open| open.looked_up && open.child != open.parent.table);
        self.missing.extend(missing.map(|(key, _)| key));
    }

    /// The index of the first parent table that has no row for what this row refers to.
    pub(super) fn missing_parent(&self, table: usize, values: &[Value]) -> Option<usize> {
        if self.missing.is_empty() {
            return None;
        }
        let lacks = |key: &&CheckedKey| {
            let own = key.columns.iter().map(|&column| &values[column]);
            self.missing.contains(&fingerprint(key.parent_table, own))
        };
        self.checked[table]
            .iter()
            .find(lacks)
            .map(|key| key.parent_table)
    }

    /// Parents in a child's own table that never came: table and the place of the first child that asks.
    pub(super) fn never_came(&mut self) -> Vec<(usize, Origin)> {
        let present = &self.present;
        self.open.retain(|key, _| !present.contains(key));
        let mut missing: Vec<_> = self
            .open
            .drain()
            .map(|(_, open)| (open.parent.table, open.first))
            .collect();
        missing.sort_by(|a, b| {
            (a.1.file, &a.1.pointer, a.1.part).cmp(&(b.1.file, &b.1.pointer, b.1.part))
        });
        missing
    }
}

fn fingerprint<'v>(table: usize, values: impl Iterator<Item = &'v Value>) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.fixed(&(table as u64).to_le_bytes());
    values.for_each(|value| value.hash_into(&mut hasher));
    hasher.fingerprint()
}

/// Whether every rule of the child's table takes the key's columns from the enclosing parent row itself.
fn inherited(layout: &Layout, child: usize, key: &CheckedKey) -> bool {
    fn all(rules: &[RecordRule], outer: &mut Vec<usize>, child: usize, key: &CheckedKey) -> bool {
        rules.iter().all(|rule| {
            let own = rule.table != child
                || key
                    .columns
                    .iter()
                    .zip(&key.parent_columns)
                    .all(|(&own, &parent)| {
                        rule.columns
                            .iter()
                            .filter(|column| column.column == own)
                            .any(|column| match column.expression {
                                Expression::Parent { levels, column } => {
                                    column == parent
                                        && outer.len().checked_sub(levels).map(|at| outer[at])
                                            == Some(key.parent_table)
                                }
                                Expression::Pointer(_)
                                | Expression::Capture(_)
                                | Expression::First(_)
                                | Expression::Constant(_)
                                | Expression::Parameter(_)
                                | Expression::Reference(_)
                                | Expression::Uuid(_)
                                | Expression::Rest => false,
                            })
                    });
            outer.push(rule.table);
            let inner = all(&rule.records, outer, child, key);
            outer.pop();
            own && inner
        })
    }
    layout
        .sources
        .iter()
        .all(|source| all(&source.records, &mut Vec::new(), child, key))
}
