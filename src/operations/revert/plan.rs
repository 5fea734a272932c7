//! Processes the entries of a run from the last to the first: decides on each entry, and applies the decision.
//!
//! The entries are processed twice, to plan and to write, so that memory does not grow with the run. Both passes see
//! the same rows, because they are in one transaction. For each row, only the last entry is compared with the current
//! row: earlier entries follow from it.

mod decisions;

use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::audit::revert::RevertPolicy;
use crate::audit::seal::Header;
use crate::audit::{Key, ReplayStep};
use crate::database::ledger::{RestoredEntries, RunRecord};
use crate::database::{
    DatabaseError, Pages, ReadTransaction, RecordedChange, RestoredTable, WriteTransaction,
};
use crate::model::{EntryId, Findings, Level, RunId};
use crate::operations::{Context, OperationError};

use super::RevertOptions;
use super::found_rows::{DecidedEntry, Portion, Search};
use super::not_restorable;
use super::outcome::{RevertOutcome, RevertStatus};
use super::progress::{Progress, Rows};
use super::referrers::Referrers;
use super::tables::{self, RunTables};
use super::tally::Tally;
use super::waiting::Waiting;

/// Number of entries read at a time, unless they are large.
const PAGE: i64 = 2000;

/// The transaction of a revert. Decisions are applied in one that writes.
pub(super) enum Transaction<'t> {
    Read(&'t mut ReadTransaction),
    Write(&'t mut WriteTransaction),
}

impl Deref for Transaction<'_> {
    type Target = ReadTransaction;

    fn deref(&self) -> &ReadTransaction {
        match self {
            Self::Read(reading) => reading,
            Self::Write(writing) => writing,
        }
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut ReadTransaction {
        match self {
            Self::Read(reading) => reading,
            Self::Write(writing) => writing,
        }
    }
}

/// A revert in progress.
pub(super) struct Reverting<'a> {
    options: &'a RevertOptions,
    undone: &'a RunRecord,
    ctx: Context<'a>,
    /// The ids between which the run's entries are, both excluded.
    between: (EntryId, EntryId),
    /// The reverts of the run that are in force: they were not reverted themselves.
    reverts: HashSet<RunId>,
    /// Whether there are entries after the run.
    something_later: bool,
    run_tables: RunTables,
    tables: HashMap<String, Arc<RestoredTable>>,
    waiting: Waiting,
    referrers: Referrers,
    portion: Portion,
    rows: Rows,
    pub(super) tally: Tally,
    findings: Findings,
}

impl<'a> Reverting<'a> {
    pub(super) fn begin(
        database: &mut Transaction<'_>,
        options: &'a RevertOptions,
        undone: &'a RunRecord,
        ctx: Context<'a>,
    ) -> Result<Self, OperationError> {
        let last = database.seals().last_entry_id()?;
        // A run from before seals were introduced has no seal; the whole audit log is searched.
        let sealed = database.seals().seals_of_run(&undone.id)?;
        let header = sealed.first().map(|seal| Header::parse(&seal.header));
        let entries = header.and_then(Result::ok).map(|header| header.entries);
        let names = tables::names(undone, entries.as_ref());
        if let Transaction::Write(database) = database {
            database.tables().lock_tables_of_application(&names)?;
        }
        let between = match &entries {
            Some(entries) => (
                entries
                    .ids
                    .first()
                    .map_or(EntryId::default(), EntryId::previous),
                entries.ids.last().unwrap_or_default().next(),
            ),
            None => (EntryId::default(), last.next()),
        };
        Ok(Self {
            options,
            undone,
            ctx,
            between,
            reverts: database.ledger().reverts_in_force(&undone.id)?,
            something_later: last >= between.1,
            run_tables: RunTables::of(database, undone, &names)?,
            tables: HashMap::new(),
            waiting: Waiting::default(),
            referrers: Referrers::default(),
            portion: Portion::default(),
            rows: Rows::default(),
            tally: Tally::default(),
            findings: Findings::default(),
        })
    }

    /// Plans the revert: again as long as rows are kept because others that stay refer to them.
    pub(super) fn plan(&mut self, database: &mut ReadTransaction) -> Result<(), OperationError> {
        loop {
            self.walk(&mut Transaction::Read(database))?;
            let (policy, findings) = (self.options.policy, &mut self.findings);
            if !self
                .referrers
                .resolve(database, policy, &self.rows, findings)?
            {
                return Ok(());
            }
        }
    }

    /// Processes all entries.
    pub(super) fn walk(&mut self, database: &mut Transaction<'_>) -> Result<(), OperationError> {
        self.rows.clear();
        self.tally = Tally::default();
        self.findings = Findings::default();
        let (after, mut before) = self.between;
        let mut pages = Pages::of(PAGE);
        loop {
            let page = database.audit_log().last_steps_of_run(
                &self.undone.id,
                after,
                before,
                &mut pages,
            )?;
            let Some(last) = page.last() else {
                break;
            };
            before = last.id;
            // Consecutive entries mostly belong to one table, and the order of entries must be kept.
            let mut page = page.into_iter().peekable();
            while let Some(table) = page.peek().map(|entry| entry.table_name.clone()) {
                let of_table = std::iter::from_fn(|| page.next_if(|one| one.table_name == table));
                let entries = of_table.collect();
                self.entries(database, &table, entries)?;
                if matches!(database, Transaction::Write(_)) && self.is_rejected() {
                    return Ok(());
                }
            }
            self.ctx.check_interrupt()?;
        }
        if let Transaction::Write(database) = database {
            let rejected = self.waiting.resolve(database)?;
            rejected.for_each(|finding| self.findings.push(finding));
        }
        let unrecorded = self.run_tables.unrecorded(self.tally.changed_tables());
        unrecorded.for_each(|finding| self.findings.push(finding));
        Ok(())
    }

    /// Entries of one table, last first.
    fn entries(
        &mut self,
        database: &mut Transaction<'_>,
        table: &str,
        entries: Vec<RecordedChange>,
    ) -> Result<(), OperationError> {
        let table = self.table(database, table)?;
        let key = Key::of_table(table.table(), database.key_rule());
        let mut decided = Vec::with_capacity(entries.len());
        for entry in entries {
            let step = ReplayStep::take(&entry.action, entry.old_value, entry.new_value);
            let step = step.map_err(|source| OperationError::UnreadableEntry {
                entry: entry.id,
                source,
            })?;
            if key.is_of_other_row(&entry.record_id, step.row()) {
                let name = &table.table().name;
                self.findings
                    .push(not_restorable::key_changed(name, &entry.record_id));
                continue;
            }
            let (record_id, former_id) = match step.new_record_id(&entry.record_id, &key) {
                Some(moved) => (moved, Some(entry.record_id)),
                None => (entry.record_id, None),
            };
            decided.push(DecidedEntry {
                step,
                record_id,
                former_id,
            });
        }
        while !decided.is_empty() {
            let name = &table.table().name;
            let search = Search {
                compared: &|one| Progress::compares(self.rows.of(name, &one.record_id)),
                after: self.something_later.then_some(self.between.1.previous()),
                reverts: &self.reverts,
            };
            let found = self.portion.look_up(database, &table, &decided, &search)?;
            let others = decided.split_off(found.count);
            self.revert(database, &table, decided, found)?;
            if matches!(database, Transaction::Write(_)) && self.is_rejected() {
                return Ok(());
            }
            decided = others;
        }
        Ok(())
    }

    fn table(
        &mut self,
        database: &mut ReadTransaction,
        name: &str,
    ) -> Result<Arc<RestoredTable>, OperationError> {
        if let Some(table) = self.tables.get(name) {
            return Ok(Arc::clone(table));
        }
        self.run_tables.require_name(name)?;
        let table = database.tables().restored_table(name)?;
        let table = table.ok_or_else(|| OperationError::TableRemoved(name.to_owned()))?;
        if table.table().primary_key.is_empty() {
            return Err(DatabaseError::NoKey(name.to_owned()).into());
        }
        let table = Arc::new(table);
        self.tables.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// The rows whose entries in the ledger are restored: a second revert restores those that it changes, because
    /// other rows may have been imported again since the first.
    pub(super) fn restored_entries(&self) -> RestoredEntries<'_> {
        match self.is_undone() {
            true => RestoredEntries::Only(&self.tally.changed),
            false => RestoredEntries::AllBut(&self.tally.kept),
        }
    }

    /// Whether the run was reverted before, and that was not reverted itself.
    pub(super) fn is_undone(&self) -> bool {
        !self.reverts.is_empty()
    }

    /// Why nothing may be written, if it may not.
    pub(super) fn blocked(&self) -> Option<RevertStatus> {
        if self.is_rejected() {
            return Some(RevertStatus::Rejected);
        }
        let must_choose = self.options.policy == RevertPolicy::Report && self.tally.conflicts() > 0;
        must_choose.then_some(RevertStatus::Conflict)
    }

    /// Whether the run cannot be reverted, as the findings state.
    fn is_rejected(&self) -> bool {
        self.findings.count(Level::Error) > 0
    }

    pub(super) fn outcome(&self, status: RevertStatus) -> RevertOutcome {
        RevertOutcome {
            status,
            database: self.options.database.to_string(),
            undone: self.undone.id.clone(),
            run: None,
            tables: self.tally.counts.clone().into_iter().collect(),
            conflicts: self.tally.conflicts.clone(),
            conflicts_not_kept: self.tally.conflicts_not_kept,
            findings: self.findings.clone().sorted(),
        }
    }
}
