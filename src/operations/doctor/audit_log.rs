//! Checks of the audit log: whether every change of the imported tables is recorded.

use std::collections::BTreeSet;

use crate::database::{DatabaseError, TriggerState};
use crate::operations::audited_tables::{altered, never_rolled_back};

use super::{Check, DoctorContext};

/// The result for an account that may not see triggers.
pub(super) fn not_shown(name: &'static str) -> Check {
    Check::warning(
        name,
        "this account cannot see triggers, because it lacks the TRIGGER privilege",
        "run `accession doctor` with the account that imports",
    )
}

pub(super) fn triggers(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    if !ctx.database.sees_triggers()? {
        return Ok(not_shown("triggers"));
    }
    let (mut faults, mut unfixable) = (Vec::new(), Vec::new());
    let mut disabled = Vec::new();
    let mut imported = BTreeSet::new();
    let states = ctx.database.table_triggers()?;
    let is = |name: &str, wanted: TriggerState| {
        let mut states = states.iter();
        states.any(|state| state.table == name && state.state == wanted)
    };
    for layout in ctx.layouts {
        for table in &layout.tables {
            let table = &table.table;
            if !states.iter().any(|state| state.table == table.name) {
                continue;
            }
            imported.insert(table.name.as_str());
            let is_reported_below = [
                TriggerState::Disabled,
                TriggerState::Unfinished,
                TriggerState::KeyLost,
            ];
            if is_reported_below
                .into_iter()
                .any(|state| is(&table.name, state))
            {
                continue;
            }
            for (name, fault) in ctx.database.trigger_faults(table)? {
                faults.push(format!("`{name}` of `{}`: {}", table.name, fault.name()));
            }
        }
    }
    let mut tables = imported.len();
    for state in &states {
        if !state.columns.is_empty() && state.state == TriggerState::Outdated {
            faults.extend(altered(state));
        }
        let of_layout = imported.contains(state.table.as_str());
        let earlier = match state.state {
            TriggerState::Outdated => ctx.database.triggers_that_fire_first(&state.table)?,
            _ => Vec::new(),
        };
        for trigger in &earlier {
            faults.push(format!(
                "`{trigger}` of `{}` was created later and fires before the audit triggers: its changes are recorded before their cause, and if it ends the statement (`RAISE(IGNORE)`), nothing is",
                state.table
            ));
        }
        match state.state {
            TriggerState::Disabled => {
                tables -= usize::from(of_layout);
                disabled.push(format!("`{}`", state.table));
            }
            TriggerState::Missing | TriggerState::Outdated if !of_layout => {
                let names = state.faulty.iter().filter(|name| !earlier.contains(name));
                let names: Vec<&str> = names.map(String::as_str).collect();
                if !names.is_empty() {
                    faults.push(format!(
                        "`{}` of `{}`: missing, altered, renamed or copied",
                        names.join("`, `"),
                        state.table
                    ));
                }
            }
            TriggerState::Unfinished => {
                faults.push(format!(
                    "`{}`: enabling or disabling was interrupted",
                    state.table
                ));
            }
            TriggerState::Recorded if !of_layout => tables += 1,
            TriggerState::Renamed | TriggerState::Detached => faults.extend(altered(state)),
            TriggerState::Removed | TriggerState::KeyLost | TriggerState::Foreign => {
                unfixable.extend(altered(state));
            }
            TriggerState::Recorded
            | TriggerState::NotRecorded
            | TriggerState::NoKey
            | TriggerState::NoTriggers
            | TriggerState::Unseen
            | TriggerState::Missing
            | TriggerState::Outdated => {}
        }
    }
    let disabled = match &disabled[..] {
        [] => String::new(),
        disabled => format!("; disabled on purpose: {}", disabled.join(", ")),
    };
    Ok(if !faults.is_empty() || !unfixable.is_empty() {
        const FIX: &str = "`accession doctor --fix` recreates the triggers and records the changes made meanwhile; `accession audit reconcile` lists them without writing";
        let hint = match (faults.is_empty(), unfixable.is_empty()) {
            (_, true) => FIX.to_owned(),
            (true, false) => {
                "`accession doctor --fix` cannot repair this: each message says what can be done"
                    .to_owned()
            }
            (false, false) => format!(
                "{FIX}; it cannot repair the last {} of these problems, whose messages say what can be done",
                unfixable.len()
            ),
        };
        faults.append(&mut unfixable);
        Check::broken("triggers", faults.join("; "), hint)
    } else if tables == 0 && disabled.is_empty() {
        Check::sound("triggers", "nothing has been imported yet")
    } else {
        let message = format!("correct on {tables} tables{disabled}");
        Check::sound("triggers", message)
    })
}

pub(super) fn hidden_rows(ctx: &mut DoctorContext<'_>) -> Result<Option<Check>, DatabaseError> {
    let Some(hidden) = ctx.database.tables_with_hidden_rows()? else {
        return Ok(None);
    };
    Ok(Some(if hidden.is_empty() {
        Check::sound("row security", "no rows are hidden")
    } else {
        Check::broken(
            "row security",
            format!("row-level security hides rows of {}", hidden.join(", ")),
            "`ALTER TABLE … NO FORCE ROW LEVEL SECURITY`, or give the owner and this account BYPASSRLS; until then commands and TRUNCATE fail",
        )
    }))
}

pub(super) fn engines(ctx: &mut DoctorContext<'_>) -> Result<Option<Check>, DatabaseError> {
    if ctx.database.tables_without_transactions()?.is_none() {
        return Ok(None);
    }
    let states = ctx.database.table_triggers()?;
    let never: Vec<String> = states.iter().filter_map(never_rolled_back).collect();
    Ok(Some(if never.is_empty() {
        Check::sound("engines", "all recorded tables have transactions")
    } else {
        let hint = "convert these tables to an engine with transactions; until then `accession audit reconcile` finds rolled-back changes";
        Check::warning("engines", never.join("; "), hint)
    }))
}

pub(super) fn temporary_tables(
    ctx: &mut DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let Some(accounts) = ctx.database.shadowing_accounts()? else {
        return Ok(None);
    };
    Ok(Some(if accounts.is_empty() {
        let message = "no account that this one may see can hide the audit log from triggers";
        Check::sound("temporary tables", message)
    } else {
        let message = format!(
            "these accounts may create temporary tables, one called `audit_log` among them, into which triggers then write: {}",
            accounts.join(", ")
        );
        let hint = "`REVOKE CREATE TEMPORARY TABLES ON … FROM …`";
        Check::warning("temporary tables", message, hint)
    }))
}

pub(super) fn order(ctx: &mut DoctorContext<'_>) -> Result<Option<Check>, DatabaseError> {
    let Some(earlier) = ctx.database.earlier_triggers()? else {
        return Ok(None);
    };
    Ok(Some(if earlier.is_empty() {
        Check::sound("order of triggers", "none fires before those of accession")
    } else {
        let message = format!(
            "these fire before the change has its entry: {}; if they change the same row, entries are in the wrong order",
            earlier.join(", ")
        );
        Check::warning(
            "order of triggers",
            message,
            "triggers fire in the order of their names: rename them, `ALTER TRIGGER … RENAME TO …`, so that they come after `accession_`",
        )
    }))
}

pub(super) fn cascades(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    let silent = ctx.database.silent_cascades()?;
    Ok(if silent.is_empty() {
        Check::sound("cascades", "all fire the audit triggers")
    } else {
        Check::warning(
            "cascades",
            format!("these change rows without an entry: {}", silent.join(", ")),
            "make the foreign keys RESTRICT, and delete the children first",
        )
    })
}
