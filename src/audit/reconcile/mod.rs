//! Compares the audit log with the current rows. Pure.
//!
//! The first step uses sums: every value of every row is hashed, and the hashes are added where the audit log adds the
//! value and subtracted where it removes the value, in buckets of rows. The result must equal the sum over the current
//! rows. Only rows of buckets with a different sum are replayed entry by entry. So both sides can be read in whichever
//! order is fastest, and memory does not grow with them.

mod cells;
mod compare;
mod correct;
mod sums;

pub use cells::{NotAnImage, each_cell};
pub use compare::{Accounted, Replay, RowDifference, UnknownColumns};
pub use correct::Correction;
pub use sums::{BUCKETS, Summing, Sums};
