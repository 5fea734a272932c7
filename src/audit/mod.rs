//! The audit log: the reading and replaying of its entries, what was changed after its triggers were made, and the
//! seals that make later changes of the log evident.
//!
//! Pure. The triggers that write the entries are SQL text of each database engine (`database::engine`), made from an
//! [`AuditedTable`]. Reading, replaying and sealing of entries are the same for all.
//!
//! The same change gives the same entry on every database: the same members in the same order, timestamps as RFC 3339
//! strings in UTC, JSON columns as a string that contains the JSON, BLOBs as `{"$blob": hex}`, infinities and NaN as
//! `{"$real": name}`. Only conversions that a database makes when it stores a value (JSON that is formatted anew,
//! numbers as strings) can differ.

mod content;
mod image;
mod invalid_text;
mod key;
pub mod reconcile;
mod recorded;
mod replay;
mod replay_error;
mod replay_step;
mod replayed_rows;
pub mod revert;
pub mod seal;
mod structure;
mod table;
mod trigger;

pub use content::{ContentFilter, FieldChange};
pub use image::{Image, same_value};
pub use invalid_text::{readable, unreadable, with_hexadecimal_blobs};
pub use key::{Key, KeyRule, imported_record_ids, rewritten_record_id};
pub(crate) use recorded::quoted_name;
pub use recorded::{Literal, altered_columns, writes_entries_of};
pub use replay::RowState;
pub use replay_error::ReplayError;
pub use replay_step::{Action, ReplayStep};
pub use replayed_rows::ReplayedRows;
pub(crate) use structure::structure_mark;
pub use structure::{has_mark, is_of_another_structure};
pub use table::{
    AuditedColumn, AuditedTable, Firing, Form, GeneratedColumn, KeyTerm, Part, UniqueKey,
};
pub(crate) use trigger::member_name;
pub use trigger::{EXTERNAL, TRIGGER_PREFIX, Trigger};
