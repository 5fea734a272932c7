//! Entries that no trigger wrote: for rows whose existence, absence or values the audit log does not explain. They
//! belong to the run that found them.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};

use crate::audit::Action;
use crate::database::engine::Values;
use crate::database::statement::dynamic_statement;
use crate::database::{DatabaseError, Writing};
use crate::model::{ColumnType, RecordId, RunContext, Table, Value};

use super::AuditedTables;

const TEXT: ColumnType = ColumnType::Text { max_chars: None };

/// Entries per statement; there are fewer if their images exceed a number of bytes.
const BATCH: usize = 100;
const BATCH_BYTES: usize = 1 << 20;

/// An entry for a row that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// Primary key as text.
    pub record_id: RecordId,
    /// The action.
    pub action: Action,
    /// JSON.
    pub old_value: Option<String>,
    /// JSON.
    pub new_value: Option<String>,
}

impl FoundEntry {
    fn bytes(&self) -> usize {
        let images = [&self.old_value, &self.new_value].into_iter().flatten();
        self.record_id.len() + images.map(String::len).sum::<usize>()
    }
}

impl Writing<AuditedTables<'_>> {
    /// Keeps other programs from changing these tables until the transaction ends, waiting for running changes: by
    /// table locks, or by locks of all rows.
    ///
    /// # Errors
    /// When another program holds one of the tables for too long.
    pub fn lock_whole_tables<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), DatabaseError> {
        let tables: Vec<&str> = tables.into_iter().collect();
        let engine = self.database.connection.engine_mut();
        engine.lock_tables(&tables)?;
        Ok(engine.lock_rows(&tables)?)
    }

    /// Adds entries for the rows of a table that have none, and returns their number.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn enter_unknown_rows(
        &mut self,
        table: &Table,
        run: &RunContext,
    ) -> Result<usize, DatabaseError> {
        let unknown = UnknownRows {
            schema: self.database.schema().map(str::to_owned),
            table: &Value::text(table.name.as_str()),
            images: &self.database.connection.select_images(table)?,
            context: &self.entry_context(run)?,
            // Without entries this condition is omitted: with it some databases would first copy all rows.
            has_entries: self.is_traced(&table.name)?,
        };
        self.database
            .connection
            .with_image_settings(|connection| Ok(unknown.execute(connection)?))
    }

    /// Adds the given entries for rows of a table.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn enter_found(
        &mut self,
        table: &Table,
        found: &[FoundEntry],
        run: &RunContext,
    ) -> Result<(), DatabaseError> {
        let context = self.entry_context(run)?;
        let table = Value::text(table.name.as_str());
        let mut rest = found;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |entry: &&FoundEntry| {
                bytes += entry.bytes();
                bytes <= BATCH_BYTES
            };
            let count = rest.iter().take(BATCH).take_while(fits).count().max(1);
            let (batch, later) = rest.split_at(count);
            rest = later;
            let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::text);
            let entries = batch.iter().map(|entry| {
                [
                    Value::text(entry.record_id.as_str()),
                    Value::text(entry.action.name()),
                    text(&entry.old_value),
                    text(&entry.new_value),
                ]
            });
            let insert = InsertFound {
                table: &table,
                entries: &entries.collect::<Vec<_>>(),
                context: &context,
            };
            let entered = insert.execute(&mut self.database.connection)?;
            if entered != batch.len() {
                return Err(DatabaseError::EntriesLost);
            }
        }
        Ok(())
    }

    /// `changed_at`, `changed_by`, `run_id`, `db_user`.
    fn entry_context(&mut self, run: &RunContext) -> Result<[Value; 4], DatabaseError> {
        let db_user = self.database.connection.engine_mut().user()?;
        Ok([
            Value::text(run.started_at.to_string()),
            Value::text(run.actor.as_str()),
            Value::text(run.id.to_string()),
            db_user.map_or(Value::Null, Value::text),
        ])
    }
}

/// `INSERT INTO audit_log … SELECT … FROM (images) [WHERE there is no entry]`.
struct UnknownRows<'a> {
    /// Of the audit log, where names need one.
    schema: Option<String>,
    table: &'a Value,
    images: &'a str,
    context: &'a [Value; 4],
    has_entries: bool,
}

impl UnknownRows<'_> {
    fn push_audit_log<DB: Values>(&self, out: &mut AstPass<'_, '_, DB>) -> QueryResult<()> {
        if let Some(schema) = &self.schema {
            out.push_identifier(schema)?;
            out.push_sql(".");
        }
        out.push_identifier("audit_log")
    }
}

impl<DB: Values> QueryFragment<DB> for UnknownRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        self.push_audit_log(&mut out)?;
        out.push_sql(
            " (table_name, record_id, action, new_value, changed_at, changed_by, run_id, db_user) SELECT ",
        );
        DB::bind(&mut out, TEXT, self.table)?;
        out.push_sql(", found.record_id, 'INSERT', found.image");
        for value in self.context {
            out.push_sql(", ");
            DB::bind(&mut out, TEXT, value)?;
        }
        out.push_sql(" FROM (");
        out.push_sql(self.images);
        out.push_sql(") AS found");
        if self.has_entries {
            out.push_sql(" WHERE NOT EXISTS (SELECT 1 FROM ");
            self.push_audit_log(&mut out)?;
            out.push_sql(" AS known WHERE known.table_name = ");
            DB::bind(&mut out, TEXT, self.table)?;
            out.push_sql(" AND known.record_id = found.record_id)");
        }
        Ok(())
    }
}

/// `INSERT INTO audit_log … VALUES (…), (…)`.
struct InsertFound<'a> {
    table: &'a Value,
    /// `record_id`, `action`, `old_value`, `new_value`.
    entries: &'a [[Value; 4]],
    context: &'a [Value; 4],
}

impl<DB: Values> QueryFragment<DB> for InsertFound<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, db_user) VALUES ",
        );
        for (i, entry) in self.entries.iter().enumerate() {
            out.push_sql(if i == 0 { "(" } else { ", (" });
            DB::bind(&mut out, TEXT, self.table)?;
            for value in entry.iter().chain(self.context) {
                out.push_sql(", ");
                DB::bind(&mut out, TEXT, value)?;
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

dynamic_statement!(UnknownRows, InsertFound);
