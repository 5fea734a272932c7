//! Selects the tables to add to the audit log, and determines what each needs.

use std::collections::BTreeSet;

use crate::database::{
    DatabaseError, ReadTransaction, TableTriggers, TriggerState, WriteTransaction,
};
use crate::model::Table;
use crate::operations::OperationError;

use super::named::{NO_KEY, named, unfit, unsuitable};
use super::{EnableOutcome, WhichTables};

/// The tables to add to the audit log.
#[derive(Clone, Default)]
pub(super) struct Chosen {
    /// Tables with missing or different triggers, and the state of these.
    pub(super) unwatched: Vec<(Table, TriggerState)>,
    /// Tables whose triggers are correct, but which may have rows without an entry.
    pub(super) watched: Vec<Table>,
    /// Tables that cannot be audited, and why.
    pub(super) unsuitable: Vec<(String, String)>,
    /// Tables whose entries have another table name, because they were renamed or detached: with that name.
    pub(super) former: Vec<(Table, String)>,
    /// Those of `former` that were renamed: the old and the new name.
    pub(super) renamed: Vec<(String, String)>,
    /// Partitions that were recorded as tables of their own, with the chosen table under whose name their rows are
    /// recorded now.
    pub(super) absorbed: Vec<(Table, String)>,
    /// Partitions that were detached from a table whose rows are now accounted for: their marker trigger can be
    /// dropped.
    pub(super) detached: Vec<String>,
    /// Tables of which changes may have no entry, although their triggers are correct.
    pub(super) gaps: BTreeSet<String>,
}

/// Whether triggers of a table are missing or different, or have its former name, so that `doctor --fix` creates them
/// again.
#[must_use]
pub fn is_faulty(state: &TableTriggers) -> bool {
    match state.state {
        TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Unfinished
        | TriggerState::Renamed => true,
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::KeyLost
        | TriggerState::Disabled
        | TriggerState::Unseen
        | TriggerState::Removed
        | TriggerState::Detached
        | TriggerState::Foreign
        | TriggerState::LedgerTable => false,
    }
}

/// Whether a table was recorded, and cannot be recorded again as it is: `doctor --fix` reports what else can be done.
fn is_beyond_repair(state: &TableTriggers) -> bool {
    state.state == TriggerState::KeyLost || state.state == TriggerState::Removed
}

/// Adds tables that formerly had the name of a selected table: they still have its triggers. Tables that exchanged
/// their names follow from one another.
fn with_renamed<'s>(
    wanted: Vec<&'s TableTriggers>,
    states: &'s [TableTriggers],
) -> Vec<&'s TableTriggers> {
    let mut all: Vec<&TableTriggers> = wanted;
    let mut next = 0;
    while next < all.len() {
        let name = &all[next].table;
        let renamed = states.iter().filter(|state| {
            state.state == TriggerState::Renamed && state.before.as_ref() == Some(name)
        });
        let renamed: Vec<_> = renamed
            .filter(|state| !all.iter().any(|other| other.table == state.table))
            .collect();
        all.extend(renamed);
        next += 1;
    }
    all
}

/// The outcome if there is no ledger, and none has to be created: no table can be faulty, or none can be recorded.
pub(super) fn nothing_to_create(
    database: &mut ReadTransaction,
    which: &WhichTables,
) -> Result<Option<EnableOutcome>, OperationError> {
    match which {
        _ if database.has_ledger()? => return Ok(None),
        WhichTables::Named(_) => return Ok(None),
        WhichTables::Faulty => return Ok(Some(EnableOutcome::default())),
        WhichTables::All => {}
    }
    let chosen = Chosen::of(database, which)?;
    let is_empty = chosen.all().next().is_none();
    Ok(is_empty.then(|| EnableOutcome {
        unsuitable: chosen.unsuitable,
        ..EnableOutcome::default()
    }))
}

impl Chosen {
    /// Selects tables.
    pub(super) fn of(
        database: &mut ReadTransaction,
        which: &WhichTables,
    ) -> Result<Self, OperationError> {
        let states = database.audited_tables().table_triggers()?;
        // Its former partition has rows that it still has entries for.
        let lost_partition = |state: &TableTriggers| {
            let mut states = states.iter();
            states.any(|other| {
                other.state == TriggerState::Detached && other.before.as_ref() == Some(&state.table)
            })
        };
        let wanted: Vec<&TableTriggers> = match which {
            WhichTables::All => states.iter().collect(),
            WhichTables::Faulty => states
                .iter()
                .filter(|state| {
                    is_faulty(state)
                        || is_beyond_repair(state)
                        || state.gap.is_some()
                        || lost_partition(state)
                })
                .collect(),
            WhichTables::Named(names) => named(database, &states, names)?,
        };
        let mut chosen = Self::default();
        for state in with_renamed(wanted, &states) {
            let name = &state.table;
            chosen.gaps.extend(state.gap.as_ref().map(|_| name.clone()));
            match (state.state, which) {
                (
                    TriggerState::NoKey
                    | TriggerState::NoTriggers
                    | TriggerState::KeyLost
                    | TriggerState::Removed,
                    WhichTables::Named(_),
                ) => {
                    return Err(unsuitable(name, unfit(name, state.state)));
                }
                (
                    TriggerState::NoKey
                    | TriggerState::NoTriggers
                    | TriggerState::KeyLost
                    | TriggerState::Removed,
                    WhichTables::All | WhichTables::Faulty,
                ) => {
                    let why = unfit(name, state.state).into_owned();
                    chosen.unsuitable.push((name.clone(), why));
                }
                (TriggerState::Foreign | TriggerState::LedgerTable, _) => {}
                // For a named table every row must be accounted for; otherwise only tables without any entry are
                // checked.
                (TriggerState::Recorded, _) => {
                    if (matches!(which, WhichTables::Named(_))
                        || state.gap.is_some()
                        || lost_partition(state)
                        || !database.audited_tables().is_traced(name)?)
                        && let Some(table) = database.tables().defined_table(name)?
                    {
                        chosen.watched.push(table);
                    }
                }
                (
                    TriggerState::NotRecorded
                    | TriggerState::Disabled
                    | TriggerState::Unseen
                    | TriggerState::Unfinished
                    | TriggerState::Missing
                    | TriggerState::Outdated
                    | TriggerState::Renamed
                    | TriggerState::Detached,
                    _,
                ) => chosen.watch(database, state)?,
            }
        }
        chosen.absorb_partitions(database)?;
        chosen.add_detached_partitions(&states);
        Ok(chosen)
    }

    /// The former name of a table that was renamed.
    pub(super) fn former_name(&self, table: &Table) -> Option<&str> {
        let mut renamed = self.renamed.iter();
        let found = renamed.find(|(old, new)| *new == table.name && !self.is_absorbed(old));
        found.map(|(old, _)| old.as_str())
    }

    /// Whether this is a partition whose rows are those of a chosen table from now on.
    pub(super) fn is_absorbed(&self, name: &str) -> bool {
        self.absorbed.iter().any(|(part, _)| part.name == name)
    }

    /// The present name of the table that was called `name`.
    pub(super) fn renamed_to(&self, name: &str) -> Option<&str> {
        let mut renamed = self.renamed.iter();
        let found = renamed.find(|(old, _)| old == name);
        found.map(|(_, new)| new.as_str())
    }

    /// Finds partitions of the chosen tables that have triggers of their own. Every partition also gets the triggers of
    /// its table, and both would record each change.
    fn absorb_partitions(&mut self, database: &mut ReadTransaction) -> Result<(), OperationError> {
        for (whole, _) in &self.unwatched {
            for part in database
                .tables()
                .partitions_with_own_triggers(&whole.name)?
            {
                if !self.absorbed.iter().any(|(other, _)| *other == part) {
                    self.renamed.push((part.name.clone(), whole.name.clone()));
                    self.absorbed.push((part, whole.name.clone()));
                }
            }
        }
        let absorbed = |table: &Table| self.absorbed.iter().any(|(part, _)| part == table);
        self.unwatched.retain(|(table, _)| !absorbed(table));
        self.watched.retain(|table| !absorbed(table));
        Ok(())
    }

    /// Adds a table with missing triggers. A table that was renamed, or detached from another, is recorded under its
    /// own name from now on; the rows that it removed from the other table are accounted for there.
    fn watch(
        &mut self,
        database: &mut ReadTransaction,
        state: &TableTriggers,
    ) -> Result<(), OperationError> {
        let Some(table) = database.tables().defined_table(&state.table)? else {
            return Ok(());
        };
        if table.primary_key.is_empty() {
            return Err(unsuitable(&state.table, NO_KEY));
        }
        if let Some(before) = &state.before {
            self.former.push((table.clone(), before.clone()));
            if state.state == TriggerState::Renamed {
                self.renamed.push((before.clone(), table.name.clone()));
            } else {
                self.watched
                    .extend(database.tables().defined_table(before)?);
            }
        }
        self.unwatched.push((table, state.state));
        Ok(())
    }

    /// Finds the detached partitions whose former tables are accounted for.
    fn add_detached_partitions(&mut self, states: &[TableTriggers]) {
        self.watched.sort_by(|a, b| a.name.cmp(&b.name));
        self.watched.dedup();
        self.watched
            .retain(|table| !self.unwatched.iter().any(|(other, _)| other == table));
        for state in states {
            let is_chosen = self.all().any(|table| table.name == state.table);
            let is_accounted = self
                .all()
                .any(|table| Some(&table.name) == state.before.as_ref());
            if state.state == TriggerState::Detached && is_accounted && !is_chosen {
                self.detached.push(state.table.clone());
            }
        }
    }

    /// Whether the table was never audited.
    pub(super) fn is_new(&self, table: &Table) -> bool {
        let mut unwatched = self.unwatched.iter();
        unwatched.any(|(other, state)| other == table && *state == TriggerState::NotRecorded)
    }

    /// Keeps other programs from writing to the tables until the transaction ends.
    pub(super) fn lock(&self, database: &mut WriteTransaction) -> Result<(), DatabaseError> {
        let names = self.all().map(|table| table.name.as_str());
        database.audited_tables().lock_whole_tables(names)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Table> {
        let unwatched = self.unwatched.iter().map(|(table, _)| table);
        unwatched.chain(&self.watched)
    }
}
