//! Proving that the trail is complete: sealing what was changed outside runs, and checking all seals against the
//! entries.

mod chain;
mod check;
mod coverage;
mod outcome;
mod receipt;
mod reconcile;
mod seal;

pub use check::{CheckOptions, check_trail};
pub use outcome::{
    AnchorOf, AnchorSource, CheckedAnchor, TrailDifference, TrailDifferenceKind, TrailOutcome,
    TrailStatus, Unsealed,
};
pub use receipt::{CheckedReceipt, check_receipt, make_receipt};
pub use reconcile::{ReconcileOptions, ReconcileOutcome, ReconciledTable, Unrecorded, reconcile};
pub(super) use seal::log_seal;
pub use seal::{OutsideSeal, SealPlace, seal_outside_changes};

use crate::database::{Database, DatabaseError, MigrationStatus};

use super::OperationError;

/// Refuses a database without a ledger, and a ledger without seals.
pub(super) fn require_seals(database: &mut Database) -> Result<(), OperationError> {
    database.require_ledger()?;
    let mut states = database.migration_states()?.into_iter();
    match states.find(|state| state.status == MigrationStatus::Pending) {
        Some(pending) => Err(DatabaseError::OlderLedger(pending.name).into()),
        None => Ok(()),
    }
}
