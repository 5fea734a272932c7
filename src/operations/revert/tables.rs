//! The tables that a run changed: whether they still have their names, and whether changes to them are recorded.

use std::collections::BTreeMap;

use crate::audit::seal::EntriesHeader;
use crate::database::ledger::RunRecord;
use crate::database::{ReadTransaction, TableTriggers, TriggerState};
use crate::model::{Finding, Level, Rule, shell_word};
use crate::operations::OperationError;
use crate::operations::audited_tables::altered;

/// The tables of a run as they are now.
pub(super) struct RunTables {
    /// Every table of the application, by name.
    states: BTreeMap<String, TableTriggers>,
    /// The current names of renamed tables, by those that they had in the run.
    renamed: BTreeMap<String, String>,
}

/// The tables with entries of a run; those of its counts if it was not sealed.
pub(super) fn names(run: &RunRecord, sealed: Option<&EntriesHeader>) -> Vec<String> {
    match sealed {
        Some(entries) => entries.tables.keys().map(ToString::to_string).collect(),
        None => run.tables(),
    }
}

impl RunTables {
    /// Reads the state of these tables of a run.
    pub(super) fn of(
        database: &mut ReadTransaction,
        run: &RunRecord,
        names: &[String],
    ) -> Result<Self, OperationError> {
        let states = database.audited_tables().table_triggers()?;
        // Newest first.
        let mut later = database.ledger().runs()?;
        later.retain(|other| other.id > run.id);
        let later: Vec<_> = later.iter().rev().map(RunRecord::renamed_tables).collect();
        let current = |name: &String| {
            let mut current = name.clone();
            later
                .iter()
                .for_each(|renamed| renamed.follow(&mut current));
            // No run has recorded it under its new name yet.
            let mut renamed = states.iter();
            let renamed = renamed.find(|state| {
                state.state == TriggerState::Renamed && state.before.as_ref() == Some(&current)
            });
            let now = renamed.map_or(current, |state| state.table.clone());
            (now != *name).then(|| (name.clone(), now))
        };
        let renamed = names.iter().filter_map(current).collect();
        // The command that writes updates these first.
        let renewed = database.audited_tables().renewals()?;
        let is_renewed = |name: &String| renewed.iter().any(|(table, _)| table.name == *name);
        let states = states.into_iter().map(|state| (state.table.clone(), state));
        Ok(Self {
            renamed,
            states: states.filter(|(table, _)| !is_renewed(table)).collect(),
        })
    }

    /// Rejects a table that has another name now, also if a new table has the old name.
    pub(super) fn require_name(&self, table: &str) -> Result<(), OperationError> {
        match self.renamed.get(table) {
            None => Ok(()),
            Some(now) => Err(OperationError::TableRenamed {
                table: table.to_owned(),
                now: now.clone(),
                is_taken: self.states.contains_key(table),
            }),
        }
    }

    /// A finding for each of these tables of which changes would fail, or leave no entries or incomplete ones.
    pub(super) fn unrecorded<'t>(
        &self,
        tables: impl Iterator<Item = &'t str>,
    ) -> impl Iterator<Item = Finding> {
        let states = tables.filter_map(|table| self.states.get(table));
        states.filter_map(unrecorded)
    }
}

fn unrecorded(state: &TableTriggers) -> Option<Finding> {
    let (table, word) = (&state.table, shell_word(&state.table));
    let message = match state.state {
        // Interrupted runs are completed before anything is written, and a server reports the entries that are missing.
        TriggerState::Recorded | TriggerState::Unseen | TriggerState::Unfinished => return None,
        TriggerState::NotRecorded
        | TriggerState::Disabled
        | TriggerState::NoKey
        | TriggerState::NoTriggers
        | TriggerState::LedgerTable => None,
        TriggerState::KeyLost
        | TriggerState::Missing
        | TriggerState::Outdated
        | TriggerState::Removed
        | TriggerState::Renamed
        | TriggerState::Detached
        | TriggerState::Foreign => altered(state),
    };
    let message = message.unwrap_or_else(|| {
        format!(
            "changes of table `{table}` are not recorded: `accession audit enable {word}` records them"
        )
    });
    let finding = Finding::new(Level::Error, Rule::IncompleteAuditLog, None, message);
    Some(finding.hint("run the command that the message names, and revert again"))
}
