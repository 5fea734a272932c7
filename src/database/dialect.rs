//! What differs between databases, as SQL text. Pure: nothing here is executed.

use crate::model::Table;

/// The recipe of one kind of database.
pub trait Dialect {
    /// `CREATE TABLE` for a table of a layout, with all constraints that must hold while rows are written.
    fn create_table(&self, table: &Table) -> String;

    /// `CREATE INDEX` statements for a table: its own indexes and what enforces its UNIQUE constraints.
    fn create_indexes(&self, table: &Table) -> Vec<String>;

    /// Name and `CREATE TRIGGER` statement of each audit trigger of a table.
    fn audit_triggers(&self, table: &Table) -> Vec<(String, String)>;

    /// The most bind parameters a statement may have.
    fn max_binds(&self) -> usize;
}
