//! Messages about tables that another program renamed, removed, altered or detached.

use crate::database::{TableTriggers, TriggerState};
use crate::model::shell_word;

/// Describes a recorded table whose engine has no transactions.
#[must_use]
pub fn never_rolled_back(state: &TableTriggers) -> Option<String> {
    let is_recorded = match state.state {
        TriggerState::Recorded
        | TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Unfinished
        | TriggerState::Renamed => true,
        TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::KeyLost
        | TriggerState::Disabled
        | TriggerState::Unseen
        | TriggerState::Removed
        | TriggerState::Detached
        | TriggerState::Foreign => false,
    };
    let table = &state.table;
    (is_recorded && state.never_rolled_back).then(|| {
        format!("table `{table}` has an engine without transactions: a rollback takes the entries of changes back, but not the changes; `ALTER TABLE … ENGINE = InnoDB` gives it one with transactions")
    })
}

/// Describes how another program changed a table so that its changes are not recorded under its current definition.
#[must_use]
pub fn altered(state: &TableTriggers) -> Option<String> {
    let table = &state.table;
    let before = state.before.as_deref().unwrap_or_default();
    let (word, word_before) = (shell_word(table), shell_word(before));
    match state.state {
        TriggerState::Removed => Some(format!(
            "table `{table}` was removed or renamed, or became a partition of a recorded table, but its rows are still in the audit log: `accession audit disable {word}` records the removal"
        )),
        TriggerState::KeyLost => Some(format!(
            "table `{table}` has no primary key any more, so the audit log cannot identify its rows: give it one and record them with `accession audit enable {table}`, or `accession audit disable {table}`"
        )),
        TriggerState::Renamed => Some(format!(
            "table `{before}` was renamed to `{table}`, but its changes are still recorded as `{before}`: `accession audit enable {word}` records them as `{table}`"
        )),
        TriggerState::Detached => Some(format!(
            "`{table}` was detached from table `{before}` with its rows, without entries: `accession audit enable {word_before}` records the change"
        )),
        TriggerState::Foreign => Some(format!(
            "`{table}` is a table of the ledger, and has triggers, rules or policies that are not those of accession (`{}`): they can keep entries from being written, or change them; drop them, then `accession audit reconcile` lists changes without an entry",
            state.faulty.join("`, `")
        )),
        TriggerState::Outdated | TriggerState::Missing if !state.columns.is_empty() => {
            let columns = state.columns.join("`, `");
            Some(format!(
                "columns of table `{table}` were added, renamed or dropped after its triggers were created (`{columns}`): `accession audit enable {word}` recreates them"
            ))
        }
        TriggerState::Outdated | TriggerState::Missing
            if state.faulty.iter().any(|name| !name.contains(" of ")) =>
        {
            let faulty = state.faulty.join("`, `");
            Some(format!(
                "triggers of table `{table}` are missing, disabled, outdated, renamed or copied (`{faulty}`): `accession audit enable {word}` recreates them and records what changed meanwhile"
            ))
        }
        TriggerState::Outdated | TriggerState::Missing => {
            let partitions = state.faulty.iter();
            let partitions = partitions.filter_map(|name| Some(name.split_once(" of ")?.1));
            let mut partitions: Vec<&str> = partitions.collect();
            partitions.dedup();
            let partitions = partitions.join("`, `");
            Some(match &state.before {
                Some(before) => format!(
                    "partitions were detached from table `{before}` and attached to table `{table}` with their rows, without entries (`{partitions}`): `accession audit enable {word}` records the change of both tables"
                ),
                None => format!(
                    "partitions of table `{table}` have no trigger for TRUNCATE, or were attached with rows that have no entries (`{partitions}`): `accession audit enable {word}` creates the triggers and records the rows"
                ),
            })
        }
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::Disabled
        | TriggerState::Unseen
        | TriggerState::Unfinished => None,
    }
}

/// Whether every audited table still has all its triggers, as far as can be determined. Tables that were disabled on
/// purpose do not count.
#[must_use]
pub fn is_complete(states: &[TableTriggers]) -> bool {
    let whole = |state: &TableTriggers| match state.state {
        TriggerState::Recorded
        | TriggerState::NotRecorded
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::Disabled
        | TriggerState::Unseen => true,
        TriggerState::Foreign
        | TriggerState::KeyLost
        | TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Unfinished
        | TriggerState::Removed
        | TriggerState::Renamed
        | TriggerState::Detached => false,
    };
    states.iter().all(whole)
}
