//! The seals of runs, and what they are made of.

use crate::database::ReadTransaction;

mod contents;
mod definitions;
mod entry;
mod records;
mod sums;

pub use contents::{Entries, EntrySubject};
pub use records::{NewSeal, RunFacts, SealRecord};

/// The seals of runs.
pub struct Seals<'d> {
    database: &'d mut ReadTransaction,
}

impl ReadTransaction {
    /// The seals of runs.
    pub fn seals(&mut self) -> Seals<'_> {
        Seals { database: self }
    }
}
