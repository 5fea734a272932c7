//! The MySQL and MariaDB engine: schema changes commit, and the audit context consists of session variables.

use std::borrow::Cow;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::connection::{LENIENT, STRICT};
use super::recipe::MysqlDialect;
use super::server::SERVER;
use super::triggers::STORED;
use super::{
    CATALOG, Connection, cascades, constrained, interrupted, names_as, tables, transaction,
};
use crate::audit::{AuditedTable, Trigger};
use crate::database::DatabaseError;
use crate::database::engine::Name;
use crate::database::engine::known_tables::KnownTables;
use crate::database::engine::{AlteredTable, Catalog, Dialect, Engine, Product};
use crate::database::engine::{RestrictingKey, StoredTrigger};
use crate::model::RunContext;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/mysql");

const SET_CONTEXT: &str = "SET @accession_run_id = ?, @accession_changed_by = ?, @accession_changed_at = ?, \
                           @accession_source_file_id = NULL";
const SET_CONTEXT_FILE: &str = "SET @accession_source_file_id = ?";

impl Engine for Connection {
    fn name(&self) -> &'static str {
        SERVER.scheme
    }

    fn product(&self, version: &str) -> Product {
        match version.contains("MariaDB") {
            true => Product {
                name: "MariaDB",
                oldest: Some([10, 3, 0]),
            },
            false => Product {
                name: SERVER.product,
                oldest: Some([8, 0, 17]),
            },
        }
    }

    fn text_encoding(&self) -> Option<&'static str> {
        Some("utf8mb4")
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(MysqlDialect)
    }

    fn catalog(&self) -> &'static Catalog {
        &CATALOG
    }

    fn migrations(&self) -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn commits_schema_changes(&self) -> bool {
        true
    }

    fn hides_tables(&self) -> bool {
        true
    }

    fn is_hidden(&mut self, table: &str, columns: &[&str]) -> QueryResult<bool> {
        tables::is_hidden(self, table, columns)
    }

    fn guards_by_foreign_keys(&self) -> bool {
        true
    }

    fn user(&mut self) -> QueryResult<Option<String>> {
        let user: Name = diesel::sql_query("SELECT USER() AS name").get_result(self)?;
        Ok(Some(user.name))
    }

    fn begin_write(&mut self, wait: Duration) -> QueryResult<()> {
        transaction::begin_write(self, wait)
    }

    fn begin_read(&mut self) -> QueryResult<()> {
        transaction::begin_read(self)
    }

    fn known_tables(&mut self) -> Option<&mut Option<KnownTables>> {
        Some(&mut self.known_tables)
    }

    fn after_transaction(&mut self) {
        transaction::after_transaction(self);
    }

    fn lock(&mut self, wait: Duration) -> QueryResult<()> {
        transaction::lock(self, wait)
    }

    fn lock_rows(&mut self, tables: &[&str]) -> QueryResult<()> {
        transaction::lock_rows(self, tables)
    }

    /// One lock covers all of them.
    fn lock_sequences(&mut self, _columns: &[(&str, &str)]) -> QueryResult<()> {
        transaction::lock_sequences(self)
    }

    /// A foreign key is checked with each row
    /// (<https://dev.mysql.com/doc/refman/8.4/en/ansi-diff-foreign-keys.html>).
    fn foreign_key_switch(&self) -> Option<[&'static str; 2]> {
        Some([
            "SET SESSION foreign_key_checks = 0",
            "SET SESSION foreign_key_checks = 1",
        ])
    }

    fn strictness_switch(&self) -> Option<[&'static str; 2]> {
        Some([LENIENT, STRICT])
    }

    fn set_context(&mut self, run: &RunContext) -> Result<(), DatabaseError> {
        diesel::sql_query(SET_CONTEXT)
            .bind::<Text, _>(run.id.to_string())
            .bind::<Text, _>(&run.actor)
            .bind::<Text, _>(run.started_at.to_string())
            .execute(self)?;
        Ok(())
    }

    fn set_context_file(&mut self, file: Option<i64>) -> QueryResult<()> {
        let query = diesel::sql_query(SET_CONTEXT_FILE).bind::<Nullable<BigInt>, _>(file);
        query.execute(self)?;
        Ok(())
    }

    fn clear_context(&mut self) -> QueryResult<()> {
        diesel::sql_query(transaction::CLEAR_CONTEXT).execute(self)?;
        Ok(())
    }

    fn by_name(&self, query: &'static str) -> Cow<'static, str> {
        names_as(query, self.name_case())
    }

    fn make_table(&mut self, statement: &str) -> QueryResult<()> {
        tables::make_table(self, statement)
    }

    fn is_interrupted(&mut self, table: &str) -> QueryResult<bool> {
        interrupted::is_interrupted(self, table)
    }

    fn named_indexes(&mut self, table: &str) -> QueryResult<Vec<String>> {
        interrupted::named_indexes(self, table)
    }

    fn stored_triggers(&mut self, table: &str) -> QueryResult<Vec<StoredTrigger>> {
        self.about(STORED, table).load(self)
    }

    fn replace_trigger(&mut self, trigger: &Trigger) -> QueryResult<()> {
        tables::replace_trigger(self, trigger)
    }

    fn former_cascades(
        &mut self,
        table: &str,
        before: &str,
    ) -> QueryResult<Vec<(Trigger, Trigger)>> {
        cascades::former(self, table, before)
    }

    fn altered_table(&mut self, _table: &str, lost: bool) -> QueryResult<AlteredTable> {
        Ok(match lost {
            true => AlteredTable::Rejected,
            false => AlteredTable::PartlyRecorded,
        })
    }

    fn restricting_keys(&mut self, table: &str) -> QueryResult<Vec<RestrictingKey>> {
        cascades::restricting_keys(self, table)
    }

    fn describe_for_triggers(&mut self, table: &mut AuditedTable) -> QueryResult<()> {
        constrained::add_constrained(self, table)
    }
}
