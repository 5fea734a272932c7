//! Checks of the audit log: whether every change of the imported tables is recorded.

use std::collections::BTreeSet;

use crate::database::{DatabaseError, ReadTransaction, TableTriggers, TriggerState};
use crate::model::plural;
use crate::operations::audited_tables::{
    altered, faulty_audit_triggers, gap_message, is_recorded, never_rolled_back, overtaken,
    silently_changed,
};

use super::{Check, DoctorContext};

/// The result for an account that may not see triggers.
pub(super) fn not_shown(name: &'static str) -> Check {
    Check::warning(
        name,
        "this account cannot see triggers, because it lacks the TRIGGER privilege",
        "run `accession doctor` with the account that imports",
    )
}

pub(super) fn triggers(
    database: &mut ReadTransaction,
    ctx: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    if !database.audited_tables().sees_triggers()? {
        return Ok(not_shown("triggers"));
    }
    let (mut faults, mut unfixable) = (Vec::new(), Vec::new());
    let mut disabled = Vec::new();
    let mut unfinished = Vec::new();
    let mut others = Vec::new();
    let mut imported = BTreeSet::new();
    let states = database.audited_tables().table_triggers()?;
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
            let of_table = |state: &&TableTriggers| state.table == table.name;
            let reported = states.iter().find(of_table).map(|state| &state.faulty);
            for (name, fault) in database.trigger_faults(table)? {
                if reported.is_none_or(|reported| reported.is_empty() || reported.contains(&name)) {
                    faults.push(format!("`{name}` of `{}`: {}", table.name, fault.name()));
                }
            }
        }
    }
    let mut tables = imported.len();
    for state in &states {
        let has_triggers =
            state.state == TriggerState::Outdated || state.state == TriggerState::Missing;
        if !state.columns.is_empty() && has_triggers {
            faults.extend(altered(state));
        }
        let of_layout = imported.contains(state.table.as_str());
        faults.extend(overtaken(state));
        faults.extend(gap_message(state));
        match state.state {
            TriggerState::Disabled => {
                tables -= usize::from(of_layout);
                disabled.push(format!("`{}`", state.table));
            }
            TriggerState::Missing | TriggerState::Outdated if !of_layout => {
                let names = faulty_audit_triggers(state);
                if !names.is_empty() {
                    faults.push(format!(
                        "`{}` of `{}`: missing, altered, renamed or copied",
                        names.join("`, `"),
                        state.table
                    ));
                }
            }
            TriggerState::Unfinished => {
                unfinished.extend(altered(state));
            }
            TriggerState::Recorded if !of_layout => tables += 1,
            TriggerState::Renamed | TriggerState::Detached => faults.extend(altered(state)),
            TriggerState::Removed | TriggerState::KeyLost | TriggerState::Foreign => {
                unfixable.extend(altered(state));
            }
            TriggerState::NotRecorded if !of_layout => others.push(format!("`{}`", state.table)),
            TriggerState::Recorded
            | TriggerState::NotRecorded
            | TriggerState::NoKey
            | TriggerState::NoTriggers
            | TriggerState::Unseen
            | TriggerState::Missing
            | TriggerState::Outdated
            // The check of the guards reports it.
            | TriggerState::LedgerTable => {}
        }
    }
    let others = match &others[..] {
        [] => String::new(),
        others => {
            const LISTED: usize = 10;
            let more = match others.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let named = others[..others.len().min(LISTED)].join(", ");
            format!("; never recorded: {named}{more}")
        }
    };
    let disabled = match &disabled[..] {
        [] => String::new(),
        disabled => format!("; disabled on purpose: {}", disabled.join(", ")),
    };
    let is_complete = faults.is_empty() && unfixable.is_empty();
    Ok(if is_complete && !unfinished.is_empty() {
        Check::broken(
            "triggers",
            unfinished.join("; "),
            "`accession doctor --fix` completes it",
        )
    } else if !is_complete {
        const FIX: &str = "`accession doctor --fix` recreates the triggers and records the changes made meanwhile; `accession audit reconcile` lists them without writing";
        let hint = match (faults.is_empty(), unfixable.is_empty()) {
            (_, true) => FIX.to_owned(),
            (true, false) => {
                "`accession doctor --fix` cannot repair this: each message says what can be done"
                    .to_owned()
            }
            (false, false) => format!(
                "{FIX}; it cannot repair the last {} of those listed, and the message says what can be done",
                plural(unfixable.len() as u64, "problem")
            ),
        };
        faults.append(&mut unfinished);
        faults.append(&mut unfixable);
        Check::broken("triggers", faults.join("; "), hint)
    } else if tables == 0 && disabled.is_empty() {
        Check::sound("triggers", "nothing has been imported or enabled yet")
    } else {
        let tables = plural(tables as u64, "table");
        let message = format!("correct on {tables}{disabled}{others}");
        Check::sound("triggers", message)
    })
}

pub(super) fn hidden_rows(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let Some(hidden) = database.tables_with_hidden_rows()? else {
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

pub(super) fn engines(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let Some(without_transactions) = database.tables_without_transactions()? else {
        return Ok(None);
    };
    let ledger = database.only_ledger_tables(&without_transactions)?;
    if !ledger.is_empty() {
        let message = format!(
            "the engine of these tables of the ledger has no transactions, so that the entries of changes that were rolled back stay: {}",
            ledger.join(", ")
        );
        let hint = "`ALTER TABLE … ENGINE = InnoDB`";
        return Ok(Some(Check::broken("engines", message, hint)));
    }
    let states = database.audited_tables().table_triggers()?;
    let never: Vec<String> = states.iter().filter_map(never_rolled_back).collect();
    Ok(Some(if never.is_empty() {
        Check::sound("engines", "all recorded tables have transactions")
    } else {
        let hint = "convert these tables to an engine with transactions; until then `accession audit reconcile` finds rolled-back changes";
        Check::warning("engines", never.join("; "), hint)
    }))
}

pub(super) fn crash_safety(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    const HINT: &str =
        "`ALTER TABLE … SET LOGGED`, of partitions too, or `ALTER TABLE … ENGINE = InnoDB`";
    let Some(emptied) = database.tables_emptied_by_crash()? else {
        return Ok(None);
    };
    let of_ledger = database.only_ledger_tables(&emptied)?;
    let states = database.audited_tables().table_triggers()?;
    let recorded = states.iter().filter(|state| is_recorded(state));
    let recorded = recorded.filter(|state| emptied.contains(&state.table));
    let recorded: Vec<&str> = recorded.map(|state| state.table.as_str()).collect();
    Ok(Some(if !of_ledger.is_empty() {
        let tables = of_ledger.join(", ");
        let message = format!(
            "a crash or a restart of the server empties these tables of the ledger: {tables}"
        );
        Check::broken("crash safety", message, HINT)
    } else if recorded.is_empty() {
        Check::sound("crash safety", "a crash empties no recorded table")
    } else {
        let tables = recorded.join(", ");
        let message = format!(
            "a crash or a restart of the server empties these recorded tables, without an entry: {tables}"
        );
        Check::warning("crash safety", message, HINT)
    }))
}

pub(super) fn temporary_tables(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let Some(accounts) = database.shadowing_accounts()? else {
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

pub(super) fn order(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let Some(earlier) = database.earlier_triggers()? else {
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

pub(super) fn cascades(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    const HINT: &str = "make the foreign keys RESTRICT, and delete the children first";
    let silent = database.silent_cascades()?;
    if silent.is_empty() {
        return Ok(Check::sound("cascades", "all fire the audit triggers"));
    }
    let states = database.audited_tables().table_triggers()?;
    let recorded: Vec<String> = states.iter().filter_map(silently_changed).collect();
    Ok(if recorded.is_empty() {
        let names: Vec<&str> = silent.iter().map(|key| key.name.as_str()).collect();
        let message = format!("these change rows without an entry: {}", names.join(", "));
        Check::warning("cascades", message, HINT)
    } else {
        Check::broken("cascades", recorded.join("; "), HINT)
    })
}
