//! Finds the tables that a user named, and the reasons why one cannot be enabled or disabled.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::database::{ReadTransaction, TableTriggers, TriggerState};
use crate::model::{nearest, plural, shell_word};
use crate::operations::OperationError;

pub(super) fn unfit(table: &str, state: TriggerState) -> Cow<'static, str> {
    Cow::Borrowed(if state == TriggerState::Removed {
        let word = shell_word(table);
        return Cow::Owned(format!(
            "the table was removed; `accession audit disable {word}` records that"
        ));
    } else if state == TriggerState::NoTriggers {
        "it is a virtual or foreign table, whose changes fire no triggers: name the tables that have its rows, if there are any"
    } else if state == TriggerState::KeyLost {
        "it has no primary key any more, which the audit log needs to identify rows: give it one, or disable it"
    } else {
        NO_KEY
    })
}

pub(super) const NO_KEY: &str =
    "it has no primary key, which the audit log needs to identify rows: give it one";

pub(super) fn unsuitable(table: &str, why: impl Into<String>) -> OperationError {
    OperationError::UnsuitableTable {
        table: table.to_owned(),
        why: why.into(),
    }
}

/// The tables with these names, without duplicates.
pub(super) fn named<'s>(
    database: &mut ReadTransaction,
    states: &'s [TableTriggers],
    names: &[String],
) -> Result<Vec<&'s TableTriggers>, OperationError> {
    let names: BTreeSet<&String> = names.iter().collect();
    let mut state = |name: &String| match states
        .iter()
        .find(|state| state.table == *name && !state.is_of_ledger())
    {
        Some(found) => Ok(found),
        None => Err(unsuitable(name, unknown(database, states, name)?)),
    };
    names.into_iter().map(&mut state).collect()
}

/// The reason for the error if no table has this name.
fn unknown(
    database: &mut ReadTransaction,
    states: &[TableTriggers],
    name: &str,
) -> Result<String, OperationError> {
    if database.tables().is_view(name)? {
        let why = "it is a view, which has no rows of its own: name the tables that it shows";
        return Ok(why.to_owned());
    }
    if let Some((whole, is_recorded)) = database.tables().partitioned_table(name)? {
        return Ok(match is_recorded {
            true => {
                format!(
                    "it is a partition of `{whole}`, and its rows are recorded as rows of that table"
                )
            }
            false => format!(
                "it is a partition of `{whole}`: `accession audit enable {}` records its rows as rows of that table",
                shell_word(&whole)
            ),
        });
    }
    let mut renamed = states.iter();
    let renamed = renamed
        .find(|state| state.state == TriggerState::Renamed && state.before.as_deref() == Some(name))
        .map(|state| state.table.clone());
    let now = match renamed {
        Some(now) => Some(now),
        None if database.has_ledger()? => database.ledger().present_name(name)?,
        None => None,
    };
    if let Some(now) = now {
        return Ok(format!("the table was renamed to `{now}`: use that name"));
    }
    if database.schema().is_some()
        && let Some((schema, table)) = name.split_once('.')
    {
        return Ok(format!(
            "the schema has no such table; for a table of another schema use `--schema {} {}`",
            shell_word(schema),
            shell_word(table)
        ));
    }
    let tables = states.iter().map(|state| state.table.as_str());
    Ok(match nearest(name, tables) {
        Some(meant) => format!("the application has no such table; did you mean `{meant}`?"),
        None if states.is_empty() => "the application has no tables".to_owned(),
        None => {
            const LISTED: usize = 10;
            let names = states.iter().take(LISTED);
            let names = names.map(|state| format!("`{}`", state.table));
            let more = match states.len().saturating_sub(LISTED) as u64 {
                0 => String::new(),
                more => format!(" and {}", plural(more, "other")),
            };
            let names = names.collect::<Vec<_>>().join(", ");
            format!("the application has no such table; it has {names}{more}")
        }
    })
}
