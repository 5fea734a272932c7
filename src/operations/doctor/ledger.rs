//! Checks of the ledger: its migrations, its guards, and the audit context.

use crate::database::{DatabaseError, MigrationStatus, ReadTransaction, loss_of};
use crate::model::plural;
use crate::operations::audited_tables::taken_number;

use super::audit_log::not_shown;
use super::{Check, DoctorContext};

pub(super) fn migrations(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let states = match database.migration_states() {
        Err(error @ DatabaseError::NewerLedger(_)) => {
            let hint = "use the version of accession that wrote it, or a newer one";
            return Ok(Check::broken("migrations", error.to_string(), hint));
        }
        states => states?,
    };
    if let Err(error) = database.has_ledger() {
        return match error.is_of_damaged_schema() {
            true => {
                let hint = error.hint().unwrap_or_default();
                Ok(Check::broken("migrations", error.to_string(), hint))
            }
            false => Err(error),
        };
    }
    let pending: Vec<&str> = states
        .iter()
        .filter(|state| state.status == MigrationStatus::Pending)
        .map(|state| state.name.as_str())
        .collect();
    Ok(if pending.is_empty() {
        Check::sound("migrations", "all applied")
    } else if pending.len() == states.len() {
        Check::sound(
            "migrations",
            "no ledger yet; the first import, or `accession audit enable`, creates it",
        )
    } else {
        let message = format!("pending: {}", pending.join(", "));
        Check::warning(
            "migrations",
            message,
            "run `accession migrate up`, or an import",
        )
    })
}

pub(super) fn guards(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    if !database.audited_tables().sees_triggers()? {
        return Ok(not_shown("guards"));
    }
    if !database.has_ledger()? {
        return Ok(Check::sound("guards", "no ledger yet"));
    }
    let faults = database.guard_faults()?;
    let listed: Vec<String> = faults
        .iter()
        .map(|(table, name, fault)| match table == name {
            true => format!("table `{table}`: {}, {}", fault.name(), loss_of(table)),
            false => format!("`{name}` of `{table}`: {}", fault.name()),
        })
        .collect();
    Ok(if listed.is_empty() {
        Check::sound("guards", "the ledger is append-only")
    } else {
        let hint = "run `accession migrate up`, or an import, to recreate them; then run `accession audit verify`: \
                      entries may have been changed meanwhile";
        Check::broken("guards", listed.join("; "), hint)
    })
}

pub(super) fn context(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Check, DatabaseError> {
    let staged = database.audited_tables().unexplained_staged_rows()?;
    if let Some((table, record)) = staged.first() {
        return Ok(Check::broken(
            "context",
            format!(
                "`audit_replaced` has {} that no statement staged, first record `{record}` of table `{table}`",
                plural(staged.len() as u64, "row")
            ),
            "find the program that wrote them; the next command that writes deletes these rows without recording them",
        ));
    }
    Ok(match database.has_left_over_context()? {
        false => Check::sound("context", "no run is writing"),
        true => Check::broken(
            "context",
            "`audit_context` is not empty: changes by other programs are attributed to a run",
            "find the program that wrote it, then run `DELETE FROM audit_context`",
        ),
    })
}

/// Entries get their numbers from a sequence, which another program can set back.
pub(super) fn entry_numbers(
    database: &mut ReadTransaction,
    _: &DoctorContext<'_>,
) -> Result<Option<Check>, DatabaseError> {
    let checked = database.taken_entry_number()?;
    Ok(checked.map(|taken| match taken {
        None => Check::sound("entry numbers", "the next one is free"),
        Some([next, last]) => {
            let message = format!(
                "{}: changes of recorded tables fail",
                taken_number(next, last)
            );
            let hint = "`accession doctor --fix`, or the next command that writes, sets it";
            Check::broken("entry numbers", message, hint)
        }
    }))
}
