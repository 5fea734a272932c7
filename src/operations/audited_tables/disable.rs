//! Taking tables out of the trail.

use std::time::Duration;

use serde_json::json;

use crate::database::ledger::NewSeal;
use crate::database::{Access, DISABLED_AFTER, Database, DatabaseUrl, TriggerState};
use crate::model::{FindingList, RunContext};
use crate::operations::proof::{SealPlace, log_seal};
use crate::operations::{OperationError, Surroundings};

use super::{named, note};

/// What to take out of the trail.
#[derive(Debug, Clone)]
pub struct DisableOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Where the seal is noted.
    pub archive: SealPlace,
    /// The tables.
    pub tables: Vec<String>,
}

/// What was taken out.
#[derive(Debug, Clone, Default)]
pub struct DisableOutcome {
    /// The run that says so, with its seal; `None` if none of the tables was under the trail.
    pub run: Option<(String, NewSeal)>,
    /// Tables that were taken out.
    pub tables: Vec<String>,
    /// Names of the triggers that were dropped.
    pub dropped: Vec<String>,
    /// What was noticed.
    pub findings: FindingList,
}

/// Takes tables out of the trail; what it has of them stays. That it was on purpose, by whom and why, is a run of its own.
///
/// # Errors
/// When the application has no such table, or the database refuses.
pub fn disable_tables(
    options: &DisableOptions,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<DisableOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Write, options.wait)?;
    let mut outcome = database.change_schema(|database| {
        database.require_ledger()?;
        database.migrate()?;
        take_out(database, &options.tables)
    })?;
    if outcome.tables.is_empty() {
        return Ok(outcome);
    }
    let archive = options.archive.archive(&mut database)?;
    let seal = database.transaction(|database| {
        let after = database.last_entry_id()?;
        note(database, ("disable", run), around, |_| {
            let tables = outcome.tables.iter();
            let noted = |table: &String| (table.clone(), json!({ DISABLED_AFTER: after }));
            Ok(tables.map(noted).collect())
        })
    })?;
    let findings = log_seal(&options.database, &archive, &seal);
    outcome.findings.extend(findings);
    outcome.run = Some((run.id.to_string(), seal));
    Ok(outcome)
}

/// Drops the triggers of those of the tables that are under the trail, or were before somebody else dropped some.
fn take_out(database: &mut Database, names: &[String]) -> Result<DisableOutcome, OperationError> {
    let states = database.table_triggers()?;
    let mut outcome = DisableOutcome::default();
    for state in named(&states, names)? {
        match state.state {
            TriggerState::NotRecorded | TriggerState::NoKey | TriggerState::Disabled => {}
            TriggerState::Recorded
            | TriggerState::Unseen
            | TriggerState::Missing
            | TriggerState::Outdated => {
                if let Some(table) = database.defined_table(&state.table)? {
                    outcome.dropped.extend(database.stop_recording(&table)?);
                    outcome.tables.push(table.name);
                }
            }
        }
    }
    Ok(outcome)
}
