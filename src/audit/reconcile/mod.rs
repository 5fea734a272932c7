//! Comparing what the trail says with the rows that are there. Pure.
//!
//! First by sums: every value of every row is hashed, and the hashes are added where the trail adds the value and
//! subtracted where it takes it away, in buckets of rows. What remains must be the sum over the rows that are there.
//! Only rows of buckets where it is not are replayed entry by entry. So both sides are read in whatever order they come
//! fastest, and memory does not grow with them.

mod cells;
mod compare;
mod sums;

pub use cells::{NotAnImage, each_cell};
pub use compare::{Replay, RowDifference, same};
pub use sums::{BUCKETS, Summing, Sums};
