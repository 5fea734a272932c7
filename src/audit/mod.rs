//! The audit trail: the triggers that record every change of a table, whichever program makes it, how their entries are
//! read back, and the seals that make later changes of the trail evident.
//!
//! Pure: a description of a table goes in, SQL text comes out; `database` executes it. One file per kind of database. Entries are
//! read, replayed and sealed alike for all of them.
//!
//! The same change gives the same entry everywhere: the same members in the same order, instants as RFC 3339 texts in
//! UTC, JSON columns as a text that holds the JSON, BLOBs as `{"$blob": hex}`, infinities and NaN as `{"$real": name}`.
//! Only what a database does to a value when it stores it (JSONB, numbers as texts) can differ.

mod content;
pub mod mysql;
pub mod postgres;
pub mod reconcile;
mod replay;
pub mod revert;
pub mod seal;
pub mod sqlite;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod trigger;

pub use content::{ContentFilter, FieldChange};
pub use replay::{ReplayError, RowState};
pub use step::{Action, Image, Step, record_id, rewritten_record_id};
pub use table::{AuditedColumn, AuditedTable, Firing, Form};
#[cfg(feature = "servers")]
pub(crate) use trigger::bounded;
pub use trigger::{EXTERNAL, TRIGGER_PREFIX, Trigger};
