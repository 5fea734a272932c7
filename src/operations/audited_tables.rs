//! Putting any table of the database under the trail, and taking it out again.
//!
//! Rows that are there already are noted once, by a run of kind `enable`, so that the trail tells of every row: without
//! that, nobody could say whether a row without an entry is older than the trail or was smuggled in.

mod baseline;
mod disable;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::database::ledger::{NewSeal, RunFacts, RunHeader};
use crate::database::{Access, Database, DatabaseUrl, TableTriggers, TriggerState};
use crate::model::{FindingList, RunContext, Sha256, Table};

pub(super) use baseline::{Baseline, note_what_is_there};
pub use disable::{DisableOptions, DisableOutcome, disable_tables};

use super::proof::{SealPlace, log_seal};
use super::{OperationError, Surroundings};

/// Which tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichTables {
    /// All that can be.
    All,
    /// These.
    Named(Vec<String>),
}

/// What to put under the trail.
#[derive(Debug, Clone)]
pub struct EnableOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Where the seal is noted.
    pub archive: SealPlace,
    /// Which tables.
    pub tables: WhichTables,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct EnableOutcome {
    /// The run that noted the rows that were there, with its seal.
    pub run: Option<(String, NewSeal)>,
    /// Tables that got triggers.
    pub tables: Vec<String>,
    /// Tables that cannot be under the trail, and why.
    pub refused: Vec<(String, String)>,
    /// What was noticed.
    pub findings: FindingList,
}

/// Every table of the application and whether the trail records its changes.
///
/// # Errors
/// When the database cannot be read.
pub fn table_states(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Vec<TableTriggers>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    Ok(database.snapshot(Database::table_triggers)?)
}

/// Puts tables under the trail, and brings outdated triggers up to date.
///
/// # Errors
/// When a named table cannot be, or the database refuses; nothing is committed then.
pub fn enable_tables(
    options: &EnableOptions,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<EnableOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Write, options.wait)?;
    // Triggers first, where making them ends a transaction: nothing is then changed unnoticed in between.
    let prepared = database.change_schema(|database| prepare(database, &options.tables))?;
    let mut outcome = EnableOutcome {
        tables: prepared.tables,
        refused: prepared.refused,
        ..EnableOutcome::default()
    };
    if !prepared.unnoted.is_empty() || !prepared.resumed.is_empty() {
        let archive = options.archive.archive(&mut database)?;
        let seal = database.transaction(|database| {
            note(database, ("enable", run), around, |database| {
                let mut counts = Map::new();
                for table in &prepared.unnoted {
                    let noted = database.note_rows(table, run)?;
                    counts.insert(table.name.clone(), json!({ "noted": noted }));
                }
                let resumed = prepared.resumed.iter();
                counts.extend(resumed.map(|table| (table.clone(), json!({ "noted": 0 }))));
                Ok(counts)
            })
        })?;
        let findings = log_seal(&options.database, &archive, &seal);
        outcome.findings.extend(findings);
        outcome.run = Some((run.id.to_string(), seal));
    }
    Ok(outcome)
}

struct Prepared {
    tables: Vec<String>,
    refused: Vec<(String, String)>,
    /// Tables whose rows the trail does not know yet.
    unnoted: Vec<Table>,
    /// Tables that were taken out of the trail on purpose.
    resumed: Vec<String>,
}

fn prepare(database: &mut Database, which: &WhichTables) -> Result<Prepared, OperationError> {
    database.migrate()?;
    let states = database.table_triggers()?;
    let wanted: Vec<&TableTriggers> = match which {
        WhichTables::All => states.iter().collect(),
        WhichTables::Named(names) => named(&states, names)?,
    };
    let mut prepared = Prepared {
        tables: Vec::new(),
        refused: Vec::new(),
        unnoted: Vec::new(),
        resumed: Vec::new(),
    };
    for state in wanted {
        match (state.state, which) {
            (TriggerState::Recorded, _) => {}
            (TriggerState::NoKey, WhichTables::Named(_)) => {
                return Err(refusal(&state.table, NO_KEY));
            }
            (TriggerState::NoKey, WhichTables::All) => {
                let why = NO_KEY.to_owned();
                prepared.refused.push((state.table.clone(), why));
            }
            (
                TriggerState::NotRecorded
                | TriggerState::Disabled
                | TriggerState::Unseen
                | TriggerState::Missing
                | TriggerState::Outdated,
                _,
            ) => {
                if let Some(table) = database.defined_table(&state.table)? {
                    database.record_changes_of(&table)?;
                    prepared.tables.push(table.name.clone());
                    if state.state == TriggerState::NotRecorded {
                        prepared.unnoted.push(table);
                    } else if state.state == TriggerState::Disabled {
                        prepared.resumed.push(table.name);
                    }
                }
            }
        }
    }
    Ok(prepared)
}

const NO_KEY: &str = "it has no primary key, by which the trail knows a row again";

fn refusal(table: &str, why: &'static str) -> OperationError {
    OperationError::TableRefused {
        table: table.to_owned(),
        why,
    }
}

/// The tables with these names, each once.
fn named<'s>(
    states: &'s [TableTriggers],
    names: &[String],
) -> Result<Vec<&'s TableTriggers>, OperationError> {
    let names: BTreeSet<&String> = names.iter().collect();
    let state = |name: &String| {
        let found = states.iter().find(|state| state.table == *name);
        found.ok_or_else(|| refusal(name, "the application has no such table"))
    };
    names.into_iter().map(state).collect()
}

/// Notes something as a run of this kind: `write` does it, and gives the counts per table.
fn note(
    database: &mut Database,
    (kind, run): (&'static str, &RunContext),
    around: Surroundings<'_>,
    write: impl FnOnce(&mut Database) -> Result<Map<String, Value>, OperationError>,
) -> Result<NewSeal, OperationError> {
    let header = RunHeader {
        kind,
        layout: String::new(),
        layout_digest: Sha256::of(&[]),
        source: String::new(),
        archive: None,
        parent: None,
    };
    let before = database.last_entry_id()?;
    database.begin_rows_run(&header, run)?;
    let counts = write(database)?;
    let finished_at = (around.clock)();
    let counts = json!({ "tables": counts });
    database.end_rows_run(run, finished_at, &counts.to_string())?;
    let id = run.id.to_string();
    let contents = database.contents_of_run(&id, before)?;
    around.check_interrupt()?;
    Ok(database.seal_run(&id, contents, RunFacts::default(), finished_at)?)
}

/// Whether all tables that were under the trail still are, wholly, but for those that were taken out on purpose; as far as
/// can be told.
#[must_use]
pub fn is_complete(states: &[TableTriggers]) -> bool {
    let whole = |state: &TableTriggers| match state.state {
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::Disabled
        | TriggerState::Unseen => true,
        TriggerState::Missing | TriggerState::Outdated => false,
    };
    states.iter().all(whole)
}
