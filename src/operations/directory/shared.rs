//! The transaction, shared between the thread that plans and the thread that writes.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::database::{ReadTransaction, WriteTransaction};

/// The transaction of the thread that plans; a [`Writable`] one is shared with the thread that writes.
///
/// The planning thread's queries never depend on writes that are pending: it keeps this run's own rows itself.
pub(in crate::operations) type SharedTransaction<'d> =
    Mutex<dyn DerefMut<Target = ReadTransaction> + Send + 'd>;

/// A transaction that one thread reads and another one writes.
pub(in crate::operations) struct Writable<'d>(pub(in crate::operations) &'d mut WriteTransaction);

impl Deref for Writable<'_> {
    type Target = ReadTransaction;

    fn deref(&self) -> &ReadTransaction {
        self.0
    }
}

impl DerefMut for Writable<'_> {
    fn deref_mut(&mut self) -> &mut ReadTransaction {
        self.0
    }
}

/// Locks the transaction for one query or one command.
pub(in crate::operations) fn lock<T: ?Sized>(transaction: &Mutex<T>) -> MutexGuard<'_, T> {
    transaction.lock().unwrap_or_else(PoisonError::into_inner)
}
