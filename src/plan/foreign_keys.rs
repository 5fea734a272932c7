//! Checks foreign keys before anything is committed, so that a missing parent is a finding with a location.

use std::collections::{HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{Fingerprint, Origin, Value};

use super::change::TableColumns;
use super::dangling::{Dangling, Missing};
use super::layout_keys::{Key, fingerprint, parents, split};

/// A parent row that must exist.
#[derive(Debug, Clone, PartialEq)]
pub struct ParentKey {
    /// Index of the parent's table.
    pub table: usize,
    /// Key columns of the parent's table.
    pub columns: Vec<usize>,
    /// The values that the child has.
    pub values: Vec<Value>,
}

/// A parent row that a child refers to.
#[derive(Debug)]
struct RequestedParent {
    parent: ParentKey,
    /// The child's table and columns.
    child: TableColumns,
    /// The first child that refers to it.
    first: Origin,
    looked_up: bool,
}

/// Tracks the keys of this run's parent rows and the keys that children refer to.
#[derive(Debug)]
pub(super) struct ForeignKeys {
    /// Per table, the foreign keys whose values come from the files.
    checked: Vec<Vec<Key>>,
    /// Per table, the foreign keys whose values come from an enclosing row, which is among the same rows.
    inherited: Vec<Vec<Key>>,
    /// Per table, the keys that foreign keys with values from the files refer to.
    referred: Vec<Vec<Vec<usize>>>,
    /// Per table, the keys that inherited foreign keys refer to.
    enclosing: Vec<Vec<Vec<usize>>>,
    present: HashSet<Fingerprint>,
    /// Parents found in the database, with the first child that refers to them.
    found: HashMap<Fingerprint, (usize, Origin)>,
    open: HashMap<Fingerprint, RequestedParent>,
    missing: HashSet<Fingerprint>,
    /// Rows that another program deleted although their records did not change.
    deleted: HashSet<Fingerprint>,
    /// The key requested last: consecutive children mostly have the same parent.
    last: Option<(usize, usize, Vec<Value>)>,
}

impl ForeignKeys {
    pub(super) fn new(layout: &Layout) -> Self {
        let (inherited, checked) = split(layout);
        Self {
            referred: parents(&checked),
            enclosing: parents(&inherited),
            checked,
            inherited,
            present: HashSet::new(),
            found: HashMap::new(),
            open: HashMap::new(),
            missing: HashSet::new(),
            deleted: HashSet::new(),
            last: None,
        }
    }

    /// Whether rows of any table refer to rows of this one.
    pub(super) fn has_children(&self, table: usize) -> bool {
        !self.referred[table].is_empty() || !self.enclosing[table].is_empty()
    }

    /// Records a row that will be in the database, unless it is [withdrawn](Self::withdraw), and the keys it refers to.
    pub(super) fn add(&mut self, table: usize, values: &[Value], origin: &Origin) {
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
                let open = RequestedParent {
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

    /// Records the known keys of a row that will be in the database. Call it again when a generated key is known.
    pub(super) fn place(&mut self, table: usize, values: &[Value]) {
        for columns in &self.referred[table] {
            let own = columns.iter().map(|&column| &values[column]);
            if !own.clone().any(|value| *value == Value::Default) {
                self.present.insert(fingerprint(table, own));
            }
        }
    }

    /// Removes a recorded row: it will not be in the database.
    pub(super) fn withdraw(&mut self, table: usize, values: &[Value]) {
        for columns in &self.referred[table] {
            let key = fingerprint(table, columns.iter().map(|&column| &values[column]));
            self.present.remove(&key);
            self.missing.insert(key);
        }
    }

    /// Removes a recorded row that another program deleted although its record did not change. No new row may refer to
    /// it.
    pub(super) fn deleted(&mut self, table: usize, values: &[Value]) {
        for columns in self.referred[table].iter().chain(&self.enclosing[table]) {
            let key = fingerprint(table, columns.iter().map(|&column| &values[column]));
            self.present.remove(&key);
            self.open.remove(&key);
            self.deleted.insert(key);
        }
    }

    /// The requested parents that are neither among this run's rows so far nor looked up yet.
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

    /// Takes the parents of [`Self::unresolved`] that the database has. The others are missing, unless they belong to
    /// the child's own table: those may still follow.
    pub(super) fn looked_up(&mut self, found: &[ParentKey]) {
        self.last = None;
        for parent in found {
            let key = fingerprint(parent.table, parent.values.iter());
            if let Some(open) = self.open.remove(&key) {
                self.found.insert(key, (open.child.table, open.first));
            }
            self.present.insert(key);
        }
        let missing = self
            .open
            .extract_if(|_, open| open.looked_up && open.child.table != open.parent.table);
        self.missing.extend(missing.map(|(key, _)| key));
    }

    /// The table and location of the first child that refers to this row and found it in the database.
    pub(super) fn asked_for(&self, table: usize, values: &[Value]) -> Option<&(usize, Origin)> {
        let mut keys = self.referred[table].iter();
        keys.find_map(|columns| {
            let own = columns.iter().map(|&column| &values[column]);
            self.found.get(&fingerprint(table, own))
        })
    }

    /// The first foreign key of a row whose parent is missing everywhere.
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

    /// Parents in the child's own table that did not follow, with the location of the first child.
    pub(super) fn never_came(&mut self) -> Vec<(Dangling, Origin)> {
        let present = &self.present;
        self.open.retain(|key, _| !present.contains(key));
        let dangling = |open: RequestedParent| {
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
