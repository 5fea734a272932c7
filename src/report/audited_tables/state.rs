//! The states of tables in words.

use std::borrow::Cow;

use crate::database::{Effect, TableTriggers, TriggerState};

/// Whether the changes of a table are recorded.
pub(super) fn state_text(table: &TableTriggers) -> Cow<'static, str> {
    Cow::Borrowed(match (table.state, &table.effect) {
        (
            TriggerState::Missing | TriggerState::Outdated | TriggerState::Renamed,
            Effect::Rejected,
        ) => "rejected: they fail",
        (TriggerState::Missing | TriggerState::Outdated, Effect::Recorded) => {
            match table.columns.is_empty() {
                true => "recorded, by renamed or copied triggers",
                false => "recorded, by triggers for the former columns",
            }
        }
        (TriggerState::Missing | TriggerState::Outdated, Effect::Except(statements)) => {
            return Cow::Owned(format!("recorded, except {}", statements.join(", ")));
        }
        (TriggerState::Missing, Effect::Unknown) => "not fully recorded",
        (TriggerState::KeyLost, Effect::Recorded) => {
            "recorded by the former key: no primary key any more"
        }
        (state, _) => of_state(state),
    })
}

fn of_state(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Recorded => "recorded",
        TriggerState::NotRecorded => "not recorded",
        TriggerState::NoKey => "not recorded: no primary key",
        TriggerState::NoTriggers => "not recorded: a virtual or foreign table",
        TriggerState::KeyLost => "no longer recorded: no primary key any more",
        TriggerState::Disabled => "not recorded: disabled on purpose",
        TriggerState::Unseen => "unknown: triggers are not visible",
        TriggerState::Unfinished => "not fully recorded: enabling or disabling it was interrupted",
        TriggerState::Missing => "no longer recorded",
        TriggerState::Outdated => "not fully recorded",
        TriggerState::Removed => "removed or renamed, without an entry",
        TriggerState::Renamed => "recorded under its old name",
        TriggerState::Detached => "detached, without an entry",
        TriggerState::Foreign => "a table of the ledger with triggers of others",
        TriggerState::LedgerTable => "a table of the ledger, missing or altered",
    }
}
