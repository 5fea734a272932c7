//! The PostgreSQL engine: one schema of a database, and an audit context that ends with the transaction.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::recipe::PostgresDialect;
use super::server::SERVER;
use super::triggers::{STORED, STORED_ELSEWHERE, writes_entries_of};
use super::{CATALOG, Connection, partitions, transaction};
use crate::audit::{AuditedTable, Firing, Trigger};
use crate::database::DatabaseError;
use crate::database::engine::Name;
use crate::database::engine::known_tables::KnownTables;
use crate::database::engine::{AlteredTable, Catalog, Dialect, Engine, Product};
use crate::database::engine::{StoredTrigger, TriggerElsewhere};
use crate::model::RunContext;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

const SET_CONTEXT: &str = "SELECT set_config('accession.run_id', $1, true), \
                           set_config('accession.source_file_id', '', true)";
const SET_CONTEXT_FILE: &str =
    "SELECT set_config('accession.source_file_id', COALESCE($1::text, ''), true)";

#[derive(QueryableByName)]
struct Family {
    #[diesel(sql_type = Bool)]
    partitioned: bool,
    #[diesel(sql_type = Bool)]
    partition: bool,
    #[diesel(sql_type = Bool)]
    inherits: bool,
    /// A subscription writes to it, which fires triggers for rows alone.
    #[diesel(sql_type = Bool)]
    replicated: bool,
    /// It has triggers of the application that fire before ours for statements.
    #[diesel(sql_type = Bool)]
    triggered: bool,
    /// It was a partition: its triggers record rows one by one.
    #[diesel(sql_type = Bool)]
    per_row: bool,
}

impl Engine for Connection {
    fn name(&self) -> &'static str {
        SERVER.scheme
    }

    fn product(&self, _version: &str) -> Product {
        Product {
            name: SERVER.product,
            oldest: Some([11, 0, 0]),
        }
    }

    fn text_encoding(&self) -> Option<&'static str> {
        Some("UTF8")
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(PostgresDialect {
            schema: self.schema().to_owned(),
        })
    }

    fn catalog(&self) -> &'static Catalog {
        &CATALOG
    }

    fn migrations(&self) -> EmbeddedMigrations {
        MIGRATIONS
    }

    fn schema(&self) -> Option<&str> {
        Some(Self::schema(self))
    }

    fn user(&mut self) -> QueryResult<Option<String>> {
        let query = diesel::sql_query("SELECT session_user::text AS name");
        let user: Name = query.get_result(self)?;
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

    fn lock_tables(&mut self, tables: &[&str]) -> QueryResult<()> {
        transaction::lock_tables(self, tables)
    }

    fn locks_rows(&self) -> Option<&'static str> {
        Some(" FOR UPDATE")
    }

    fn lock_numbered_tables(
        &mut self,
        tables: &[&str],
        columns: &[(&str, &str)],
    ) -> QueryResult<()> {
        transaction::lock_numbered_tables(self, tables, columns)
    }

    fn advance_sequence(&mut self, table: &str, column: &str, last: i64) -> QueryResult<()> {
        transaction::advance_sequence(self, table, column, last)
    }

    fn next_number(&mut self, table: &str, column: &str) -> QueryResult<Option<i64>> {
        transaction::next_number(self, table, column)
    }

    fn aborts_after_error(&self) -> bool {
        true
    }

    fn defer_foreign_keys(&mut self) -> QueryResult<()> {
        self.batch_execute("SET CONSTRAINTS ALL DEFERRED")
    }

    /// No index of a table is made while a check of the table is pending.
    fn check_foreign_keys(&mut self) -> QueryResult<()> {
        self.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")
    }

    /// Any session could set them, so triggers believe them only of a run: they look for its row in the ledger, which
    /// no other session sees until the run is complete.
    fn set_context(&mut self, run: &RunContext) -> Result<(), DatabaseError> {
        let query = diesel::sql_query(SET_CONTEXT).bind::<Text, _>(run.id.to_string());
        query.execute(self)?;
        Ok(())
    }

    fn set_context_file(&mut self, file: Option<i64>) -> QueryResult<()> {
        let query = diesel::sql_query(SET_CONTEXT_FILE).bind::<Nullable<BigInt>, _>(file);
        query.execute(self)?;
        Ok(())
    }

    fn clear_context(&mut self) -> QueryResult<()> {
        let query = diesel::sql_query(SET_CONTEXT).bind::<Text, _>("");
        query.execute(self)?;
        Ok(())
    }

    fn stored_triggers(&mut self, table: &str) -> QueryResult<Vec<StoredTrigger>> {
        let mut stored = triggers_on(self, table)?;
        let mut on_partitions = partitions::stored(self, table)?;
        if stored.is_empty() {
            // A partition of a table that is not recorded can have one of the table that it was detached from.
            on_partitions.retain(|one| writes_entries_of(&one.definition, table));
        }
        stored.extend(on_partitions);
        Ok(stored)
    }

    /// The triggers read the names and types of columns from the catalog, if they are not those that they know.
    fn altered_table(&mut self, _table: &str, _lost: bool) -> QueryResult<AlteredTable> {
        Ok(AlteredTable::Recorded)
    }

    fn triggers_elsewhere(&mut self) -> QueryResult<Vec<TriggerElsewhere>> {
        diesel::sql_query(STORED_ELSEWHERE).load(self)
    }

    /// Triggers for statements fire only on the table that a statement names, so rows can be inserted past them: into
    /// partitions directly, or into a partition through the table that it is a part of. Nor do they fire when a
    /// subscription applies changes. After triggers of the application that write to the row that fired them, the entry
    /// of a statement would come too late. A detached partition keeps its triggers, which record everything.
    fn describe_for_triggers(&mut self, table: &mut AuditedTable) -> QueryResult<()> {
        let query = concat!(
            "SELECT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = of.oid) AS partitioned, \
                     EXISTS (SELECT FROM pg_class WHERE oid = of.oid AND relispartition) AS partition, \
                     EXISTS (SELECT FROM pg_inherits WHERE of.oid IN (inhrelid, inhparent)) AS inherits, \
                     EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = of.oid) AS replicated, \
                     EXISTS (SELECT FROM pg_trigger t WHERE tgrelid = of.oid AND NOT tgisinternal \
                       AND tgtype & 66 = 0 AND tgtype & 12 <> 0 AND (tgtype & 1 = 1 OR tgname < 'accession') AND NOT ",
            is_ours!("t"),
            ") AS triggered, \
                     EXISTS (SELECT FROM pg_trigger t WHERE tgrelid = of.oid AND tgtype & 5 = 5 AND ",
            is_ours!("t"),
            ") AND EXISTS (SELECT FROM pg_trigger t WHERE tgrelid = of.oid AND tgtype & 16 <> 0 AND tgqual IS NOT NULL AND ",
            is_ours!("t"),
            ") AS per_row \
                     FROM (SELECT to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AS oid) AS of"
        );
        let found: Family = diesel::sql_query(query)
            .bind::<Text, _>(&table.name)
            .get_result(self)?;
        let is_bypassed = found.replicated || found.triggered;
        table.firing = match (found.partitioned, found.partition || found.per_row) {
            (true, _) => Firing::Row,
            (false, true) => Firing::OwnRow,
            (false, false) if is_bypassed && found.inherits => Firing::OwnRow,
            (false, false) if is_bypassed => Firing::Row,
            (false, false) => Firing::Statement,
        };
        Ok(())
    }

    /// Triggers for rows, while ours fire after the statement, because they were created before.
    fn triggers_that_fire_first(&mut self, table: &str) -> QueryResult<Vec<String>> {
        let query = concat!(
            "SELECT t.tgname::text AS name FROM pg_trigger t \
             WHERE t.tgrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) AND NOT t.tgisinternal \
               AND t.tgtype & 66 = 0 AND t.tgtype & 12 <> 0 AND (t.tgtype & 1 = 1 OR t.tgname < 'accession') AND NOT ",
            is_ours!("t"),
            " AND EXISTS (SELECT FROM pg_trigger own WHERE own.tgrelid = t.tgrelid AND own.tgtype & 5 = 4 AND ",
            is_ours!("own"),
            ") ORDER BY 1"
        );
        let query = diesel::sql_query(query).bind::<Text, _>(table);
        let found: Vec<Name> = query.load(self)?;
        Ok(found.into_iter().map(|trigger| trigger.name).collect())
    }

    fn partition_triggers(&mut self, table: &AuditedTable) -> QueryResult<Vec<Trigger>> {
        partitions::triggers(self, table)
    }

    fn unrecorded_partitions(&mut self, table: &AuditedTable) -> QueryResult<Vec<String>> {
        match triggers_on(self, &table.name)?.is_empty() {
            true => Ok(Vec::new()),
            false => partitions::unrecorded(self, table),
        }
    }

    fn untouched_partitions(&mut self, table: &AuditedTable) -> QueryResult<Vec<String>> {
        partitions::untouched(self, table)
    }

    /// Until autovacuum analyzes the tables, about a minute later, the planner assumes their former size. Tables of
    /// other owners are skipped.
    fn analyze(&mut self, tables: &[&str]) -> QueryResult<()> {
        transaction::analyze(self, tables)
    }
}

/// Our triggers on a table, without those on its partitions.
fn triggers_on(connection: &mut Connection, table: &str) -> QueryResult<Vec<StoredTrigger>> {
    let schema = connection.schema().to_owned();
    diesel::sql_query(STORED)
        .bind::<Text, _>(schema)
        .bind::<Text, _>(table)
        .load(connection)
}
