//! The document of `audit status`.

use serde::Serialize;

use crate::database::{Effect, Gap, TableTriggers, TriggerState};
use crate::operations::audited_tables::is_complete;

use super::is_not_visible;

/// All tables as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TableStatesView<'o> {
    /// `incomplete`: a table that was recorded is not, or not completely, or its changes may have no entry in a `gap`;
    /// `unseen`: the account cannot see triggers.
    #[cfg_attr(test, schemars(extend("enum" = ["recorded", "incomplete", "unseen"])))]
    status: &'static str,
    /// The tables of the application.
    tables: Vec<TableStateView<'o>>,
}

/// A table of the application.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TableStateView<'o> {
    /// Its name.
    table: &'o str,
    /// Whether its changes are recorded.
    state: TriggerState,
    /// What becomes of its changes: all are recorded, those of all statements but those in `not_recorded`, possibly not
    /// all, or none; or statements that change the table fail.
    #[cfg_attr(test, schemars(extend("enum" = ["recorded", "except", "unknown", "not_recorded", "rejected"])))]
    changes: &'static str,
    /// The statements whose changes are not recorded while those of others are.
    not_recorded: &'o [String],
    /// Triggers that are missing or incorrect.
    triggers: &'o [String],
    /// Columns that were added, renamed or dropped since.
    columns: &'o [String],
    /// The former name, or the table that it was a partition of.
    before: Option<&'o str>,
    /// Whether its engine has transactions.
    transactions: bool,
    /// Foreign keys that change its rows without an entry, because cascades fire no triggers there.
    cascades: Vec<&'o str>,
    /// The period in which changes may have no entry; else `null`.
    gap: Option<&'o Gap>,
}

impl<'o> From<&'o [TableTriggers]> for TableStatesView<'o> {
    fn from(states: &'o [TableTriggers]) -> Self {
        let tables = states.iter().map(|state| TableStateView {
            table: &state.table,
            state: state.state,
            changes: match &state.effect {
                Effect::Recorded => "recorded",
                Effect::Except(_) => "except",
                Effect::Unknown => "unknown",
                Effect::NotRecorded => "not_recorded",
                Effect::Rejected => "rejected",
            },
            not_recorded: match &state.effect {
                Effect::Except(statements) => statements,
                _ => &[],
            },
            triggers: &state.faulty,
            columns: &state.columns,
            before: state.before.as_deref(),
            transactions: !state.never_rolled_back,
            cascades: state.cascade_names(),
            gap: state.gap.as_ref(),
        });
        Self {
            status: match (is_complete(states), states.iter().any(is_not_visible)) {
                (_, true) => "unseen",
                (true, false) => "recorded",
                (false, false) => "incomplete",
            },
            tables: tables.collect(),
        }
    }
}
