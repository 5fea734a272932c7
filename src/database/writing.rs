//! The handles of a transaction that writes: they have the methods that write besides those that read.

use std::ops::{Deref, DerefMut};

use super::WriteTransaction;
use super::audited_tables::AuditedTables;
use super::ledger::Ledger;
use super::seals::Seals;
use super::tables::Tables;

/// A handle of a transaction that writes.
pub struct Writing<H>(H);

impl WriteTransaction {
    /// The ledger: runs, the files that they read, and the origins of rows.
    pub fn ledger(&mut self) -> Writing<Ledger<'_>> {
        Writing(self.reading.ledger())
    }

    /// The seals of runs.
    pub fn seals(&mut self) -> Writing<Seals<'_>> {
        Writing(self.reading.seals())
    }

    /// The tables of layouts and applications.
    pub fn tables(&mut self) -> Writing<Tables<'_>> {
        Writing(self.reading.tables())
    }

    /// The tables whose changes are recorded, with their triggers.
    pub fn audited_tables(&mut self) -> Writing<AuditedTables<'_>> {
        Writing(self.reading.audited_tables())
    }
}

impl<H> Deref for Writing<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.0
    }
}

impl<H> DerefMut for Writing<H> {
    fn deref_mut(&mut self) -> &mut H {
        &mut self.0
    }
}
