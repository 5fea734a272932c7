//! The ledger: its migrations, and who it thinks is writing.

use crate::database::ledger::Found;
use crate::database::{DatabaseError, MigrationStatus};

use super::trail::not_shown;
use super::{Check, Patient};

pub(super) fn migrations(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    let states = match patient.database.migration_states() {
        Err(error @ DatabaseError::NewerLedger(_)) => {
            let remedy = "use the version of accession that wrote it, or a newer one";
            return Ok(Check::broken("migrations", error.to_string(), remedy));
        }
        states => states?,
    };
    let pending: Vec<&str> = states
        .iter()
        .filter(|state| state.status == MigrationStatus::Pending)
        .map(|state| state.name.as_str())
        .collect();
    Ok(if pending.is_empty() {
        Check::sound("migrations", "all applied")
    } else if pending.len() == states.len() {
        Check::sound("migrations", "no ledger yet; the first import makes it")
    } else {
        let message = format!("pending: {}", pending.join(", "));
        Check::warning(
            "migrations",
            message,
            "run `accession migrate up`, or an import",
        )
    })
}

pub(super) fn guards(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    if !patient.database.sees_triggers()? {
        return Ok(not_shown("guards"));
    }
    if !patient.database.has_ledger()? {
        return Ok(Check::sound("guards", "no ledger yet"));
    }
    let faults = patient.database.guard_faults()?;
    let listed: Vec<String> = faults
        .iter()
        .map(|(table, name, fault)| format!("`{name}` of `{table}`: {}", fault.name()))
        .collect();
    Ok(if listed.is_empty() {
        Check::sound("guards", "the ledger is append-only")
    } else {
        let remedy = "run `accession migrate up`, or an import, which makes them again; then `accession audit verify`: \
                      entries may have been changed meanwhile";
        Check::broken("guards", listed.join("; "), remedy)
    })
}

pub(super) fn context(patient: &mut Patient<'_>) -> Result<Check, DatabaseError> {
    Ok(match patient.database.left_over_context()? {
        Found::No => Check::sound("context", "nobody is said to be writing"),
        Found::Yes => Check::broken(
            "context",
            "`audit_context` is not empty: changes by other programs are signed with the name of a run",
            "find the program that wrote it, then run `DELETE FROM audit_context`",
        ),
    })
}
