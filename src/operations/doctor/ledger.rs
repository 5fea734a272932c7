//! Checks of the ledger: its migrations, its guards, and the audit context.

use crate::database::{DatabaseError, MigrationStatus};

use super::audit_log::not_shown;
use super::{Check, DoctorContext};

pub(super) fn migrations(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    let states = match ctx.database.migration_states() {
        Err(error @ DatabaseError::NewerLedger(_)) => {
            let hint = "use the version of accession that wrote it, or a newer one";
            return Ok(Check::broken("migrations", error.to_string(), hint));
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
        Check::sound("migrations", "no ledger yet; the first import creates it")
    } else {
        let message = format!("pending: {}", pending.join(", "));
        Check::warning(
            "migrations",
            message,
            "run `accession migrate up`, or an import",
        )
    })
}

pub(super) fn guards(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    if !ctx.database.sees_triggers()? {
        return Ok(not_shown("guards"));
    }
    if !ctx.database.has_ledger()? {
        return Ok(Check::sound("guards", "no ledger yet"));
    }
    let faults = ctx.database.guard_faults()?;
    let listed: Vec<String> = faults
        .iter()
        .map(|(table, name, fault)| format!("`{name}` of `{table}`: {}", fault.name()))
        .collect();
    Ok(if listed.is_empty() {
        Check::sound("guards", "the ledger is append-only")
    } else {
        let hint = "run `accession migrate up`, or an import, to recreate them; then run `accession audit verify`: \
                      entries may have been changed meanwhile";
        Check::broken("guards", listed.join("; "), hint)
    })
}

pub(super) fn context(ctx: &mut DoctorContext<'_>) -> Result<Check, DatabaseError> {
    let staged = ctx.database.unexplained_staged_rows()?;
    if let Some((table, record)) = staged.first() {
        return Ok(Check::broken(
            "context",
            format!(
                "`audit_replaced` has {} that no statement staged, first record `{record}` of table `{table}`",
                if staged.len() == 1 {
                    "a row".to_owned()
                } else {
                    format!("{} rows", staged.len())
                },
            ),
            "find the program that wrote them; the next command that writes deletes these rows without recording them",
        ));
    }
    Ok(match ctx.database.has_left_over_context()? {
        false => Check::sound("context", "no run is writing"),
        true => Check::broken(
            "context",
            "`audit_context` is not empty: changes by other programs are attributed to a run",
            "find the program that wrote it, then run `DELETE FROM audit_context`",
        ),
    })
}
