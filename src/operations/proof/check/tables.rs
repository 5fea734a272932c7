//! Checks whether all changes of the recorded tables can have entries.

use std::collections::BTreeSet;

use crate::database::Renewal;
use crate::operations::OperationError;
use crate::operations::audited_tables::{altered, gap_message};
use crate::operations::proof::outcome::{AuditLogDifference, AuditLogDifferenceKind};

use super::AuditLogCheck;

impl AuditLogCheck<'_> {
    /// Reports tables whose definition differs from the audit log, if the database shows its triggers to accession's
    /// user, and tables of which changes may have no entry. Triggers of another version of accession are not reported,
    /// if they record every change.
    pub(super) fn altered_tables(&mut self) -> Result<(), OperationError> {
        let renewals = self.database.audited_tables().renewals()?.into_iter();
        let older = renewals.filter(|(_, renewal)| *renewal == Renewal::Version);
        let older: BTreeSet<String> = older.map(|(table, _)| table.name).collect();
        for state in self.database.audited_tables().table_triggers()? {
            if let Some(message) = altered(&state).filter(|_| !older.contains(&state.table)) {
                self.report(AuditLogDifferenceKind::Table, None, message);
            }
            if let Some(message) = gap_message(&state) {
                self.keep(AuditLogDifference {
                    kind: AuditLogDifferenceKind::Table,
                    seal: None,
                    run: state.gap.map(|gap| gap.run),
                    entry: None,
                    row: None,
                    message,
                });
            }
        }
        Ok(())
    }
}
