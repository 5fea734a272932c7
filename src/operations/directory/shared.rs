//! The database, shared between the thread that plans and the thread that writes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::database::Database;

/// The database, shared by the thread that plans and the one that writes.
///
/// The planning thread's queries never depend on writes that are pending: it keeps this run's own rows itself.
pub(in crate::operations) type SharedDatabase<'d> = Mutex<&'d mut Database>;

/// Locks the database for one query or one command.
pub(in crate::operations) fn lock<'l, 'd>(
    database: &'l SharedDatabase<'d>,
) -> MutexGuard<'l, &'d mut Database> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}
