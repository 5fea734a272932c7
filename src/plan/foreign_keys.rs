//! Foreign keys are checked before anything is committed, so that a missing parent is a finding with a place.

use std::collections::{HashMap, HashSet};

use crate::layout::{Expression, Layout, LayoutTable, RecordRule};
use crate::model::{Fingerprint, Hasher, Origin, Rule, Value};

use super::change::{Problem, TableColumns};

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

/// Why a parent row is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Neither the files nor the database have it.
    Nowhere,
    /// Its record did not change, and another program deleted it.
    Deleted,
}

/// A foreign key of a record whose parent row is not there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dangling {
    pub(super) why: Missing,
    /// The child's table and its columns.
    pub(super) columns: TableColumns,
    /// Index of the parent's table.
    pub(super) parent: usize,
}

impl Dangling {
    /// What to tell of the record at `origin`.
    pub(super) fn problem(self, layout: &Layout, origin: Origin) -> Problem {
        let parent = &layout.tables[self.parent].table.name;
        let child = &layout.tables[self.columns.table].table;
        let columns = child.names(&self.columns.columns);
        let (what, remedy) = match self.why {
            Missing::Nowhere => (
                "is neither in the files nor in the database",
                "add the missing record, or correct the reference".to_owned(),
            ),
            Missing::Deleted => (
                "is in the files, and was deleted in the database",
                format!(
                    "put that row back (`accession audit log --entries --table {parent} --action delete` shows it), or \
                     remove its record from the files, and this one"
                ),
            ),
        };
        Problem {
            origin,
            columns: Some(self.columns),
            rule: Rule::MissingReference,
            message: format!(
                "{columns} of `{}` refers to a row of `{parent}` that {what}",
                child.name
            ),
            remedy,
        }
    }
}

/// A foreign key between two tables of the layout.
#[derive(Debug, Clone)]
struct Key {
    columns: Vec<usize>,
    parent_table: usize,
    parent_columns: Vec<usize>,
}

impl Key {
    /// Identifies the parent row that a child with these values refers to.
    fn wanted(&self, values: &[Value]) -> Fingerprint {
        let own = self.columns.iter().map(|&column| &values[column]);
        fingerprint(self.parent_table, own)
    }
}

/// A parent that a child asked for.
#[derive(Debug)]
struct Open {
    parent: ParentKey,
    /// The child's table and columns.
    child: TableColumns,
    /// The first child that asked.
    first: Origin,
    looked_up: bool,
}

/// Keeps the keys of this run's parent rows and the keys that children ask for.
#[derive(Debug)]
pub(super) struct ForeignKeys {
    /// Per table, the foreign keys whose values come from the files, not from an enclosing row.
    checked: Vec<Vec<Key>>,
    /// Per table, the other ones: the enclosing row is among the same rows.
    inherited: Vec<Vec<Key>>,
    /// Per table, the keys that some foreign key with values from the files refers to.
    referred: Vec<Vec<Vec<usize>>>,
    /// The same for inherited ones.
    enclosing: Vec<Vec<Vec<usize>>>,
    present: HashSet<Fingerprint>,
    open: HashMap<Fingerprint, Open>,
    missing: HashSet<Fingerprint>,
    /// Rows of records that did not change, and that another program deleted.
    deleted: HashSet<Fingerprint>,
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
        let keys_of = |table: &LayoutTable| -> Vec<Key> {
            let keys = table.table.foreign_keys.iter().filter_map(|key| {
                let parent_table = index(&key.table)?;
                let parent = &layout.tables[parent_table].table;
                let columns = key.references.iter();
                Some(Key {
                    columns: key.columns.clone(),
                    parent_table,
                    parent_columns: columns.filter_map(|name| parent.column(name)).collect(),
                })
            });
            keys.collect()
        };
        let tables = layout.tables.iter().enumerate();
        let split = tables.map(|(child, table)| {
            let keys = keys_of(table).into_iter();
            keys.partition(|key| inherited(layout, child, key))
        });
        let (inherited, checked): (Vec<Vec<Key>>, Vec<Vec<Key>>) = split.unzip();
        Self {
            referred: parents(&checked),
            enclosing: parents(&inherited),
            checked,
            inherited,
            present: HashSet::new(),
            open: HashMap::new(),
            missing: HashSet::new(),
            deleted: HashSet::new(),
            last: None,
        }
    }

    /// Whether rows of other tables, or of its own, refer to rows of this one.
    pub(super) fn has_children(&self, table: usize) -> bool {
        !self.referred[table].is_empty() || !self.enclosing[table].is_empty()
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
            let wanted = key.wanted(values);
            let known = [&self.present, &self.missing, &self.deleted];
            if !known.iter().any(|keys| keys.contains(&wanted)) {
                let parent = ParentKey {
                    table: key.parent_table,
                    columns: key.parent_columns.clone(),
                    values: own().cloned().collect(),
                };
                let open = Open {
                    parent,
                    child: TableColumns {
                        table,
                        columns: key.columns.clone(),
                    },
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

    /// Takes back a row that was noted: its record did not change, and another program deleted it. Nothing new may refer
    /// to it.
    pub(super) fn deleted(&mut self, table: usize, values: &[Value]) {
        for columns in self.referred[table].iter().chain(&self.enclosing[table]) {
            let key = fingerprint(table, columns.iter().map(|&column| &values[column]));
            self.present.remove(&key);
            self.open.remove(&key);
            self.deleted.insert(key);
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
            .extract_if(|_, open| open.looked_up && open.child.table != open.parent.table);
        self.missing.extend(missing.map(|(key, _)| key));
    }

    /// The first foreign key of a row whose parent is nowhere.
    pub(super) fn missing_parent(&self, table: usize, values: &[Value]) -> Option<Dangling> {
        if self.missing.is_empty() {
            return None;
        }
        let keys = self.checked[table].iter();
        first(keys, (table, values), (&self.missing, Missing::Nowhere))
    }

    /// The first foreign key of a row whose parent was [deleted](Self::deleted).
    pub(super) fn deleted_parent(&self, table: usize, values: &[Value]) -> Option<Dangling> {
        if self.deleted.is_empty() {
            return None;
        }
        let keys = self.checked[table].iter().chain(&self.inherited[table]);
        first(keys, (table, values), (&self.deleted, Missing::Deleted))
    }

    /// Parents in a child's own table that never came, with the place of the first child that asks.
    pub(super) fn never_came(&mut self) -> Vec<(Dangling, Origin)> {
        let present = &self.present;
        self.open.retain(|key, _| !present.contains(key));
        let dangling = |open: Open| {
            let dangling = Dangling {
                why: Missing::Nowhere,
                columns: open.child,
                parent: open.parent.table,
            };
            (dangling, open.first)
        };
        let mut missing: Vec<_> = self.open.drain().map(|(_, open)| dangling(open)).collect();
        missing.sort_by(|(_, a), (_, b)| {
            (a.file, &a.pointer, a.part).cmp(&(b.file, &b.pointer, b.part))
        });
        missing
    }
}

/// The first of `keys` that refers to one of `parents`.
fn first<'k>(
    mut keys: impl Iterator<Item = &'k Key>,
    (table, values): (usize, &[Value]),
    (parents, why): (&HashSet<Fingerprint>, Missing),
) -> Option<Dangling> {
    let key = keys.find(|key| parents.contains(&key.wanted(values)))?;
    let columns = key.columns.clone();
    Some(Dangling {
        why,
        columns: TableColumns { table, columns },
        parent: key.parent_table,
    })
}

/// Per table, the columns that these foreign keys refer to.
fn parents(keys: &[Vec<Key>]) -> Vec<Vec<Vec<usize>>> {
    let mut parents = vec![Vec::new(); keys.len()];
    for key in keys.iter().flatten() {
        parents[key.parent_table].push(key.parent_columns.clone());
    }
    parents.iter_mut().for_each(|columns| {
        columns.sort();
        columns.dedup();
    });
    parents
}

fn fingerprint<'v>(table: usize, values: impl Iterator<Item = &'v Value>) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.fixed(&(table as u64).to_le_bytes());
    values.for_each(|value| value.hash_into(&mut hasher));
    hasher.fingerprint()
}

/// Whether every rule of the child's table takes the key's columns from the enclosing parent row itself.
fn inherited(layout: &Layout, child: usize, key: &Key) -> bool {
    fn all(rules: &[RecordRule], outer: &mut Vec<usize>, child: usize, key: &Key) -> bool {
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
