//! The SQL text that differs between databases. Pure: nothing here is executed.

use crate::audit::{AuditedColumn, AuditedTable, KeyRule, Trigger, writes_entries_of};
use crate::model::{ColumnType, Index, OnDelete, Table, Value};

use super::ddl;
use super::decode::decode;
use super::{Cast, GuardStatement, StoredColumn};

/// Returns the insert trigger for loads, and the names of the triggers that it replaces.
pub(in crate::database) type LighterInsert = fn(&AuditedTable) -> (Trigger, [String; 2]);

/// The SQL of one engine.
pub(in crate::database) trait Dialect: Send + Sync {
    /// `CREATE TABLE` for a table of a layout, with all constraints that must hold while rows are written.
    fn create_table(&self, table: &Table) -> String {
        ddl::create_table(self, table)
    }

    /// `CREATE INDEX` statements for a table: its own indexes, and unique indexes for its UNIQUE constraints.
    fn create_indexes(&self, table: &Table) -> Vec<String> {
        ddl::create_indexes(self, table)
    }

    /// The name of a table in these statements.
    fn table_name(&self, table: &str) -> String {
        self.identifier(table)
    }

    /// The name of an index that a layout calls `name`, not quoted.
    fn index_name(&self, name: &str) -> String {
        name.to_owned()
    }

    /// The line of a column in `CREATE TABLE`.
    fn define_column(&self, table: &Table, column: usize) -> String;

    /// Whether the primary key is a clause of its own in `CREATE TABLE`.
    fn has_key_clause(&self, table: &Table) -> bool {
        !table.primary_key.is_empty()
    }

    /// Whether columns must be unique before a foreign key can refer to them.
    fn requires_unique_references(&self) -> bool {
        true
    }

    /// The end of a foreign key's clause.
    fn foreign_key_action(&self, action: OnDelete) -> String {
        action.clause().to_owned()
    }

    /// The end of `CREATE TABLE`.
    fn table_options(&self) -> String {
        String::new()
    }

    /// The columns of an index of a layout.
    fn index_columns(&self, table: &Table, index: &Index) -> String {
        ddl::index_columns(self, table, index)
    }

    /// The statement that marks a table as complete after its indexes and [`cascades`](Self::cascades) were created, if
    /// each of these commits.
    fn complete_table(&self, _table: &Table) -> Option<String> {
        None
    }

    /// The statement that marks a table as incomplete, as [`create_table`](Self::create_table) does, if each statement
    /// that creates a part of it commits.
    fn mark_incomplete(&self, _table: &Table) -> Option<String> {
        None
    }

    /// The audit triggers of a table.
    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger>;

    /// Returns a function that creates an insert trigger without the part that finds rows which REPLACE deletes; `None`
    /// if the audit triggers have no such part. For loads, which replace nothing.
    fn lighter_insert(&self) -> Option<LighterInsert> {
        None
    }

    /// The definition of a ledger trigger, from the statement of its migration.
    fn guard(&self, statement: &GuardStatement<'_>) -> Trigger;

    /// Triggers that implement the actions of foreign keys of a table made by [`create_table`](Self::create_table), if
    /// the database's own actions fire no triggers; each with the referenced table, which it is on.
    fn cascades<'t>(&self, _table: &'t Table) -> Vec<(&'t str, Trigger)> {
        Vec::new()
    }

    /// A trigger that keeps other programs from being given the numbers that an import uses in this column, if nothing
    /// else does.
    fn numbering(&self, _table: &str, _column: &str) -> Option<Trigger> {
        None
    }

    /// Statements that make the database number the rows of a table of the ledger again.
    fn number_again(&self, _table: &str, _column: &str) -> Option<String> {
        None
    }

    /// The reasons why this database cannot store a table, as messages with the necessary changes.
    fn unsupported(&self, _table: &Table) -> Vec<String> {
        Vec::new()
    }

    /// The longest string that a column can store, in Unicode scalar values, if this database has a limit that the
    /// column's type does not state.
    fn max_chars(&self, _table: &Table, _column: usize) -> Option<u32> {
        None
    }

    /// The type of a column in a table made by [`create_table`](Self::create_table); empty if nothing depends on it.
    fn column_type(&self, _table: &Table, _column: usize) -> String {
        String::new()
    }

    /// The maximum nesting depth of a JSON column, if it is less than accession reads.
    fn max_json_depth(&self) -> Option<usize> {
        None
    }

    /// Whether the type of a column decides which values it has.
    fn types_columns(&self) -> bool {
        true
    }

    /// The columns whose values the audit trigger with this text writes as booleans, if their types do not show it.
    fn booleans(&self, _trigger: &str) -> Vec<String> {
        Vec::new()
    }

    /// Those of the columns of which the audit trigger with this text knows that foreign keys convert their values.
    fn converted_columns(&self, _trigger: &str, _columns: &[AuditedColumn]) -> Vec<usize> {
        Vec::new()
    }

    /// How the audit triggers write a key as a record id. The default is for triggers that write a real of a key like
    /// one of an image, with the sign of its exponent.
    fn key_rule(&self) -> KeyRule {
        KeyRule {
            real: str::to_owned,
            has_namesakes: false,
        }
    }

    /// A query of all rows of a table, rendered as the audit triggers render them: `record_id` and `image`.
    fn select_images(&self, table: &AuditedTable) -> String;

    /// Statements after which queries of the transaction format values as the triggers do.
    fn image_settings(&self) -> Option<String> {
        None
    }

    /// A statement to execute after these queries, if one is needed.
    fn after_images(&self) -> Option<String> {
        None
    }

    /// How values of images are bound to a column. The default is for engines that convert a value of any type.
    fn cast(&self, _column: &StoredColumn) -> Cast {
        Cast::default()
    }

    /// Statements that make a transaction read strings as the triggers write them, whatever the session's settings.
    fn restore_settings(&self) -> Option<String> {
        None
    }

    /// A quoted name.
    fn identifier(&self, name: &str) -> String;

    /// A string literal.
    fn literal(&self, text: &str) -> String;

    /// Whether the entries of a stored trigger with this text are recorded under `table`.
    fn writes_entries_of(&self, definition: &str, table: &str) -> bool {
        writes_entries_of(definition, table, &|text| self.literal(text))
    }

    /// Whether a stored trigger with this text does not always fire: it was disabled, or not enabled as ALWAYS.
    fn is_switched_off(&self, _definition: &str) -> bool {
        false
    }

    /// Whether a stored trigger with this text was disabled: no session of an application fires it.
    fn is_disabled(&self, _definition: &str) -> bool {
        false
    }

    /// Whether a stored trigger of ours does something else than its text says, because another program created it
    /// again with other settings.
    fn runs_otherwise(&self, _definition: &str) -> bool {
        false
    }

    /// Whether a stored trigger with this text does the work of the wanted one under another name.
    fn is_renamed(&self, stored: &str, wanted: &Trigger) -> bool {
        stored == wanted.definition
    }

    /// Whether a stored trigger with this text was created when the schema of the ledger had another name.
    fn names_another_schema(&self, _definition: &str) -> bool {
        false
    }

    /// Whether a stored trigger with this text writes to the ledger of another schema, from which its table was moved
    /// here.
    fn is_of_another_schema(&self, _definition: &str) -> bool {
        false
    }

    /// Whether a stored trigger with this text fires for statements on the table alone, while the wanted one fires for
    /// each row, also if a statement on another table writes it.
    fn is_bypassed(&self, _stored: &str, _wanted: &str) -> bool {
        false
    }

    /// Statements that drop the functions of a table's audit triggers with all triggers that call them, if triggers
    /// call functions.
    fn drop_functions(&self, _table: &str) -> Vec<String> {
        Vec::new()
    }

    /// The most bind parameters a statement may have.
    fn max_binds(&self) -> usize;

    /// Converts a stored value to the column's type. A value that does not fit, because another program wrote it, is
    /// returned as stored, and so differs from every value that accession writes.
    fn decode(&self, stored: Value, ty: ColumnType) -> Value {
        decode(stored, ty)
    }
}
