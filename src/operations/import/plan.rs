//! Plans the import: reads the files of the agenda, decides on their rows, then on the records that were removed.
//!
//! The plan is a sequence of steps that are sent to a [`Sink`] as they are made: [`super::apply`] writes them, and a
//! dry run lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};

use crate::database::{FileRecord, ReadTransaction, Reject, TargetTables};
use crate::model::{ConversionRule, MappedRow, Rule, TableIndex};
use crate::operations::directory::{
    InvalidPolicy, LookupScope, Ownership, Permit, ReadEvent, ReadState, RejectedRecord,
    SharedTransaction, check_scratch,
};
use crate::operations::{OperationError, Stage};
use crate::plan::{Change, LateRejects, Lookup, Planner, RowBatch, RowProblem};
use crate::source::SourceFile;

use super::Import;
use super::agenda::ImportAgenda;
use super::changed_keys::OtherKeys;

/// A step of the plan. Steps are applied in their order.
pub(super) enum PlanStep {
    BeginFile(FileRecord),
    /// Changes of the file. Their memory is released when they are written.
    Change(Vec<Change>, Option<Permit>),
    /// Rejected records of the file.
    Reject(Vec<Reject>),
    EndFile {
        records: u64,
        rejected: u64,
    },
}

/// Receives the steps of a plan.
pub(super) trait Sink {
    fn take(&mut self, step: PlanStep) -> Result<(), OperationError>;
}

/// The result of planning, except for the steps, which the sink receives.
pub(super) struct PlanState<'l> {
    pub(super) read: ReadState,
    pub(super) planner: Planner<'l>,
    pub(super) ownership: Ownership,
    /// Tables for which the audit log is asked who changed a row last ([`LookupScope`]).
    by_audit_log: BTreeSet<TableIndex>,
    pub(super) conversions: BTreeMap<(TableIndex, usize, ConversionRule), u64>,
    pub(super) conflicts: u64,
    other_keys: OtherKeys,
}

impl PlanState<'_> {
    /// Whether a finding prevents writing.
    pub(super) fn prevents_writing(&self) -> bool {
        self.conflicts > 0 || self.read.has_errors()
    }
}

/// The changes and problems of some rows.
#[derive(Default)]
struct Planned {
    changes: Vec<Change>,
    problems: Vec<RowProblem>,
}

impl<'l> Import<'l> {
    /// The state before anything is read; `target` describes the tables of the database.
    pub(super) fn start(
        &self,
        database: Option<&mut ReadTransaction>,
        target: &TargetTables,
        agenda: &ImportAgenda,
    ) -> Result<PlanState<'l>, OperationError> {
        let directory = &self.directory;
        let mut state = PlanState {
            read: ReadState::new(directory, self.options.invalid),
            planner: directory.planner(target, self.options.conflict, self.run.started_at),
            ownership: Ownership::default(),
            by_audit_log: BTreeSet::new(),
            conversions: BTreeMap::new(),
            conflicts: 0,
            other_keys: OtherKeys::new(),
        };
        state.planner.reread(agenda.files.reread.clone());
        state.planner.reject(self.late_rejects().clone());
        let Some(database) = database else {
            return Ok(state);
        };
        state.ownership.knows_rows = database.ledger().knows_rows_of(&directory.source)?;
        let unchanged = agenda.files.unchanged.iter();
        state.ownership.unread = unchanged
            .map(|&id| directory.path(id).to_owned())
            .chain(agenda.unavailable.iter().cloned())
            .collect();
        if agenda.layout_changed {
            for (index, table) in directory.layout.tables.enumerated() {
                if database.audited_tables().is_recorded(&table.table.name)? {
                    state.by_audit_log.insert(index);
                }
            }
        }
        Ok(state)
    }

    /// Plans the import and sends the steps to `sink`. Nothing is written.
    pub(super) fn plan(
        &self,
        database: Option<&SharedTransaction<'_>>,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        let directory = &self.directory;
        let _span = tracing::info_span!("plan").entered();
        for wave in directory.waves(Stage::Import, &agenda.files.read) {
            let _span = tracing::debug_span!("wave", files = wave.files.len()).entered();
            let resolved = directory.resolve(&wave, Some(&state.planner), database)?;
            directory.read(&wave.files, &resolved, |events| {
                for event in events {
                    match event? {
                        ReadEvent::Begin(file) => {
                            sink.take(PlanStep::BeginFile(file_record(file)))?;
                        }
                        ReadEvent::Records(file, records) => {
                            for row in &records.invalid {
                                state.planner.record_invalid(row);
                            }
                            if let Some((rows, memory)) = state.read.records(file, records) {
                                let planned = self.plan_rows(database, agenda, state, rows)?;
                                self.send(planned, Some(memory), state, sink)?;
                            }
                        }
                        ReadEvent::End(file, findings) => {
                            let (changes, problems) = state.planner.resolve_moves();
                            self.send(Planned { changes, problems }, None, state, sink)?;
                            let end = state.read.end(directory, file, findings);
                            if !state.prevents_writing() {
                                // Also if there are none: the writer then inserts the file, without which lookups do
                                // not see the entries of its records.
                                sink.take(PlanStep::Reject(rejects(state)))?;
                                let (records, rejected) = (end.records, end.rejected);
                                sink.take(PlanStep::EndFile { records, rejected })?;
                            }
                        }
                    }
                }
                check_scratch(&state.planner)
            })?;
            let findings = &mut state.read.findings;
            directory.find_first_records(findings, &wave.files, &resolved)?;
        }
        state.read.finish(directory);
        match self.options.invalid {
            InvalidPolicy::Abort => {
                state.read.late_problems(directory, state.planner.finish());
            }
            InvalidPolicy::Skip => self.ensure_no_late_rejects(&mut state.planner)?,
        }
        match database {
            Some(database) => self.plan_removed(database, agenda, state, sink),
            None => Ok(()),
        }
    }

    /// The records that earlier plans of this run had to reject after they had planned them.
    fn late_rejects(&self) -> MutexGuard<'_, LateRejects> {
        let late = self.late_rejects.lock();
        late.unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows that were sent already cannot be rejected: the import plans again, and rejects them when it reads them.
    fn ensure_no_late_rejects(&self, planner: &mut Planner<'l>) -> Result<(), OperationError> {
        match self.late_rejects().add(planner.late_rejects()) {
            true => Err(OperationError::RejectedLate),
            false => Ok(()),
        }
    }

    /// Decides on some rows of a file, parents before children.
    fn plan_rows(
        &self,
        database: Option<&SharedTransaction<'_>>,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        rows: Vec<MappedRow>,
    ) -> Result<Planned, OperationError> {
        let directory = &self.directory;
        let _span = tracing::debug_span!("decide", rows = rows.len()).entered();
        let mut batch = RowBatch::new(rows);
        let mut planned = Planned::default();
        let Planned { changes, problems } = &mut planned;
        while let Some(round) = state.planner.next_round(&mut batch, problems) {
            let mut lookup = Lookup::default();
            if let Some(database) = database {
                let ownership = &mut state.ownership;
                let by_audit_log = &state.by_audit_log;
                let scope = LookupScope::Changed { by_audit_log };
                let planner = &state.planner;
                lookup = directory.look_up(database, planner, ownership, &batch, &round, scope)?;
                ownership.resolve_claims(directory, database, &agenda.files.read, &mut lookup)?;
                let keys = &mut state.other_keys;
                self.find_referred(database, keys, &batch, &round, &mut lookup)?;
            }
            let planner = &mut state.planner;
            planner.decide(&mut batch, &round, &lookup, changes, problems);
        }
        Ok(planned)
    }

    /// Records the problems, and sends the changes unless nothing will be written.
    fn send(
        &self,
        planned: Planned,
        memory: Option<Permit>,
        state: &mut PlanState<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        for problem in planned.problems {
            state.conflicts += u64::from(problem.rule == Rule::Conflict);
            state.read.problem(&self.directory, problem);
        }
        for change in &planned.changes {
            if let Change::Insert(row) | Change::Update { row, .. } = change {
                for conversion in &row.conversions {
                    let key = (row.table, conversion.column, conversion.rule);
                    *state.conversions.entry(key).or_default() += 1;
                }
            }
        }
        // If nothing will be committed, the rest is read only to find further errors.
        if state.prevents_writing() {
            state.read.take_rejects();
            return Ok(());
        }
        if memory.is_some() || !planned.changes.is_empty() {
            sink.take(PlanStep::Change(planned.changes, memory))?;
        }
        match rejects(state) {
            rejects if rejects.is_empty() => Ok(()),
            rejects => sink.take(PlanStep::Reject(rejects)),
        }
    }
}

/// The records rejected since the last call.
fn rejects(state: &mut PlanState<'_>) -> Vec<Reject> {
    let rejects = state.read.take_rejects();
    rejects.iter().map(reject).collect()
}

/// The ledger entry of a file.
fn file_record(file: &SourceFile) -> FileRecord {
    FileRecord {
        path: file.path.clone(),
        sha256: Some(file.sha256),
        bytes: file.bytes,
        modified: Some(file.modified),
    }
}

fn reject(rejected: &RejectedRecord) -> Reject {
    let finding = &rejected.finding;
    let place = finding.place.as_ref();
    Reject {
        record: rejected.record.as_deref().map(without_nul),
        pointer: place.and_then(|place| place.pointer.as_deref().map(without_nul)),
        line: place.and_then(|place| place.line),
        column: place.and_then(|place| place.column),
        rule: finding.rule.code(),
        message: without_nul(&finding.message),
    }
}

/// Replaces U+0000, which member names may contain and PostgreSQL cannot store, with its JSON escape.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\\u0000")
}
