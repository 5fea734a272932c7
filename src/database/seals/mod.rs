//! The seals of runs, and what they are made of.

pub(in crate::database) mod contents;
pub(in crate::database) mod definitions;
pub(in crate::database) mod entry;
pub(in crate::database) mod records;
pub(in crate::database) mod sums;

pub use contents::{Entries, EntrySubject};
pub use records::{NewSeal, RunFacts, SealRecord};
