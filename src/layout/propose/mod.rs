//! Proposing a layout for a directory that has none.
//!
//! Three looks at the documents, each of which may be forgotten at once; what is remembered does not grow with them:
//!
//! 1. a [`Sketch`] of each file tells which files are of one kind ([`Kind`]),
//! 2. the [`DocumentShape`] of each kind tells which tables, columns and schemas there should be ([`Outline`]),
//! 3. the [`Collector`] tells which columns are keys, and which refer to keys.
//!
//! What comes out is the text of an ordinary layout. Pure: files are read by others. The same documents in the same
//! order give the same text.

mod affix;
mod captures;
mod column;
mod draft;
mod fields;
mod form;
mod identifier;
mod keys;
mod kinds;
mod outline;
mod patterns;
mod plan;
mod proposal;
mod references;
mod shape;
mod sketch;
mod text;
mod value_set;
mod values;
mod write_mapping;
mod write_schema;
mod write_tables;

pub(crate) use kinds::kinds;
pub use outline::{Collector, DocumentShape, Outline};
pub use proposal::{Proposal, ProposedKind, ProposedTable};
pub(crate) use sketch::Sketch;
