//! Processes the entries of a run from the last to the first: decides on each entry, and applies the decision.
//!
//! The entries are processed twice, to plan and to write, so that memory does not grow with the run. Both passes see
//! the same rows, because they are in one transaction. For each row, only the last entry is compared with the current
//! row: earlier entries follow from it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::audit::revert::{Reversal, Undo, undo, undo_unchecked};
use crate::audit::seal::{Header, TableActions};
use crate::audit::{Image, Key, Step};
use crate::database::ledger::RunRecord;
use crate::database::{
    Database, DatabaseError, Mismatch, Pages, RecordedChange, RestoredTable, RowUndo,
};
use crate::model::{Findings, Level};
use crate::operations::{Context, OperationError};

use super::found_rows::{FoundRows, Portion};
use super::not_restorable;
use super::outcome::{RevertConflictAt, RevertOutcome, RevertStatus, RevertedTable};
use super::{RevertOptions, mismatch};

/// Number of entries read at a time, unless they are large.
const PAGE: i64 = 2000;

/// Whether decisions are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apply {
    Nothing,
    Everything,
}

/// A revert in progress.
pub(super) struct Reverting<'a> {
    options: &'a RevertOptions,
    undone: &'a RunRecord,
    ctx: Context<'a>,
    /// The ids between which the run's entries are, both excluded.
    between: (i64, i64),
    /// Whether the run was reverted before, and that was not reverted itself.
    pub(super) is_undone: bool,
    /// Whether there are entries after the run.
    something_later: bool,
    tables: HashMap<String, Arc<RestoredTable>>,
    portion: Portion,
    /// Hashes of rows with entries seen so far.
    seen: HashSet<u64>,
    keys: RandomState,
    kept: HashSet<(String, String)>,
    counts: BTreeMap<String, RevertedTable>,
    conflicts: Vec<RevertConflictAt>,
    conflicts_not_kept: u64,
    findings: Findings,
}

/// An entry to decide on.
pub(super) struct DecidedEntry {
    pub(super) step: Step,
    /// The record id after the entry.
    pub(super) record_id: String,
    /// Whether it is the last entry of its row.
    pub(super) is_last: bool,
}

impl<'a> Reverting<'a> {
    pub(super) fn begin(
        database: &mut Database,
        options: &'a RevertOptions,
        undone: &'a RunRecord,
        ctx: Context<'a>,
    ) -> Result<Self, OperationError> {
        let last = database.last_entry_id()?;
        // A run from before seals were introduced has no seal; the whole audit log is searched.
        let sealed = database.seals_of_run(&undone.id)?;
        let header = sealed.first().map(|seal| Header::parse(&seal.header));
        let ids = header.and_then(Result::ok).map(|header| header.entries.ids);
        let between = match ids {
            Some(ids) => (ids.first().unwrap_or(1) - 1, ids.last().unwrap_or(0) + 1),
            None => (0, last + 1),
        };
        Ok(Self {
            options,
            undone,
            ctx,
            between,
            is_undone: database.undone_runs()?.contains_key(&undone.id),
            something_later: last >= between.1,
            tables: HashMap::new(),
            portion: Portion::default(),
            seen: HashSet::new(),
            keys: RandomState::new(),
            kept: HashSet::new(),
            counts: BTreeMap::new(),
            conflicts: Vec::new(),
            conflicts_not_kept: 0,
            findings: Findings::default(),
        })
    }

    /// Processes all entries.
    pub(super) fn walk(
        &mut self,
        database: &mut Database,
        apply: Apply,
    ) -> Result<(), OperationError> {
        self.seen.clear();
        self.kept.clear();
        self.counts.clear();
        self.conflicts.clear();
        self.conflicts_not_kept = 0;
        self.findings = Findings::default();
        let (after, mut before) = self.between;
        let mut pages = Pages::of(PAGE);
        loop {
            let page = database.last_steps_of_run(&self.undone.id, (after, before), &mut pages)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = last.id;
            // Consecutive entries mostly belong to one table, and the order of entries must be kept.
            let mut page = page.into_iter().peekable();
            while let Some(table) = page.peek().map(|entry| entry.table_name.clone()) {
                let of_table = std::iter::from_fn(|| page.next_if(|one| one.table_name == table));
                let entries = of_table.collect();
                self.entries(database, &table, entries, apply)?;
                if apply == Apply::Everything && self.is_rejected() {
                    return Ok(());
                }
            }
            self.ctx.check_interrupt()?;
        }
    }

    /// Entries of one table, last first.
    fn entries(
        &mut self,
        database: &mut Database,
        table: &str,
        entries: Vec<RecordedChange>,
        apply: Apply,
    ) -> Result<(), OperationError> {
        let table = self.table(database, table)?;
        let name = &table.table().name;
        let key = Key::of_table(table.table(), database.key_rule());
        let mut decided = Vec::with_capacity(entries.len());
        for entry in entries {
            let step = Step::take(&entry.action, entry.old_value, entry.new_value);
            let step = step.map_err(|source| OperationError::UnreadableEntry {
                entry: entry.id,
                source,
            })?;
            let moved = step.new_record_id(&key);
            let is_last = self.is_first_seen(name, moved.as_ref().unwrap_or(&entry.record_id));
            if moved.is_some() {
                // Earlier changes of the row are recorded under its former id.
                self.is_first_seen(name, &entry.record_id);
            }
            decided.push(DecidedEntry {
                step,
                record_id: moved.unwrap_or(entry.record_id),
                is_last,
            });
        }
        while !decided.is_empty() {
            let after = self.something_later.then_some(self.between.1 - 1);
            let found = self.portion.look_up(database, &table, &decided, after)?;
            let others = decided.split_off(found.count);
            self.revert(database, &table, decided, found, apply)?;
            if apply == Apply::Everything && self.is_rejected() {
                return Ok(());
            }
            decided = others;
        }
        Ok(())
    }

    /// Reverts entries of which the rows were looked up.
    fn revert(
        &mut self,
        database: &mut Database,
        table: &RestoredTable,
        decided: Vec<DecidedEntry>,
        mut found: FoundRows,
        apply: Apply,
    ) -> Result<(), OperationError> {
        let name = &table.table().name;
        let mut undos = Vec::new();
        for one in decided {
            let record_id = one.record_id.clone();
            let key = database.key_of_image(table, one.step.row_after());
            let row = found.rows.remove(&record_id).filter(|_| one.is_last);
            // An entry whose row is unknown left it like this.
            let left = row.is_none().then(|| one.step.row_after().clone());
            let former_key = table.former_key(one.step.row_after());
            let written = row.as_ref().and_then(|row| match &one.step {
                Step::Insert { new } => table.without_defaults(row, new),
                Step::Update { .. } | Step::Delete { .. } => None,
            });
            let row_or_written = written.as_ref().or(row.as_ref());
            let undo = self.decide(name, one, row_or_written, &mut found);
            let before = row.or(left).unwrap_or_default();
            let undone = undo.as_ref();
            let obstacle = undone.and_then(|undo| table.obstacle(undo, &before));
            if let Some(obstacle) = former_key.or(obstacle) {
                let place = (name.as_str(), record_id.as_str());
                let finding = not_restorable::obstacle(place, &obstacle, self.options.policy);
                self.findings.push(finding);
            }
            let Some(undo) = undo else {
                continue;
            };
            if table.changes_nothing(&undo, &before) {
                let counts = self.counts.entry(name.clone()).or_default();
                counts.updated -= 1;
                counts.unchanged += 1;
                continue;
            }
            if apply == Apply::Everything {
                undos.push(RowUndo { key, before, undo });
            }
        }
        drop(found);
        for row in database.restore_rows(table, &undos)? {
            self.findings.push(not_restorable::rejected(name, &row));
        }
        Ok(())
    }

    /// Decides on an entry; returns `None` if nothing has to be done.
    fn decide(
        &mut self,
        table: &str,
        one: DecidedEntry,
        row: Option<&Image>,
        found: &mut FoundRows,
    ) -> Option<Undo> {
        let DecidedEntry {
            step,
            record_id,
            is_last,
        } = one;
        let (mut by, mut run) = (None, None);
        let decided = if !is_last {
            if self.kept.contains(&(table.to_owned(), record_id.clone())) {
                self.counts.entry(table.to_owned()).or_default().skipped += 1;
                return None;
            }
            Reversal::Undo(undo_unchecked(step))
        } else {
            let later = found.later.remove(&record_id).unwrap_or_default();
            (by, run) = (later.by, later.run);
            undo(step, row, later.changes, self.options.policy)
        };
        let counts = self.counts.entry(table.to_owned()).or_default();
        match decided {
            Reversal::Undo(undo) => {
                match &undo {
                    Undo::Insert(_) => counts.inserted += 1,
                    Undo::Update(_) => counts.updated += 1,
                    Undo::Delete => counts.deleted += 1,
                }
                Some(undo)
            }
            Reversal::AlreadyUndone => {
                counts.unchanged += 1;
                None
            }
            Reversal::Conflict(conflict) => {
                counts.skipped += 1;
                self.conflict(RevertConflictAt {
                    table: table.to_owned(),
                    record_id,
                    conflict,
                    by,
                    run,
                });
                None
            }
        }
    }

    fn conflict(&mut self, conflict: RevertConflictAt) {
        let row = (conflict.table.clone(), conflict.record_id.clone());
        self.kept.insert(row);
        if self.conflicts.len() < self.options.limit {
            self.conflicts.push(conflict);
        } else {
            self.conflicts_not_kept += 1;
        }
    }

    fn table(
        &mut self,
        database: &mut Database,
        name: &str,
    ) -> Result<Arc<RestoredTable>, OperationError> {
        if let Some(table) = self.tables.get(name) {
            return Ok(Arc::clone(table));
        }
        let table = database.restored_table(name)?;
        let table = table.ok_or_else(|| OperationError::TableRemoved(name.to_owned()))?;
        if table.table().primary_key.is_empty() {
            return Err(DatabaseError::NoKey(name.to_owned()).into());
        }
        let table = Arc::new(table);
        self.tables.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    fn is_first_seen(&mut self, table: &str, record_id: &str) -> bool {
        self.seen.insert(self.keys.hash_one((table, record_id)))
    }

    /// Rows that are kept as they are, by table and record id.
    pub(super) fn kept(&self) -> &HashSet<(String, String)> {
        &self.kept
    }

    pub(super) fn conflicts(&self) -> u64 {
        self.conflicts.len() as u64 + self.conflicts_not_kept
    }

    /// Whether the database does not accept the values from before the run.
    pub(super) fn is_rejected(&self) -> bool {
        self.findings.count(Level::Error) > 0
    }

    pub(super) fn changes(&self) -> u64 {
        self.counts.values().map(RevertedTable::changes).sum()
    }

    /// The counts that the ledger stores with the run.
    pub(super) fn counts(&self) -> serde_json::Value {
        let table = |(name, counts): (&String, &RevertedTable)| {
            let counts = counts.named().into_iter();
            let counts = counts.map(|(name, count)| (name.to_owned(), count.into()));
            (name.clone(), serde_json::Value::Object(counts.collect()))
        };
        let tables: serde_json::Map<_, _> = self.counts.iter().map(table).collect();
        serde_json::json!({ "tables": tables })
    }

    /// Tables with more or fewer changes than planned, because of a trigger of the application or a cascade.
    pub(super) fn unplanned(&self, happened: &BTreeMap<Box<str>, TableActions>) -> Vec<Mismatch> {
        let count = |table: &str| {
            happened
                .get(table)
                .map_or(0, |actions| actions.values().sum())
        };
        let planned = |table: &str| self.counts.get(table).map_or(0, RevertedTable::changes);
        let mut tables: Vec<&str> = self.counts.keys().map(String::as_str).collect();
        tables.extend(happened.keys().map(AsRef::as_ref));
        tables.sort_unstable();
        tables.dedup();
        tables
            .into_iter()
            .filter(|table| count(table) != planned(table))
            .map(|table| mismatch(table, planned(table), count(table)))
            .collect()
    }

    pub(super) fn outcome(&self, status: RevertStatus) -> RevertOutcome {
        RevertOutcome {
            status,
            database: self.options.database.to_string(),
            undone: self.undone.id.clone(),
            run: None,
            tables: self.counts.clone().into_iter().collect(),
            conflicts: self.conflicts.clone(),
            conflicts_not_kept: self.conflicts_not_kept,
            findings: self.findings.clone().sorted(),
        }
    }
}
