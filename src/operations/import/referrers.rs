//! Finds rows that refer to rows about to be deleted: the database would delete or change them, or reject the deletion.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::database::ReferringKey;
use crate::layout::Layout;
use crate::model::{ForeignKey, OnDelete, Origin, PerTable, RecordId, TableIndex, Value};
use crate::operations::OperationError;
use crate::operations::directory::{
    SharedTransaction, each_referring_row, is_of_layout, is_same_key, lock, table_named,
};
use crate::plan::{ConflictPolicy, Planner};

/// The first reference to a row, and the number of references.
#[derive(Debug)]
pub(super) struct Referrer {
    /// The name of its table.
    pub(super) table: String,
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
    Row(RecordId),
    /// A row of a table without a primary key, or of another schema.
    Unnamed,
}

impl Referrer {
    fn new(table: &str, referring: ReferrerRow, on_delete: OnDelete) -> Self {
        Self {
            table: table.to_owned(),
            referring,
            on_delete,
            count: 1,
        }
    }

    /// Whether the row can be deleted anyway: no record that was read refers to it, the database allows it, and no row
    /// is lost whose record is still in the files.
    pub(super) fn allows_deletion(&self) -> bool {
        !matches!(self.referring, ReferrerRow::Record(_)) && self.on_delete == OnDelete::SetNull
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
    deleted: PerTable<HashSet<RecordId>>,
}

impl<'l> Referrers<'l> {
    pub(super) fn new(layout: &'l Layout, policy: ConflictPolicy) -> Self {
        Self {
            layout,
            policy,
            deleted: vec![HashSet::new(); layout.tables.len()].into(),
        }
    }

    /// References to the `going` rows of `table` from rows that are not deleted themselves, by index of the row. Rows
    /// without such references, or with references that [do not prevent the deletion](Referrer::allows_deletion_under),
    /// count as deleted from now on.
    pub(super) fn of(
        &mut self,
        database: &SharedTransaction<'_>,
        planner: &Planner<'_>,
        table: TableIndex,
        going: &[RowToDelete<'_>],
    ) -> Result<BTreeMap<usize, Referrer>, OperationError> {
        let mut found = RemainingReferrers::default();
        if going.is_empty() {
            return Ok(found.0);
        }
        let name = |table: TableIndex| self.layout.tables[table].table.name.as_str();
        for (place, (_, values)) in going.iter().enumerate() {
            if let Some((child, origin)) = planner.asked_for(table, values) {
                let referring = ReferrerRow::Record(origin.clone());
                let referrer = Referrer::new(name(*child), referring, OnDelete::Restrict);
                found.add(place, referrer);
            }
        }
        // Within the table itself it is not known yet which of the rows will be deleted.
        let mut own = Vec::new();
        let keys = lock(database).tables().keys_that_refer_to(name(table))?;
        for (child, key) in self.keys_to(table) {
            // The table may have been made by the application, with a key whose action has no entry.
            let is_silent = |found: &ReferringKey| {
                found.deletes_silently
                    && found.schema.is_none()
                    && found.table.eq_ignore_ascii_case(name(child))
            };
            let on_delete = match keys.iter().any(is_silent) {
                true => OnDelete::Restrict,
                false => key.on_delete,
            };
            for (place, row) in self.rows(database, child, key, table, &keys, going)? {
                if self.deleted[child].contains(&row) || planner.updates(child, &row) {
                    continue;
                }
                let referrer = Referrer::new(name(child), ReferrerRow::Row(row), on_delete);
                match child == table {
                    true => own.push((place, referrer)),
                    false => found.add(place, referrer),
                }
            }
        }
        self.add_others(database, table, &keys, going, &mut found, &mut own)?;
        found.resolve(own, going, self.policy);
        let going = going.iter().enumerate();
        let removed = going.filter(|(place, _)| !found.stays(*place, self.policy));
        self.deleted[table].extend(removed.map(|(_, (record_id, _))| RecordId::from(*record_id)));
        Ok(found.0)
    }

    /// Adds rows that refer by foreign keys which the layout does not have, also rows of tables of the application.
    fn add_others(
        &self,
        database: &SharedTransaction<'_>,
        table: TableIndex,
        keys: &[ReferringKey],
        going: &[RowToDelete<'_>],
        found: &mut RemainingReferrers,
        own: &mut Vec<(usize, Referrer)>,
    ) -> Result<(), OperationError> {
        let parent = &self.layout.tables[table].table;
        let record_ids: Vec<&str> = going.iter().map(|(id, _)| *id).collect();
        let others = keys
            .iter()
            .filter(|key| !is_of_layout(self.layout, table, key));
        for key in others {
            let child = table_named(self.layout, &key.table).filter(|_| key.schema.is_none());
            let name = key.name();
            let on_delete = match key.sets_null && !key.deletes_silently {
                true => OnDelete::SetNull,
                false => OnDelete::Restrict,
            };
            let is_deleted = |row: &str| child.is_some_and(|at| self.deleted[at].contains(row));
            each_referring_row(
                database,
                key,
                parent,
                &record_ids,
                &is_deleted,
                &mut |place, row| {
                    let referring = row.map_or(ReferrerRow::Unnamed, ReferrerRow::Row);
                    let referrer = Referrer::new(&name, referring, on_delete);
                    match child == Some(table) {
                        true => own.push((place, referrer)),
                        false => found.add(place, referrer),
                    }
                },
            )?;
        }
        Ok(())
    }

    /// The foreign keys that refer to a table, with the indexes of their tables.
    fn keys_to(&self, table: TableIndex) -> impl Iterator<Item = (TableIndex, &'l ForeignKey)> {
        let name = &self.layout.tables[table].table.name;
        let children = self.layout.tables.enumerated();
        children.flat_map(move |(child, table)| {
            let keys = table.table.foreign_keys.iter();
            keys.filter(|key| key.table == *name)
                .map(move |key| (child, key))
        })
    }

    /// The rows that refer to rows of `table` by one foreign key: index of the parent, record id of the child. Also those
    /// whose values differ from the parent's and are equal for the database, such as in another case.
    fn rows(
        &self,
        database: &SharedTransaction<'_>,
        child: TableIndex,
        key: &ForeignKey,
        table: TableIndex,
        stored: &[ReferringKey],
        going: &[RowToDelete<'_>],
    ) -> Result<Vec<(usize, RecordId)>, OperationError> {
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
        lock(database).tables().rows_with(
            &self.layout.tables[child],
            &key.columns,
            &keys,
            &mut |place, row| rows.push((place, row)),
        )?;
        let is_stored = |stored: &&ReferringKey| {
            stored.schema.is_none()
                && table_named(self.layout, &stored.table) == Some(child)
                && is_same_key(&self.layout.tables[child].table, key, stored)
        };
        if let Some(stored) = stored.iter().find(is_stored) {
            let same: HashSet<RecordId> = rows.iter().map(|(_, row)| row.clone()).collect();
            let record_ids: Vec<&str> = going.iter().map(|(id, _)| *id).collect();
            let known = |row: &str| same.contains(row) || self.deleted[child].contains(row);
            each_referring_row(
                database,
                stored,
                parent,
                &record_ids,
                &known,
                &mut |place, row| {
                    rows.extend(row.map(|row| (place, row)));
                },
            )?;
        }
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
                ReferrerRow::Record(_) | ReferrerRow::Unnamed => true,
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
