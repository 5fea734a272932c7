//! Generates a layout for a directory that has none.
//!
//! The documents are read three times and never kept, so memory does not grow with their number:
//!
//! 1. The `DocumentSummary` of each file determines which files belong to the same cluster (`FileCluster`).
//! 2. The `DocumentProfile` of each cluster determines tables, columns and schemas (`Outline`).
//! 3. The `Collector` determines keys and references.
//!
//! The parts are a pipeline, too: `cluster` → `profile` → `tables` → `emit`.
//!
//! The result is the text of an ordinary layout. This stage is pure: the caller reads the files. The same documents
//! in the same order give the same text.

mod cluster;
mod emit;
mod outline;
mod profile;
mod tables;

pub(crate) use cluster::{DocumentSummary, clusters};
pub use emit::{Proposal, ProposedCluster, ProposedTable};
pub use outline::{DocumentProfile, Outline};
pub use tables::Collector;
