//! Checks foreign keys before anything is committed, so that a missing parent is a finding with a location.

mod late;
mod rejected;

use std::collections::{HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{Fingerprint, Origin, PerTable, TableIndex, Value};

use super::change::TableColumns;
use super::dangling::{Dangling, Missing};
use super::layout_keys::{Key, fingerprint, parents, split};

/// A parent row that must exist.
#[derive(Debug, Clone, PartialEq)]
pub struct ParentKey {
    /// Index of the parent's table.
    pub table: TableIndex,
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
    /// The children that refer to it, if they are rows of its own table, and may come before it, with their own keys.
    children: HashMap<Origin, Vec<Fingerprint>>,
    looked_up: bool,
}

/// Tracks the keys of this run's parent rows and the keys that children refer to.
#[derive(Debug)]
pub(super) struct ForeignKeys {
    /// Per table, the foreign keys whose values come from the files.
    checked: PerTable<Vec<Key>>,
    /// Per table, the foreign keys whose values come from an enclosing row, which is among the same rows.
    inherited: PerTable<Vec<Key>>,
    /// Per table, the keys that foreign keys with values from the files refer to.
    referred: PerTable<Vec<Vec<usize>>>,
    /// Per table, the keys that inherited foreign keys refer to.
    enclosing: PerTable<Vec<Vec<usize>>>,
    present: HashSet<Fingerprint>,
    /// Parents found in the database, with the first child that refers to them.
    found: HashMap<Fingerprint, (TableIndex, Origin)>,
    open: HashMap<Fingerprint, RequestedParent>,
    /// Parents that came after children of their own table: if they are rejected, these children cannot be written.
    late: HashMap<Fingerprint, RequestedParent>,
    missing: HashSet<Fingerprint>,
    /// The keys of rejected records, and where the first record with each of them is.
    invalid: HashMap<Fingerprint, Origin>,
    /// Rows that another program deleted although their records did not change.
    deleted: HashSet<Fingerprint>,
    /// The key requested last: consecutive children mostly have the same parent.
    last: Option<(TableIndex, usize, Vec<Value>)>,
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
            late: HashMap::new(),
            missing: HashSet::new(),
            invalid: HashMap::new(),
            deleted: HashSet::new(),
            last: None,
        }
    }

    /// Whether rows of any table refer to rows of this one.
    pub(super) fn has_children(&self, table: TableIndex) -> bool {
        !self.referred[table].is_empty() || !self.enclosing[table].is_empty()
    }

    /// Records a row that will be in the database, unless it is [withdrawn](Self::withdraw), and the keys it refers to.
    pub(super) fn add(&mut self, table: TableIndex, values: &[Value], origin: &Origin) {
        self.place(table, values);
        for (which, key) in self.checked[table].iter().enumerate() {
            let own = || key_values(&key.columns, values);
            if own().any(|value| value.is_null() || *value == Value::Default) {
                continue;
            }
            let is_own = key.parent_table == table;
            if let Some((t, w, last)) = &self.last
                && !is_own
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
                    children: HashMap::new(),
                    looked_up: false,
                };
                let open = self.open.entry(wanted).or_insert(open);
                if is_own {
                    let keys = self.referred[table].iter();
                    let keys = keys.map(|columns| fingerprint(table, key_values(columns, values)));
                    open.children.insert(origin.clone(), keys.collect());
                }
            }
            self.last = Some((table, which, own().cloned().collect()));
        }
    }

    /// Records the known keys of a row that will be in the database. Call it again when a generated key is known.
    pub(super) fn place(&mut self, table: TableIndex, values: &[Value]) {
        for columns in &self.referred[table] {
            if !key_values(columns, values).any(|value| *value == Value::Default) {
                let key = fingerprint(table, key_values(columns, values));
                if !self.missing.is_empty() {
                    self.missing.remove(&key);
                }
                self.present.insert(key);
            }
        }
    }

    /// Removes a recorded row that another program deleted although its record did not change. No new row may refer to
    /// it.
    pub(super) fn deleted(&mut self, table: TableIndex, values: &[Value]) {
        for columns in self.referred[table].iter().chain(&self.enclosing[table]) {
            let key = fingerprint(table, key_values(columns, values));
            self.present.remove(&key);
            self.open.remove(&key);
            self.deleted.insert(key);
        }
    }

    /// The requested parents that are neither among this run's rows so far nor looked up yet.
    pub(super) fn unresolved(&mut self) -> Vec<ParentKey> {
        self.resolve_present();
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
    pub(super) fn asked_for(
        &self,
        table: TableIndex,
        values: &[Value],
    ) -> Option<&(TableIndex, Origin)> {
        let mut keys = self.referred[table].iter();
        keys.find_map(|columns| {
            self.found
                .get(&fingerprint(table, key_values(columns, values)))
        })
    }

    /// The first foreign key of a row whose parent is missing everywhere.
    pub(super) fn missing_parent(&self, table: TableIndex, values: &[Value]) -> Option<Dangling> {
        if self.missing.is_empty() {
            return None;
        }
        let keys = self.checked[table].iter();
        let (wanted, mut dangling) = first(keys, table, values, &self.missing)?;
        dangling.why = self.nowhere(&wanted);
        Some(dangling)
    }

    /// Why a parent is not found.
    fn nowhere(&self, wanted: &Fingerprint) -> Missing {
        let invalid = self.invalid.get(wanted).cloned();
        invalid.map_or(Missing::Nowhere, Missing::Invalid)
    }

    /// Forgets requests for parents that are among this run's rows.
    fn resolve_present(&mut self) {
        let present = &self.present;
        let found = self.open.extract_if(|key, _| present.contains(key));
        self.late
            .extend(found.filter(|(_, request)| !request.children.is_empty()));
    }

    /// The first foreign key of a row whose parent was [deleted](Self::deleted).
    pub(super) fn deleted_parent(&self, table: TableIndex, values: &[Value]) -> Option<Dangling> {
        if self.deleted.is_empty() {
            return None;
        }
        let keys = self.checked[table].iter().chain(&self.inherited[table]);
        let found = first(keys, table, values, &self.deleted);
        found.map(|(_, dangling)| Dangling {
            why: Missing::Deleted,
            ..dangling
        })
    }
}

/// The first of `keys` that refers to one of `parents`.
fn first<'k>(
    mut keys: impl Iterator<Item = &'k Key>,
    table: TableIndex,
    values: &[Value],
    parents: &HashSet<Fingerprint>,
) -> Option<(Fingerprint, Dangling)> {
    let (key, wanted) = keys.find_map(|key| {
        let wanted = key.wanted(values);
        parents.contains(&wanted).then_some((key, wanted))
    })?;
    let columns = key.columns.clone();
    let dangling = Dangling {
        why: Missing::Nowhere,
        columns: TableColumns { table, columns },
        parent: key.parent_table,
    };
    Some((wanted, dangling))
}

/// The values of these columns.
fn key_values<'v>(columns: &[usize], values: &'v [Value]) -> impl Iterator<Item = &'v Value> {
    columns.iter().map(|&column| &values[column])
}
