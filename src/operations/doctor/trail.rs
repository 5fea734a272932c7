//! The trail: whether every change of the imported tables is recorded.

use std::collections::BTreeSet;

use crate::database::{DatabaseError, TriggerState};

use super::{Check, Patient};

/// What is said of triggers to an account that may not see them.
pub(super) fn not_shown(name: &'static str) -> Check {
    Check::warning(
        name,
        "this account is not shown triggers, since it lacks the right TRIGGER",
        "run `accession doctor` with the account that imports",
    )
}

pub(super) fn triggers(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    if !patient.database.sees_triggers()? {
        return Ok(not_shown("triggers"));
    }
    let mut faults = Vec::new();
    let mut disabled = Vec::new();
    let mut imported = BTreeSet::new();
    let states = patient.database.table_triggers()?;
    let is_disabled = |name: &str| {
        let mut states = states.iter();
        states.any(|state| state.table == name && state.state == TriggerState::Disabled)
    };
    for layout in patient.layouts {
        for table in &layout.tables {
            let table = &table.table;
            if !states.iter().any(|state| state.table == table.name) {
                continue;
            }
            imported.insert(table.name.as_str());
            if is_disabled(&table.name) {
                continue;
            }
            for (name, fault) in patient.database.trigger_faults(table)? {
                faults.push(format!("`{name}` of `{}`: {}", table.name, fault.name()));
            }
        }
    }
    let mut tables = imported.len();
    for state in &states {
        let of_layout = imported.contains(state.table.as_str());
        match state.state {
            TriggerState::Disabled => {
                tables -= usize::from(of_layout);
                disabled.push(format!("`{}`", state.table));
            }
            TriggerState::Missing | TriggerState::Outdated if !of_layout => {
                let names = state.faulty.join("`, `");
                faults.push(format!(
                    "`{names}` of `{}`: missing or altered",
                    state.table
                ));
            }
            TriggerState::Recorded if !of_layout => tables += 1,
            TriggerState::Recorded
            | TriggerState::NotRecorded
            | TriggerState::NoKey
            | TriggerState::Unseen
            | TriggerState::Missing
            | TriggerState::Outdated => {}
        }
    }
    let disabled = match &disabled[..] {
        [] => String::new(),
        disabled => format!("; disabled on purpose: {}", disabled.join(", ")),
    };
    Ok(if !faults.is_empty() {
        let remedy = "the next import makes those of its own tables again, `accession audit enable --all` those of all tables; what changed meanwhile is not in the trail: run `accession audit reconcile`";
        Check::broken("triggers", faults.join("; "), remedy)
    } else if tables == 0 && disabled.is_empty() {
        Check::sound("triggers", "nothing was imported yet")
    } else {
        let message = format!("as they should be on {tables} tables{disabled}");
        Check::sound("triggers", message)
    })
}

pub(super) fn cascades(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let silent = patient.database.silent_cascades()?;
    Ok(if silent.is_empty() {
        Check::sound("cascades", "all fire the triggers of the trail")
    } else {
        Check::warning(
            "cascades",
            format!("these change rows without an entry: {}", silent.join(", ")),
            "make the foreign keys RESTRICT, and delete the children first",
        )
    })
}
