//! The tool's own tables, as typed Diesel.

mod files;
mod rows;
mod runs;
pub mod tables;

pub use rows::LedgerRow;
pub use runs::{RunHeader, RunRecord};
