//! Finds rows that refer to rows about to be deleted: the database would delete or change them, or reject the deletion.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{ForeignKey, OnDelete, Origin, Value};
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, lock};
use crate::plan::{ConflictPolicy, Planner};

/// The first reference to a row, and the number of references.
#[derive(Debug)]
pub(super) struct Referrer {
    /// Index of its table.
    pub(super) table: usize,
    pub(super) referring: ReferrerRow,
    /// The foreign key's action on delete.
    pub(super) on_delete: OnDelete,
    pub(super) count: u64,
}

#[derive(Debug)]
pub(super) enum ReferrerRow {
    /// A record in a file that this run read.
    Record(Origin),
    /// A row that this run leaves as it is, by its record id.
    Row(String),
}

impl Referrer {
    fn new(table: usize, referring: ReferrerRow, on_delete: OnDelete) -> Self {
        Self {
            table,
            referring,
            on_delete,
            count: 1,
        }
    }

    /// Whether the row can be deleted anyway: no record that was read refers to it, the database allows it, and no row
    /// is lost whose record is still in the files.
    pub(super) fn allows_deletion(&self) -> bool {
        matches!(self.referring, ReferrerRow::Row(_)) && self.on_delete == OnDelete::SetNull
    }

    /// Whether the row is deleted anyway.
    pub(super) fn allows_deletion_under(&self, policy: ConflictPolicy) -> bool {
        self.allows_deletion() && policy == ConflictPolicy::TakeFile
    }
}

/// A row to delete: its record id and its values.
pub(super) type RowToDelete<'r> = (&'r str, &'r [Value]);

/// Finds references to rows that are to be deleted. Children must be processed before their parents.
pub(super) struct Referrers<'l> {
    layout: &'l Layout,
    policy: ConflictPolicy,
    /// Record ids of the deleted rows, by table.
    deleted: Vec<HashSet<String>>,
}

impl<'l> Referrers<'l> {
    pub(super) fn new(layout: &'l Layout, policy: ConflictPolicy) -> Self {
        Self {
            layout,
            policy,
            deleted: vec![HashSet::new(); layout.tables.len()],
        }
    }

    /// References to the `going` rows of `table` from rows that are not deleted themselves, by index of the row. Rows
    /// without such references, or with references that [do not prevent the deletion](Referrer::allows_deletion_under),
    /// count as deleted from now on.
    pub(super) fn of(
        &mut self,
        database: &SharedDatabase<'_>,
        planner: &Planner<'_>,
        (table, going): (usize, &[RowToDelete<'_>]),
    ) -> Result<BTreeMap<usize, Referrer>, OperationError> {
        let mut found = RemainingReferrers::default();
        if going.is_empty() {
            return Ok(found.0);
        }
        for (place, (_, values)) in going.iter().enumerate() {
            if let Some((child, origin)) = planner.asked_for(table, values) {
                let referring = ReferrerRow::Record(origin.clone());
                found.add(place, Referrer::new(*child, referring, OnDelete::Restrict));
            }
        }
        // Within the table itself it is not known yet which of the rows will be deleted.
        let mut own = Vec::new();
        for (child, key) in self.keys_to(table) {
            for (place, row) in self.rows(database, (child, key), (table, going))? {
                if self.deleted[child].contains(&row) || planner.updates(child, &row) {
                    continue;
                }
                let referrer = Referrer::new(child, ReferrerRow::Row(row), key.on_delete);
                match child == table {
                    true => own.push((place, referrer)),
                    false => found.add(place, referrer),
                }
            }
        }
        found.resolve(own, going, self.policy);
        let going = going.iter().enumerate();
        let removed = going.filter(|(place, _)| !found.stays(*place, self.policy));
        self.deleted[table].extend(removed.map(|(_, (record_id, _))| (*record_id).to_owned()));
        Ok(found.0)
    }

    /// The foreign keys that refer to a table, with the indexes of their tables.
    fn keys_to(&self, table: usize) -> impl Iterator<Item = (usize, &'l ForeignKey)> {
        let name = &self.layout.tables[table].table.name;
        let children = self.layout.tables.iter().enumerate();
        children.flat_map(move |(child, table)| {
            let keys = table.table.foreign_keys.iter();
            keys.filter(|key| key.table == *name)
                .map(move |key| (child, key))
        })
    }

    /// The rows that refer to rows of `table` by one foreign key: index of the parent, record id of the child.
    fn rows(
        &self,
        database: &SharedDatabase<'_>,
        (child, key): (usize, &ForeignKey),
        (table, going): (usize, &[RowToDelete<'_>]),
    ) -> Result<Vec<(usize, String)>, OperationError> {
        let parent = &self.layout.tables[table].table;
        let columns: Vec<usize> = key
            .references
            .iter()
            .filter_map(|name| parent.column(name))
            .collect();
        let key_of = |(_, values): &RowToDelete<'_>| {
            columns
                .iter()
                .map(|&column| values[column].clone())
                .collect()
        };
        let keys: Vec<Vec<Value>> = going.iter().map(key_of).collect();
        let mut rows = Vec::new();
        let child = &self.layout.tables[child];
        lock(database).rows_with(child, (&key.columns, &keys), &mut |place, row| {
            rows.push((place, row))
        })?;
        Ok(rows)
    }
}

/// A referrer of each row: one that prevents its deletion, if there is one.
#[derive(Default)]
struct RemainingReferrers(BTreeMap<usize, Referrer>);

impl RemainingReferrers {
    fn add(&mut self, place: usize, referrer: Referrer) {
        let Some(first) = self.0.get_mut(&place) else {
            self.0.insert(place, referrer);
            return;
        };
        let count = first.count + 1;
        if first.allows_deletion() && !referrer.allows_deletion() {
            *first = referrer;
        }
        first.count = count;
    }

    fn stays(&self, place: usize, policy: ConflictPolicy) -> bool {
        let referrer = self.0.get(&place);
        referrer.is_some_and(|referrer| !referrer.allows_deletion_under(policy))
    }

    /// Adds references between rows of the same table, unless the referring row is deleted too: a row that stays keeps
    /// the rows it refers to.
    fn resolve(
        &mut self,
        mut own: Vec<(usize, Referrer)>,
        going: &[RowToDelete<'_>],
        policy: ConflictPolicy,
    ) {
        let places = going.iter().enumerate();
        let places: HashMap<&str, usize> = places.map(|(place, (id, _))| (*id, place)).collect();
        loop {
            let stays = |referrer: &Referrer| match &referrer.referring {
                ReferrerRow::Record(_) => true,
                ReferrerRow::Row(row) => {
                    let place = places.get(row.as_str());
                    place.is_none_or(|place| self.stays(*place, policy))
                }
            };
            let (staying, rest): (Vec<_>, Vec<_>) =
                own.into_iter().partition(|(_, referrer)| stays(referrer));
            if staying.is_empty() {
                return;
            }
            for (place, referrer) in staying {
                self.add(place, referrer);
            }
            own = rest;
        }
    }
}
