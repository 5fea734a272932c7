//! What still refers to rows that are about to be deleted: the database would delete that too, change it, or refuse.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{ForeignKey, OnDelete, Origin, Value};
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, lock};
use crate::plan::{ConflictPolicy, Planner};

/// The first thing that refers to a row, and how many there are.
#[derive(Debug)]
pub(super) struct Referrer {
    /// Index of its table.
    pub(super) table: usize,
    pub(super) who: Who,
    /// What the database does to it.
    pub(super) on_delete: OnDelete,
    pub(super) count: u64,
}

#[derive(Debug)]
pub(super) enum Who {
    /// A record in a file that this run read.
    Record(Origin),
    /// A row that this run leaves as it is, by its record id.
    Row(String),
}

impl Referrer {
    fn new(table: usize, who: Who, on_delete: OnDelete) -> Self {
        Self {
            table,
            who,
            on_delete,
            count: 1,
        }
    }

    /// Whether the row can be deleted all the same: no file that was read says otherwise, the database lets it, and no
    /// row is lost but those whose records are gone.
    pub(super) fn lets_go(&self) -> bool {
        matches!(self.who, Who::Row(_)) && self.on_delete == OnDelete::SetNull
    }

    /// Whether the row is deleted all the same.
    pub(super) fn yields(&self, policy: ConflictPolicy) -> bool {
        self.lets_go() && policy == ConflictPolicy::TakeFile
    }
}

/// A row that is to be deleted: its record id and its values.
pub(super) type Going<'r> = (&'r str, &'r [Value]);

/// Looks for what refers to rows that are to be deleted. To be asked about children before their parents.
pub(super) struct Referrers<'l> {
    layout: &'l Layout,
    policy: ConflictPolicy,
    /// Record ids of the rows that are deleted, by table.
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

    /// What refers to the rows `going` of `table` and is not deleted itself, by the row's place. The rows of which
    /// nothing does, or what [yields](Referrer::yields), count as deleted from now on.
    pub(super) fn of(
        &mut self,
        database: &SharedDatabase<'_>,
        planner: &Planner<'_>,
        (table, going): (usize, &[Going<'_>]),
    ) -> Result<BTreeMap<usize, Referrer>, OperationError> {
        let mut found = Found::default();
        if going.is_empty() {
            return Ok(found.0);
        }
        for (place, (_, values)) in going.iter().enumerate() {
            if let Some((child, origin)) = planner.asked_for(table, values) {
                let who = Who::Record(origin.clone());
                found.note(place, Referrer::new(*child, who, OnDelete::Restrict));
            }
        }
        // Within the table itself it is still open which of the rows will go.
        let mut own = Vec::new();
        for (child, key) in self.keys_to(table) {
            for (place, row) in self.rows(database, (child, key), (table, going))? {
                if self.deleted[child].contains(&row) || planner.updates(child, &row) {
                    continue;
                }
                let referrer = Referrer::new(child, Who::Row(row), key.on_delete);
                match child == table {
                    true => own.push((place, referrer)),
                    false => found.note(place, referrer),
                }
            }
        }
        found.settle(own, going, self.policy);
        let going = going.iter().enumerate();
        let gone = going.filter(|(place, _)| !found.stays(*place, self.policy));
        self.deleted[table].extend(gone.map(|(_, (record_id, _))| (*record_id).to_owned()));
        Ok(found.0)
    }

    /// The foreign keys that refer to a table, with the indexes of their own.
    fn keys_to(&self, table: usize) -> impl Iterator<Item = (usize, &'l ForeignKey)> {
        let name = &self.layout.tables[table].table.name;
        let children = self.layout.tables.iter().enumerate();
        children.flat_map(move |(child, table)| {
            let keys = table.table.foreign_keys.iter();
            keys.filter(|key| key.table == *name)
                .map(move |key| (child, key))
        })
    }

    /// The rows that refer to rows of `table` with one foreign key: the place of the latter, record id of the former.
    fn rows(
        &self,
        database: &SharedDatabase<'_>,
        (child, key): (usize, &ForeignKey),
        (table, going): (usize, &[Going<'_>]),
    ) -> Result<Vec<(usize, String)>, OperationError> {
        let parent = &self.layout.tables[table].table;
        let columns: Vec<usize> = key
            .references
            .iter()
            .filter_map(|name| parent.column(name))
            .collect();
        let key_of = |(_, values): &Going<'_>| {
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

/// A referrer of each row: one that does not let it go, if there is one.
#[derive(Default)]
struct Found(BTreeMap<usize, Referrer>);

impl Found {
    fn note(&mut self, place: usize, referrer: Referrer) {
        let Some(first) = self.0.get_mut(&place) else {
            self.0.insert(place, referrer);
            return;
        };
        let count = first.count + 1;
        if first.lets_go() && !referrer.lets_go() {
            *first = referrer;
        }
        first.count = count;
    }

    fn stays(&self, place: usize, policy: ConflictPolicy) -> bool {
        let referrer = self.0.get(&place);
        referrer.is_some_and(|referrer| !referrer.yields(policy))
    }

    /// Adds what refers to a row of its own table, unless it goes too: a row that stays keeps those it refers to.
    fn settle(
        &mut self,
        mut own: Vec<(usize, Referrer)>,
        going: &[Going<'_>],
        policy: ConflictPolicy,
    ) {
        let places = going.iter().enumerate();
        let places: HashMap<&str, usize> = places.map(|(place, (id, _))| (*id, place)).collect();
        loop {
            let stays = |referrer: &Referrer| match &referrer.who {
                Who::Record(_) => true,
                Who::Row(row) => {
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
                self.note(place, referrer);
            }
            own = rest;
        }
    }
}
