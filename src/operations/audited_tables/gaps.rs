//! Records that changes of a table may have no entry, because another program dropped or disabled its triggers, or
//! altered the table, and a command recreates them without comparing rows with entries. Comparing would take as long as the table is large, and
//! would attribute the changes to a run before anyone looked at them.
//!
//! The record is a run of kind `enable`, with the names of the triggers in its counts. `audit status`, `audit verify` and
//! `doctor` report it until `audit enable` compares the table, or `audit disable` removes it.

use serde_json::json;

use crate::database::seals::NewSeal;
use crate::database::{Database, Gap, LOST_TRIGGERS, Renewal, TableTriggers, WriteTransaction};
use crate::layout::Layout;
use crate::model::{Finding, RunContext, RunKind, Timestamp, plural, shell_word};
use crate::operations::proof::{SealPlace, log_seal};
use crate::operations::{Context, OperationError};

use super::baseline::before;
use super::run::{begin, finish};
use super::unaccounted::Unaccounted;

/// Records that triggers of these tables are being recreated; the tables are given with the names of the triggers.
///
/// The record is a run with an id that is lower by `by` than that of `run`, the run of the command. Call this before the
/// first trigger is recreated: where schema changes are committed at once, the run is committed before them, so that a
/// kill in between leaves a run too many and not a gap without a run.
pub(super) fn record_gaps(
    database: &mut WriteTransaction,
    tables: Vec<(String, Vec<String>)>,
    run: &RunContext,
    by: u128,
    at: Timestamp,
) -> Result<Option<NewSeal>, OperationError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let run = &before(run, by).after(database.ledger().latest_run()?);
    let counts = tables.into_iter();
    let counts = counts.map(|(table, triggers)| (table, json!({ LOST_TRIGGERS: triggers })));
    let counts: Vec<_> = counts.collect();
    let record = |database: &mut WriteTransaction| {
        let last = database.seals().last_entry_id()?;
        begin(database, RunKind::Enable, run, [], None)?;
        finish(database, run, last, counts, at)
    };
    database.step(record).map(Some)
}

/// Creates missing parts of ledger, tables and triggers before an import that has no rows to write, except for triggers
/// of tables that `audit disable` removed from the audit log.
///
/// # Errors
/// When existing tables do not match the layout, or the database reports an error.
pub(in crate::operations) fn repair_tables(
    database: &mut Database,
    place: &SealPlace,
    layout: &Layout,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Option<Finding>, OperationError> {
    let seal = database.change_schema(|database| {
        let target = database.tables().inspect_tables(layout)?;
        database.migrate()?;
        let disabled = database.ledger().disabled_tables()?;
        // Those of earlier versions, for example, have missed no change.
        let mut renewals = database.audited_tables().renewals()?;
        renewals.retain(|(_, renewal)| *renewal != Renewal::Bypassed);
        database.audited_tables().renew_triggers(&renewals)?;
        let found = Unaccounted::of(database, layout, &target)?;
        let gaps = found.gaps_except(|table| disabled.contains(table));
        let seal = record_gaps(database, gaps, run, 0, (ctx.clock)())?;
        database
            .tables()
            .prepare_tables(layout, &target, &disabled)?;
        Ok::<_, OperationError>(seal)
    })?;
    let Some(seal) = seal else { return Ok(None) };
    let archive = place.archive(database)?;
    Ok(log_seal(database.place(), &archive, &seal))
}

/// Describes the changes of a table that may have no entry.
#[must_use]
pub fn gap_message(state: &TableTriggers) -> Option<String> {
    let Gap {
        since,
        until,
        run,
        triggers,
    } = state.gap.as_ref()?;
    let (table, word) = (&state.table, shell_word(&state.table));
    let period = match since {
        Some(since) => format!("between {since} and {until}"),
        None => format!("before {until}"),
    };
    let triggers = plural(triggers.len() as u64, "trigger");
    Some(format!(
        "changes of table `{table}` {period} may have no entry, or an incorrect one: triggers were missing or outdated until run {run} recreated {triggers}; `accession audit reconcile` lists differences, `accession audit enable {word}` records the current rows"
    ))
}
