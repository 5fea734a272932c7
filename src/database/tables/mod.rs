//! The tables of layouts and applications: their columns, their rows, and what refers to them.

use crate::database::ReadTransaction;

pub(in crate::database) mod application;
mod check;
pub(in crate::database) mod deferred;
mod layout;
mod live_rows;
mod partitions;
mod reader;
mod referring_rows;
mod rejected_rows;
mod restored_table;
mod restored_values;
mod statistics;
pub(in crate::database) mod structure;
pub(in crate::database) mod target;
mod undo;

pub use check::{Mismatch, RowRange};
pub use live_rows::LiveRow;
pub use reader::{CurrentRows, SameKey};
pub use referring_rows::{KeyedRows, ReferringKey};
pub use rejected_rows::{RejectedRow, RestoredRows, RowFault};
pub use restored_table::{Obstacle, RestoredTable};
pub use structure::TableProblem;
pub use target::{TargetTable, TargetTables};
pub use undo::{ForeignKeyChecks, RowUndo};

/// The tables of layouts and applications.
pub struct Tables<'d> {
    database: &'d mut ReadTransaction,
}

impl ReadTransaction {
    /// The tables of layouts and applications.
    pub fn tables(&mut self) -> Tables<'_> {
        Tables { database: self }
    }
}
