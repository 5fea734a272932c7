//! Database engines: one folder for each, and the traits that they implement.
//!
//! [`Engine`] is what a connection does, [`Dialect`] the SQL text of its tables and triggers, [`Catalog`] the queries
//! about its schema, [`Values`] how values are bound and read, [`Server`] how a server is named and reached. Nothing
//! outside this folder names a database. The queries of the ledger are Diesel's and are written once, for
//! [`AnyConnection`].

mod about_table;
mod altered_table;
mod balanced;
mod catalog;
mod ddl;
mod decode;
mod dialect;
mod error_kind;
mod guard;
#[cfg(feature = "servers")]
mod json_size;
mod known_tables;
#[cfg(feature = "mysql")]
pub(super) mod mysql;
mod names;
mod one_column;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
mod registry;
mod restricting_key;
mod server;
#[cfg(feature = "servers")]
mod split;
pub(super) mod sqlite;
mod stored_trigger;
mod values;
mod violation;

use std::borrow::Cow;
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::Error as DieselError;
use diesel_migrations::EmbeddedMigrations;

use crate::audit::{AuditedTable, Trigger};
use crate::model::{RunContext, Table};

use super::{DatabaseError, DatabaseUrl};

pub(super) use altered_table::AlteredTable;
pub(super) use catalog::{Catalog, RowColumn, StoredColumn};
pub(super) use dialect::{Dialect, LighterInsert};
pub(super) use guard::{GuardStatement, append_key, drop_table, guard_statements};
use known_tables::KnownTables;
pub(super) use known_tables::TRIGGERS;
pub(super) use one_column::{Count, Name};
pub use registry::AnyConnection;
pub(super) use registry::{
    MultiBackend, MultiRawValue, Statement, code_hint, error_kind, find_violation,
};
pub(super) use restricting_key::RestrictingKey;
pub use server::{Server, Variables, find_server, products_with_schemas, server_names};
pub(super) use server::{find_scheme, is_scheme_without_colon, servers};
pub(super) use stored_trigger::{StoredTrigger, TriggerElsewhere};
pub(super) use values::{Cast, StoredValue, Values};
pub use violation::{Violation, ViolationKind};

/// The engine of databases that are files.
pub(super) use sqlite as embedded;

/// The operations of a connection that differ between databases. Methods that most engines do not need have a default.
///
/// How to add a database:
/// 1. A folder here: a Diesel connection with [`Engine`], its [`Dialect`] and [`Catalog`], [`Values`] for its Diesel
///    backend, `error_kind` for its error codes, and for a server a static [`Server`].
/// 2. A line in `registry.rs`, the folder's `mod` above, and for a server a feature in `Cargo.toml`.
/// 3. `migrations/NAME/` with the folders of `migrations/sqlite/`.
/// 4. The conformance suite: a `Backend` in `tests/it/conformance/target.rs` and a module in `on_every_database!`.
pub(super) trait Engine: SimpleConnection {
    /// The name of its folder, of the folder of its migrations, and of the scheme of its URLs.
    fn name(&self) -> &'static str;

    /// The product, according to the version that [`Catalog::facts`] returns.
    fn product(&self, version: &str) -> Product;

    /// The only encoding that can store every string; `None` if every encoding can.
    fn text_encoding(&self) -> Option<&'static str> {
        None
    }

    /// The SQL text of its tables and triggers.
    fn dialect(&self) -> Box<dyn Dialect>;

    /// The queries about its schema.
    fn catalog(&self) -> &'static Catalog;

    /// The migrations of the ledger.
    fn migrations(&self) -> EmbeddedMigrations;

    /// The schema that holds the tables, if a database has several.
    fn schema(&self) -> Option<&str> {
        None
    }

    /// Whether each change of the schema commits immediately, with everything that was written before it.
    fn commits_schema_changes(&self) -> bool {
        false
    }

    /// Whether a table is hidden from a user who has no right on it.
    fn hides_tables(&self) -> bool {
        false
    }

    /// Whether the account lacks the rights to know whether a table with these columns exists; asked if the catalog
    /// does not show all of them.
    fn is_hidden(&mut self, _table: &str, _columns: &[&str]) -> QueryResult<bool> {
        Ok(false)
    }

    /// Whether TRUNCATE fires no trigger, so that foreign keys protect the tables of the ledger from it.
    fn guards_by_foreign_keys(&self) -> bool {
        false
    }

    /// Whether grouping entries of the audit log while reading them is faster than GROUP BY, which would sort them.
    fn sorts_to_group(&self) -> bool {
        false
    }

    /// Whether the last number of a table counts committed rows only, so that a higher one cannot have been used.
    fn rolls_numbers_back(&self) -> bool {
        false
    }

    /// The name of accession's user in the database, if it has users.
    fn user(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    // Transactions

    /// Begins a transaction that writes. Until it ends no other run writes: an engine with a single writer locks the
    /// database, a server has a separate lock for runs. Waits for the lock for at most `wait`.
    fn begin_write(&mut self, wait: Duration) -> QueryResult<()>;

    /// Begins a transaction that sees one state of the database.
    fn begin_read(&mut self) -> QueryResult<()>;

    /// Where a connection keeps what is known about the tables. None where it costs nothing to ask.
    fn known_tables(&mut self) -> Option<&mut Option<KnownTables>> {
        None
    }

    /// Resets locks and settings that outlive a transaction.
    fn after_transaction(&mut self) {}

    /// Takes the lock of runs without beginning a transaction, if schema changes commit; released by
    /// [`after_transaction`](Self::after_transaction).
    fn lock(&mut self, _wait: Duration) -> QueryResult<()> {
        Ok(())
    }

    /// Keeps other programs from changing these tables until the transaction ends; they may read them. Not needed with
    /// a single writer, or where reading a row locks it.
    fn lock_tables(&mut self, _tables: &[&str]) -> QueryResult<()> {
        Ok(())
    }

    /// The same by locking every row, for engines whose table locks do not last until the transaction ends. Must be the
    /// first statement of a transaction, to prevent deadlocks.
    fn lock_rows(&mut self, _tables: &[&str]) -> QueryResult<()> {
        Ok(())
    }

    /// What makes a SELECT keep other programs from changing the rows and from referring to them, until the transaction
    /// ends. Not needed with a single writer, or where reading a row locks it.
    fn locks_rows(&self) -> Option<&'static str> {
        None
    }

    /// Keeps the database from generating numbers for other programs in these columns until the transaction ends,
    /// because the run numbers its rows itself.
    fn lock_sequences(&mut self, _columns: &[(&str, &str)]) -> QueryResult<()> {
        Ok(())
    }

    /// Both: [`lock_tables`](Self::lock_tables) and [`lock_sequences`](Self::lock_sequences).
    fn lock_numbered_tables(
        &mut self,
        tables: &[&str],
        columns: &[(&str, &str)],
    ) -> QueryResult<()> {
        self.lock_tables(tables)?;
        self.lock_sequences(columns)
    }

    /// Advances the sequence of a table past `last`, the last number that the run used.
    fn advance_sequence(&mut self, _table: &str, _column: &str, _last: i64) -> QueryResult<()> {
        Ok(())
    }

    /// The number that the sequence of a column gives next, if it can be one that a row has.
    fn next_number(&mut self, _table: &str, _column: &str) -> QueryResult<Option<i64>> {
        Ok(None)
    }

    /// Lets foreign keys be violated until the commit, if the engine can: rows of a plan may refer to each other.
    fn defer_foreign_keys(&mut self) -> QueryResult<()> {
        Ok(())
    }

    /// Checks the foreign keys that were deferred, if indexes cannot be built before that.
    fn check_foreign_keys(&mut self) -> QueryResult<()> {
        Ok(())
    }

    /// Statements that switch the check of foreign keys off and on again, if it cannot be deferred.
    fn foreign_key_switch(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// Statements after which the session stores values that it otherwise rejects although other sessions can store
    /// them, such as a date that does not exist, and after which it rejects them again. Values that do not fit are
    /// changed, so the rows must be read back.
    fn strictness_switch(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// Statements that switch the CHECK constraints of a table off and on again, if they are only those of its JSON
    /// columns and take copies of a value.
    fn json_check_switch(&mut self, _table: &Table) -> QueryResult<Option<[&'static str; 2]>> {
        Ok(None)
    }

    // Who is writing

    /// Attributes the changes that follow to this run: the audit triggers read it.
    fn set_context(&mut self, run: &RunContext) -> Result<(), DatabaseError>;

    /// Whether the stored context names a run although none is writing; `None` if the context is not stored in the
    /// database.
    fn has_context(&mut self) -> QueryResult<bool> {
        Ok(false)
    }

    /// Attributes the changes that follow to this file of the run.
    fn set_context_file(&mut self, file: Option<i64>) -> QueryResult<()>;

    /// Attributes the changes that follow to no run.
    fn clear_context(&mut self) -> QueryResult<()>;

    // Schema

    /// A query of the catalog that takes the name of a table, as the server compares names.
    fn by_name(&self, query: &'static str) -> Cow<'static, str> {
        Cow::Borrowed(query)
    }

    /// Executes a statement that creates a table or an index of one.
    fn make_table(&mut self, statement: &str) -> QueryResult<()> {
        self.batch_execute(statement)
    }

    /// Whether creating this table was interrupted.
    fn is_interrupted(&mut self, _table: &str) -> QueryResult<bool> {
        Ok(false)
    }

    /// For each index of a table, the part of a statement of [`Dialect::create_indexes`] that names it, if creating a
    /// table can be interrupted.
    fn named_indexes(&mut self, _table: &str) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Our triggers on a table, and those of the table on its partitions.
    fn stored_triggers(&mut self, table: &str) -> QueryResult<Vec<StoredTrigger>>;

    /// Creates a trigger in place of the one of this name.
    fn replace_trigger(&mut self, trigger: &Trigger) -> QueryResult<()> {
        self.batch_execute(&trigger.create)
    }

    /// Triggers of ours on tables of other schemas: a partition that was detached keeps one.
    fn triggers_elsewhere(&mut self) -> QueryResult<Vec<TriggerElsewhere>> {
        Ok(Vec::new())
    }

    /// The triggers that implement the actions of a table's foreign keys and were created when it was called `before`,
    /// each with the trigger that replaces it.
    fn former_cascades(
        &mut self,
        _table: &str,
        _before: &str,
    ) -> QueryResult<Vec<(Trigger, Trigger)>> {
        Ok(Vec::new())
    }

    /// The foreign keys without an action of a table that an import created, if triggers implement the actions.
    fn restricting_keys(&mut self, _table: &str) -> QueryResult<Vec<RestrictingKey>> {
        Ok(Vec::new())
    }

    /// What becomes of the changes of a table that was renamed, or whose columns were altered, after its triggers were
    /// created; `lost` is whether it lacks one of the columns.
    fn altered_table(&mut self, table: &str, lost: bool) -> QueryResult<AlteredTable>;

    /// For engines on which the order of triggers matters: recreates all audit triggers of a table if any is missing,
    /// different, or fires too late, and returns true.
    fn replace_triggers_of(
        &mut self,
        _table: &str,
        _stored: &[StoredTrigger],
        _triggers: &[Trigger],
    ) -> Result<bool, DatabaseError> {
        Ok(false)
    }

    /// Triggers of the application that fire before the audit triggers AFTER the same event, until these are created
    /// again. Their changes would be recorded before the change that they react to.
    fn triggers_that_fire_first(&mut self, _table: &str) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Deletes the rows that triggers staged for a table, or for all. They are only used within a statement.
    fn discard_staged_rows(&mut self, _table: Option<&str>) -> QueryResult<()> {
        Ok(())
    }

    /// The tables for which staged rows exist.
    fn tables_with_staged_rows(&mut self) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Table and record of the staged rows of a table that no statement can have staged; if the table is not audited,
    /// of all its staged rows.
    fn unexplained_staged_rows(
        &mut self,
        _table: &str,
        _audited: &AuditedTable,
    ) -> QueryResult<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// Adds the properties to `table` that only the triggers of this engine need.
    fn describe_for_triggers(&mut self, _table: &mut AuditedTable) -> QueryResult<()> {
        Ok(())
    }

    /// The triggers that the partitions of a table should have besides those of [`Dialect::audit_triggers`].
    fn partition_triggers(&mut self, _table: &AuditedTable) -> QueryResult<Vec<Trigger>> {
        Ok(Vec::new())
    }

    /// The names of missing [`partition_triggers`](Self::partition_triggers) of partitions that have rows whose last
    /// entry, if any, is a deletion; none if the table itself has no triggers.
    fn unrecorded_partitions(&mut self, _table: &AuditedTable) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// The names of missing [`partition_triggers`](Self::partition_triggers) of partitions of which no change can have
    /// been missed: they were never truncated, and their rows have entries.
    fn untouched_partitions(&mut self, _table: &AuditedTable) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Whether the table numbers the rows of a primary key that is declared INTEGER, without AUTOINCREMENT.
    fn numbers_integer_keys(&mut self, _table: &str) -> QueryResult<bool> {
        Ok(false)
    }

    /// The table that [`Catalog::last_number`] reads, if it may be missing.
    fn table_of_numbers(&self) -> Option<&'static str> {
        None
    }

    // Loads

    /// Updates the statistics of tables that changed much, if the engine does not do so itself in time.
    fn analyze(&mut self, _tables: &[&str]) -> QueryResult<()> {
        Ok(())
    }

    /// Prepares the connection for building indexes while another one reads.
    fn prepare_indexing(&mut self) -> QueryResult<()> {
        Ok(())
    }

    /// Makes a new database durable, after it was filled.
    fn publish(&mut self) -> QueryResult<()> {
        Ok(())
    }

    // Errors

    /// Whether a failed statement ends the transaction, so that it needs a savepoint to be repeated.
    fn aborts_after_error(&self) -> bool {
        false
    }

    /// Adds what the error of a statement on this table does not contain, but the schema does.
    fn complete_violation(&mut self, _table: &str, _violation: &mut Violation) -> QueryResult<()> {
        Ok(())
    }

    /// The error of a statement in terms of the database at `place`, for whose locks we wait for `wait`.
    fn explain(&self, error: DieselError, _place: &DatabaseUrl, _wait: Duration) -> DatabaseError {
        DatabaseError::from(error)
    }
}

/// A database product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Product {
    /// `PostgreSQL`.
    pub(super) name: &'static str,
    /// The oldest supported version; `None` if the engine is built in.
    pub(super) oldest: Option<[u32; 3]>,
}

/// The wait time for another run, which may take minutes, and for the locks of other programs.
#[cfg(feature = "servers")]
fn for_another_run(wait: Duration) -> Duration {
    wait.saturating_mul(20)
}
