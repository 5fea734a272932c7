//! The run that enables or disables the auditing of tables.
//!
//! Where schema changes are committed at once, the run is inserted before the first of them, and completed in the
//! transaction that writes its entries. A run that is not complete shows what remains to be done. If that transaction
//! fails, the run is abandoned: the triggers that it created are dropped, and it is complete without entries.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value, json};

use crate::database::ledger::{RunHeader, RunRecord};
use crate::database::seals::{NewSeal, RunFacts};
use crate::database::{
    DISABLED_AFTER, Database, ReadTransaction, TriggerFault, TriggerState, WriteTransaction,
};
use crate::model::{EntryId, RunContext, RunId, RunKind, Sha256, Table, Timestamp};
use crate::operations::OperationError;
use crate::operations::proof::{SealPlace, log_seal};

/// Inserts a run of this kind for these tables, and creates or drops their triggers by calling `change`.
///
/// If that fails before any trigger changed, the run is removed.
pub(super) fn begin_change<'t, T>(
    database: &mut WriteTransaction,
    kind: RunKind,
    run: &RunContext,
    entered: &Entered,
    tables: impl Iterator<Item = &'t Table> + Clone,
    change: impl FnOnce(&mut WriteTransaction) -> Result<T, OperationError>,
) -> Result<T, OperationError> {
    let faults = |database: &mut WriteTransaction| -> Result<Vec<_>, OperationError> {
        let faults = tables.clone().map(|table| database.trigger_faults(table));
        Ok(faults.collect::<Result<_, _>>()?)
    };
    let before = faults(database)?;
    if kind == RunKind::Enable && database.commits_schema_changes() {
        let is_missing = |(_, fault): &(String, TriggerFault)| *fault == TriggerFault::Missing;
        let are_missing = before.iter().map(|faults| faults.iter().all(is_missing));
        entered.record_added(database, tables.clone().zip(are_missing))?;
    }
    begin(
        database,
        kind,
        run,
        tables.clone().map(|table| table.name.as_str()),
        entered.archive.as_deref(),
    )?;
    entered.committed.set(database.commits_schema_changes());
    change(database).inspect_err(|_| {
        if entered.committed.get() && faults(database).is_ok_and(|after| after == before) {
            // If this fails too, the run remains to be completed.
            let given_up = database.step(|database| {
                let last = database.seals().last_entry_id()?;
                finish(database, run, last, Vec::new(), run.started_at)
            });
            entered.committed.set(given_up.is_err());
            entered.given_up.borrow_mut().extend(given_up);
        }
    })
}

/// Inserts a run of this kind for these tables; `archive` is the one that the user named for its seal.
pub(super) fn begin<'t>(
    database: &mut WriteTransaction,
    kind: RunKind,
    run: &RunContext,
    tables: impl IntoIterator<Item = &'t str>,
    archive: Option<&str>,
) -> Result<(), OperationError> {
    let header = RunHeader {
        kind,
        layout: String::new(),
        layout_digest: Sha256::of(&[]),
        source: String::new(),
        archive: archive.map(str::to_owned),
        parent: None,
    };
    let tables = tables
        .into_iter()
        .map(|table| (table.to_owned(), json!({})));
    let counts = json!({ "tables": tables.collect::<Map<_, _>>() });
    Ok(database
        .ledger()
        .enter_run(&header, run, Some(&counts.to_string()))?)
}

/// Completes the run with counts per table, and seals its entries: those after `before`.
pub(super) fn finish(
    database: &mut WriteTransaction,
    run: &RunContext,
    before: EntryId,
    counts: Vec<(String, Value)>,
    at: Timestamp,
) -> Result<NewSeal, OperationError> {
    let counts = json!({ "tables": counts.into_iter().collect::<Map<_, _>>() });
    database.ledger().end_run(run, at, &counts.to_string())?;
    let id = RunId::from(run.id);
    let contents = database.seals().contents_of_run(&id, before)?;
    Ok(database
        .seals()
        .seal_run(&id, contents, RunFacts::default(), at)?)
}

/// What was committed of a run before the transaction that completes it.
#[derive(Debug, Default)]
pub(super) struct Entered {
    /// The archive that the user named for the seal.
    pub(super) archive: Option<String>,
    /// Whether the run was inserted and committed.
    committed: Cell<bool>,
    /// The tables without triggers that a run of kind `enable` creates them on.
    added: RefCell<Vec<Table>>,
    /// Names of those whose triggers another program had dropped.
    lost: RefCell<Vec<String>>,
    /// The seals of runs that were completed without entries.
    given_up: RefCell<Vec<NewSeal>>,
}

impl Entered {
    /// Nothing yet, of a run whose seal is logged in this place.
    pub(super) fn at(place: &SealPlace) -> Self {
        let archive = place.named.as_ref();
        Self {
            archive: archive.and_then(|path| Some(path.to_str()?.to_owned())),
            ..Self::default()
        }
    }

    /// Records which of `tables` are not audited; they are given with whether all their triggers are missing.
    fn record_added<'t>(
        &self,
        database: &mut ReadTransaction,
        tables: impl Iterator<Item = (&'t Table, bool)>,
    ) -> Result<(), OperationError> {
        let states = database.audited_tables().table_triggers()?;
        for (table, are_missing) in tables {
            let mut states = states.iter();
            let state = states.find(|state| state.table == table.name);
            let is = |wanted| state.is_some_and(|state| state.state == wanted);
            let is_lost = is(TriggerState::Missing) && are_missing;
            if is_lost {
                self.lost.borrow_mut().push(table.name.clone());
            }
            if is_lost || is(TriggerState::NotRecorded) || is(TriggerState::Disabled) {
                self.added.borrow_mut().push(table.clone());
            }
        }
        Ok(())
    }

    /// Keeps the seal of another run that was committed before this one, to be recorded if this one fails.
    pub(super) fn has_committed(&self, seal: Option<&NewSeal>) {
        self.given_up.borrow_mut().extend(seal.cloned());
    }

    /// Drops the triggers that the run created on tables that were not audited, and completes it. Another program may
    /// have changed rows of such a table meanwhile: its entries do not make the table an audited one.
    fn abandon(&self, database: &mut Database, run: &RunContext) -> Result<(), OperationError> {
        let (added, lost) = (self.added.borrow(), self.lost.borrow());
        let seal = database.change_schema(|database| {
            let runs = database.ledger().unfinished_runs()?;
            if !runs
                .iter()
                .any(|open| open.id == run.id.into() && open.is(RunKind::Enable))
            {
                return Err(OperationError::UnknownRun(run.id.to_string()));
            }
            for table in added.iter() {
                database.audited_tables().stop_recording(table)?;
            }
            database.step(|database| {
                let last = database.seals().last_entry_id()?;
                let mut counts = Vec::new();
                for table in added.iter().filter(|table| !lost.contains(&table.name)) {
                    if database.audited_tables().is_traced(&table.name)? {
                        counts.push((table.name.clone(), json!({ DISABLED_AFTER: last })));
                    }
                }
                finish(database, run, last, counts, run.started_at)
            })
        })?;
        self.given_up.borrow_mut().push(seal);
        Ok(())
    }

    /// Abandons the run after an error if possible, and records its seal in `seals.log`; otherwise adds to the error
    /// that the run remains to be completed.
    pub(super) fn abandoned_after(
        &self,
        database: &mut Database,
        place: &SealPlace,
        run: &RunContext,
        error: OperationError,
    ) -> OperationError {
        let is_complete = !self.committed.get() || self.abandon(database, run).is_ok();
        if let Ok(archive) = place.archive(database) {
            for seal in self.given_up.take() {
                // If this fails, the error of the command is more important.
                drop(log_seal(database.place(), &archive, &seal));
            }
        }
        if is_complete {
            return error;
        }
        let id = RunId::from(run.id);
        let unfinished = database.snapshot(|database| database.ledger().unfinished_runs());
        let unfinished = unfinished.unwrap_or_default();
        let begun = unfinished.iter().find(|begun| begun.id == id);
        OperationError::Unfinished {
            tables: begun.map_or_else(Vec::new, RunRecord::tables),
            run: id,
            source: Box::new(error),
        }
    }
}
