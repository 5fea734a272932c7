//! The sequence that numbers the entries of the audit log, if another program set it back: every recorded change fails
//! then, because its entry would have the number of another one.

use crate::database::{Database, ReadTransaction};
use crate::model::{EntryId, Finding, Level, Rule};
use crate::operations::OperationError;

/// Sets the sequence after the last entry, and reports it.
pub(super) fn advance_entry_numbers(
    database: &mut Database,
) -> Result<Option<Finding>, OperationError> {
    let taken = database.snapshot(ReadTransaction::taken_entry_number)?;
    let Some([next, last]) = taken.flatten() else {
        return Ok(None);
    };
    database.transaction(|transaction| transaction.advance_entry_numbers(last))?;
    let message = format!("{}; set to {}", taken_number(next, last), last.next());
    let hint = "no change is missing: until then changes failed, or their entries got numbers that were left out before";
    let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
    Ok(Some(finding.hint(hint)))
}

/// A finding about a sequence that was set back.
pub(in crate::operations) fn taken_number_finding(
    database: &mut ReadTransaction,
) -> Result<Option<Finding>, OperationError> {
    let taken = database.taken_entry_number()?.flatten();
    Ok(taken.map(|[next, last]| {
        let message = taken_number(next, last);
        let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
        finding.hint("the next command that writes sets it, for example `accession doctor --fix`")
    }))
}

/// Describes a sequence that was set back.
#[must_use]
pub(in crate::operations) fn taken_number(next: EntryId, last: EntryId) -> String {
    format!(
        "the sequence of `audit_log.id` was set back: the next number is {next}, and entries have numbers up to {last}"
    )
}
