//! The states of tables in words.

use crate::database::TriggerState;

/// Whether the changes of a table are recorded.
pub(super) fn state_text(state: TriggerState) -> &'static str {
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
