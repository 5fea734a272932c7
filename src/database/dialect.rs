//! What differs between databases, as SQL text. Pure: nothing here is executed.

use crate::audit::{AuditedTable, Trigger};
use crate::model::{ColumnType, Table, Value};

use super::decode::decode;

/// The recipe of one kind of database.
pub trait Dialect: Send + Sync {
    /// `CREATE TABLE` for a table of a layout, with all constraints that must hold while rows are written.
    fn create_table(&self, table: &Table) -> String;

    /// `CREATE INDEX` statements for a table: its own indexes and what enforces its UNIQUE constraints.
    fn create_indexes(&self, table: &Table) -> Vec<String>;

    /// The audit triggers of a table.
    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger>;

    /// Triggers that do what foreign keys of a table made by [`create_table`](Self::create_table) would, where those
    /// fire no triggers.
    fn cascades(&self, _table: &Table) -> Vec<Trigger> {
        Vec::new()
    }

    /// What of a table this database cannot take, in words that tell what to change.
    fn refusals(&self, _table: &Table) -> Vec<String> {
        Vec::new()
    }

    /// The longest text that a column takes, in Unicode scalar values, where this database knows a bound that the
    /// column's type does not state.
    fn max_chars(&self, _table: &Table, _column: usize) -> Option<u32> {
        None
    }

    /// How deep the JSON of a JSON column may be nested, where that is less than we read.
    fn max_json_depth(&self) -> Option<usize> {
        None
    }

    /// A query of all rows of a table, rendered as the audit triggers render them: `record_id` and `image`.
    fn select_images(&self, table: &AuditedTable) -> String;

    /// Statements after which queries of the transaction write values as the triggers do.
    fn image_settings(&self) -> Option<String> {
        None
    }

    /// The most bind parameters a statement may have.
    fn max_binds(&self) -> usize;

    /// A stored value as one of the column's type. What does not fit, because another program wrote it, stays as it is
    /// stored, and so differs from anything we would write.
    fn decode(&self, stored: Value, ty: ColumnType) -> Value {
        decode(stored, ty)
    }
}
