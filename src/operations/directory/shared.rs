//! The database while one thread asks it questions and another writes to it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::database::Database;

/// The database, shared by the thread that plans and the one that writes.
///
/// What the planning thread asks never depends on what is still to be written: this run's own rows it knows itself.
pub(in crate::operations) type SharedDatabase<'d> = Mutex<&'d mut Database>;

/// The database, for one question or one command.
pub(in crate::operations) fn lock<'l, 'd>(
    database: &'l SharedDatabase<'d>,
) -> MutexGuard<'l, &'d mut Database> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}
