//! Processes the entries of a run from the last to the first: decides on each entry, and applies the decision.
//!
//! The entries are processed twice, to plan and to write, so that memory does not grow with the run. Both passes see
//! the same rows, because they are in one transaction. For each row, only the last entry is compared with the current
//! row: earlier entries follow from it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::audit::revert::{Reversal, RevertConflict, Undo, undo, undo_unchecked};
use crate::audit::seal::{Header, TableActions};
use crate::audit::{Image, Key, Step};
use crate::database::ledger::RunRecord;
use crate::database::{
    Database, DatabaseError, LaterEntry, Mismatch, RecordedChange, RestoredTable, RowUndo,
};
use crate::model::{Findings, Level};
use crate::operations::{Context, OperationError};

use super::not_restorable;
use super::outcome::{RevertConflictAt, RevertOutcome, RevertStatus, RevertedTable};
use super::{RevertOptions, mismatch};

/// Number of entries processed together.
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
    /// Hashes of rows with entries seen so far.
    seen: HashSet<u64>,
    keys: RandomState,
    kept: HashSet<(String, String)>,
    counts: BTreeMap<String, RevertedTable>,
    conflicts: Vec<RevertConflictAt>,
    conflicts_not_kept: u64,
    findings: Findings,
}

/// An entry with its decision.
struct DecidedEntry {
    step: Step,
    /// The record id after the entry.
    record_id: String,
    /// Whether it is the last entry of its row.
    is_last: bool,
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
        loop {
            let page = database.last_steps_of_run(&self.undone.id, (after, before), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = last.id;
            // Consecutive entries mostly belong to one table, and the order of entries must be kept.
            for entries in page.chunk_by(|a, b| a.table_name == b.table_name) {
                self.entries(database, entries, apply)?;
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
        entries: &[RecordedChange],
        apply: Apply,
    ) -> Result<(), OperationError> {
        let table = self.table(database, &entries[0].table_name)?;
        let name = &table.table().name;
        let key = Key::of_table(table.table(), database.key_rule());
        let mut decided = Vec::with_capacity(entries.len());
        for entry in entries {
            let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
            let step = Step::read(&entry.action, old, new);
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
                record_id: moved.unwrap_or_else(|| entry.record_id.clone()),
                is_last,
            });
        }
        let rows = self.rows(database, &table, &decided)?;
        let later = self.later(database, name, &decided)?;
        let mut undos = Vec::with_capacity(decided.len());
        for one in decided {
            let later = later
                .get(one.record_id.as_str())
                .map_or(&[][..], Vec::as_slice);
            let row = rows.get(&one.record_id);
            let after = after(&one.step);
            let written = row.map(|row| table.without_defaults(row, after));
            let undo = self.decide(name, &one, written.as_ref(), later);
            let before = row.filter(|_| one.is_last).unwrap_or(after);
            if let Some(obstacle) = table.obstacle((after, undo.as_ref()), before) {
                let place = (name.as_str(), one.record_id.as_str());
                let finding = not_restorable::obstacle(place, &obstacle, self.options.policy);
                self.findings.push(finding);
            }
            if let Some(undo) = undo {
                let before = before.clone();
                if table.changes_nothing(&undo, &before) {
                    let counts = self.counts.entry(name.clone()).or_default();
                    counts.updated -= 1;
                    counts.unchanged += 1;
                    continue;
                }
                let key = database.key_of_image(&table, after);
                undos.push(RowUndo { key, before, undo });
            }
        }
        if apply == Apply::Everything {
            for row in database.restore_rows(&table, &undos)? {
                self.findings.push(not_restorable::rejected(name, &row));
            }
        }
        Ok(())
    }

    /// Decides on an entry; returns `None` if nothing has to be done.
    fn decide(
        &mut self,
        table: &str,
        one: &DecidedEntry,
        row: Option<&Image>,
        later: &[LaterEntry],
    ) -> Option<Undo> {
        let row_key = || (table.to_owned(), one.record_id.clone());
        let decided = if !one.is_last {
            if self.kept.contains(&row_key()) {
                self.counts.entry(table.to_owned()).or_default().skipped += 1;
                return None;
            }
            Reversal::Undo(undo_unchecked(&one.step))
        } else {
            let steps: Vec<Step> = later.iter().filter_map(read_later).collect();
            undo(&one.step, row, &steps, self.options.policy)
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
                self.kept.insert(row_key());
                self.conflict(table, one, conflict, later.last());
                None
            }
        }
    }

    fn conflict(
        &mut self,
        table: &str,
        one: &DecidedEntry,
        conflict: RevertConflict,
        by: Option<&LaterEntry>,
    ) {
        if self.conflicts.len() < self.options.limit {
            self.conflicts.push(RevertConflictAt {
                table: table.to_owned(),
                record_id: one.record_id.clone(),
                conflict,
                by: by.map(|entry| (entry.changed_by.clone(), entry.changed_at.clone())),
                run: by.and_then(|entry| entry.run_id.clone()),
            });
        } else {
            self.conflicts_not_kept += 1;
        }
    }

    /// The current rows of those entries that are the last of their row.
    fn rows(
        &self,
        database: &mut Database,
        table: &RestoredTable,
        decided: &[DecidedEntry],
    ) -> Result<HashMap<String, Image>, OperationError> {
        let last = decided.iter().filter(|one| one.is_last);
        let keys: Vec<_> = last
            .map(|one| database.key_of_image(table, after(&one.step)))
            .collect();
        let rows = database.live_rows(table, &keys)?.into_iter();
        Ok(rows
            .map(|row| {
                let image = serde_json::from_str(&row.image).unwrap_or_default();
                (row.record_id, image)
            })
            .collect())
    }

    fn later(
        &self,
        database: &mut Database,
        table: &str,
        decided: &[DecidedEntry],
    ) -> Result<HashMap<String, Vec<LaterEntry>>, OperationError> {
        let mut later: HashMap<String, Vec<LaterEntry>> = HashMap::new();
        if self.something_later {
            let last = decided.iter().filter(|one| one.is_last);
            let ids: Vec<String> = last.map(|one| one.record_id.clone()).collect();
            for entry in database.later_entries(table, &ids, self.between.1 - 1)? {
                later
                    .entry(entry.record_id.clone())
                    .or_default()
                    .push(entry);
            }
        }
        Ok(later)
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

/// The image with the key of the row after an entry, or of the deleted row.
fn after(step: &Step) -> &Image {
    match step {
        Step::Insert { new } | Step::Update { new, .. } => new,
        Step::Delete { old } => old,
    }
}

/// An unreadable entry is ignored: a changed row shows that something happened.
fn read_later(entry: &LaterEntry) -> Option<Step> {
    let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
    Step::read(&entry.action, old, new).ok()
}
