//! Verifies the integrity of the audit log: seals changes made outside runs, and checks all seals against the entries.

mod chain;
mod check;
mod coverage;
mod outcome;
mod receipt;
mod reconcile;
mod reconciled;
mod replayed;
mod seal;

pub use check::{CheckOptions, check_audit_log};
pub use outcome::{
    AnchorOf, AnchorSource, AuditLogDifference, AuditLogDifferenceKind, AuditLogOutcome,
    AuditLogStatus, CheckedAnchor, Unsealed,
};
pub use receipt::{CheckedReceipt, check_receipt, make_receipt};
pub use reconcile::{ReconcileOptions, reconcile};
pub use reconciled::{Difference, ReconcileOutcome, ReconciledTable, Unrecorded};
pub(super) use replayed::{AT_A_TIME, add, moved, replayed};
pub(super) use seal::log_seal;
pub use seal::{OutsideSeal, SealPlace, seal_outside_changes};

use crate::database::{DatabaseError, MigrationState, MigrationStatus, ReadTransaction};

use super::OperationError;

/// The last migration that creates a table which is read here. Later ones affect only what is written, so a reviewer
/// can read a database that no newer version has written to.
const READ: &str = "accession-0003_reverts";

/// Rejects a database without a ledger, and a ledger without seals.
pub(super) fn require_seals(database: &mut ReadTransaction) -> Result<(), OperationError> {
    database.ledger().require_ledger()?;
    let mut states = database.migration_states()?.into_iter();
    let is_missing = |state: &MigrationState| {
        state.status == MigrationStatus::Pending && state.name.as_str() <= READ
    };
    match states.find(is_missing) {
        Some(pending) => Err(DatabaseError::OlderLedger(pending.name).into()),
        None => Ok(()),
    }
}
