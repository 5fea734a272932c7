//! The SQLite engine: a single writer, an audit context in a table, and triggers without functions.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::json_checks::only_json_checks;
use super::recipe::SqliteDialect;
use super::staged_rows;
use super::trigger_order;
use super::triggers::STORED;
use super::unique_keys::{add_unique_keys, is_key_rowid};
use super::{CATALOG, Connection, PRODUCT, SCHEME, identifier};
use crate::audit::{AuditedTable, Trigger};
use crate::database::engine::StoredTrigger;
use crate::database::engine::Violation;
use crate::database::engine::{AlteredTable, Catalog, Dialect, Engine, Product};
use crate::database::ledger::tables::audit_context;
use crate::database::{DatabaseError, DatabaseUrl};
use crate::model::{RunContext, Table};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// SQLite sorts the keys of an index in runs of the cache's size. Runs that fit into the processor's cache are sorted
/// in half the time, and then merged; the second processor is used by the reader.
const SMALL_SORTS: &str = "PRAGMA cache_size = -2048; PRAGMA threads = 0";

impl Engine for Connection {
    fn name(&self) -> &'static str {
        SCHEME
    }

    fn product(&self, _version: &str) -> Product {
        Product {
            name: PRODUCT,
            oldest: None,
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(SqliteDialect)
    }

    fn catalog(&self) -> &'static Catalog {
        &CATALOG
    }

    fn migrations(&self) -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn sorts_to_group(&self) -> bool {
        true
    }

    fn rolls_numbers_back(&self) -> bool {
        true
    }

    /// The wait time was set when the file was opened.
    fn begin_write(&mut self, _wait: Duration) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, "BEGIN IMMEDIATE")
    }

    fn begin_read(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, "BEGIN")
    }

    fn defer_foreign_keys(&mut self) -> QueryResult<()> {
        self.batch_execute("PRAGMA defer_foreign_keys = ON")
    }

    fn json_check_switch(&mut self, table: &Table) -> QueryResult<Option<[&'static str; 2]>> {
        let switch = [
            "PRAGMA ignore_check_constraints = ON",
            "PRAGMA ignore_check_constraints = OFF",
        ];
        Ok(only_json_checks(self, table)?.then_some(switch))
    }

    /// The table is filled after `BEGIN IMMEDIATE` and emptied before `COMMIT`, so that other programs never see a row
    /// in it.
    fn set_context(&mut self, run: &RunContext) -> Result<(), DatabaseError> {
        if self.has_context()? {
            return Err(DatabaseError::LeftOverContext);
        }
        self.discard_staged_rows(None)?;
        diesel::insert_into(audit_context::table)
            .values((
                audit_context::one.eq(1),
                audit_context::run_id.eq(run.id.to_string()),
                audit_context::changed_by.eq(&run.actor),
                audit_context::changed_at.eq(run.started_at.to_string()),
                audit_context::source_file_id.eq(None::<i64>),
            ))
            .execute(self)?;
        Ok(())
    }

    fn has_context(&mut self) -> QueryResult<bool> {
        let left_over: i64 = audit_context::table.count().get_result(self)?;
        Ok(left_over > 0)
    }

    fn set_context_file(&mut self, file: Option<i64>) -> QueryResult<()> {
        diesel::update(audit_context::table)
            .set(audit_context::source_file_id.eq(file))
            .execute(self)?;
        Ok(())
    }

    fn clear_context(&mut self) -> QueryResult<()> {
        diesel::delete(audit_context::table).execute(self)?;
        Ok(())
    }

    fn stored_triggers(&mut self, table: &str) -> QueryResult<Vec<StoredTrigger>> {
        diesel::sql_query(STORED).bind::<Text, _>(table).load(self)
    }

    fn replace_triggers_of(
        &mut self,
        table: &str,
        stored: &[StoredTrigger],
        triggers: &[Trigger],
    ) -> Result<bool, DatabaseError> {
        trigger_order::replace_triggers(self, table, stored, triggers)?;
        Ok(true)
    }

    fn triggers_that_fire_first(&mut self, table: &str) -> QueryResult<Vec<String>> {
        trigger_order::triggers_that_fire_first(self, table)
    }

    /// Preparing a statement compiles the triggers that it fires.
    fn altered_table(&mut self, table: &str, _lost: bool) -> QueryResult<AlteredTable> {
        let table = identifier(table);
        let statements = [
            format!("EXPLAIN INSERT INTO {table} DEFAULT VALUES"),
            format!("EXPLAIN DELETE FROM {table}"),
        ];
        let mut statements = statements.iter();
        let fails = statements.any(|statement| self.batch_execute(statement).is_err());
        Ok(match fails {
            true => AlteredTable::Rejected,
            false => AlteredTable::PartlyRecorded,
        })
    }

    fn discard_staged_rows(&mut self, table: Option<&str>) -> QueryResult<()> {
        staged_rows::discard(self, table)
    }

    fn tables_with_staged_rows(&mut self) -> QueryResult<Vec<String>> {
        staged_rows::tables(self)
    }

    fn unexplained_staged_rows(
        &mut self,
        table: &str,
        audited: &AuditedTable,
    ) -> QueryResult<Vec<(String, String)>> {
        staged_rows::unexplained(self, table, audited)
    }

    fn describe_for_triggers(&mut self, table: &mut AuditedTable) -> QueryResult<()> {
        add_unique_keys(self, table)
    }

    /// An INTEGER PRIMARY KEY is another name for the rowid, if the table has one, and unless it is declared DESC
    /// (<https://www.sqlite.org/lang_createtable.html#rowid>).
    fn numbers_integer_keys(&mut self, table: &str) -> QueryResult<bool> {
        is_key_rowid(self, table)
    }

    /// SQLite creates it with the first table that needs it.
    fn table_of_numbers(&self) -> Option<&'static str> {
        Some("sqlite_sequence")
    }

    fn prepare_indexing(&mut self) -> QueryResult<()> {
        self.batch_execute(SMALL_SORTS)
    }

    /// From here on the file is journaled like any other (WAL).
    fn publish(&mut self) -> QueryResult<()> {
        self.batch_execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;")
    }

    fn complete_violation(&mut self, table: &str, violation: &mut Violation) -> QueryResult<()> {
        super::errors::complete_violation(self, table, violation)
    }

    fn explain(&self, error: DieselError, place: &DatabaseUrl, wait: Duration) -> DatabaseError {
        super::errors::explain(error, place, wait)
    }
}
