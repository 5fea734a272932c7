//! Which tables are under the trail, and whether their triggers are what they should be.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use serde_json::Value as Json;

use crate::model::{ColumnType, RunContext, Table, Value};

use super::ledger::tables::audit_log;
use super::statement::{Bind, dynamic_statement};
use super::{Database, DatabaseError};

/// In the counts of a run that took a table out of the trail: the last entry then.
pub const DISABLED_AFTER: &str = "disabled_after";

/// A table of the application and its triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTriggers {
    /// The table.
    pub table: String,
    /// Whether the trail records its changes.
    pub state: TriggerState,
    /// Triggers that are missing or are not what they should be.
    pub faulty: Vec<String>,
}

/// Whether the trail records the changes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerState {
    /// It does.
    Recorded,
    /// It never did.
    NotRecorded,
    /// It cannot: rows are known by their primary key, and there is none.
    NoKey,
    /// Not any more: `audit disable` took it out of the trail.
    Disabled,
    /// Nobody can tell: the database does not show our user its triggers.
    Unseen,
    /// Some of the triggers are missing.
    Missing,
    /// The triggers are those of another version of the table or of this program.
    Outdated,
}

impl TriggerState {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::NotRecorded => "not_recorded",
            Self::NoKey => "no_key",
            Self::Disabled => "disabled",
            Self::Unseen => "unseen",
            Self::Missing => "missing",
            Self::Outdated => "outdated",
        }
    }
}

impl Database {
    /// Names of the tables that have any of our triggers, sorted.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn audited_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut audited = BTreeSet::new();
        for table in self.application_tables()? {
            if !self.connection.stored_triggers(&table)?.is_empty() {
                audited.insert(table);
            }
        }
        Ok(audited)
    }

    /// Every table of the application with the state of its triggers, sorted by name.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn table_triggers(&mut self) -> Result<Vec<TableTriggers>, DatabaseError> {
        let sees = self.sees_triggers()?;
        let (traced, disabled) = match self.connection.has_table("audit_log")? {
            true => (self.traced_tables()?, self.disabled_tables()?),
            false => (BTreeSet::new(), BTreeSet::new()),
        };
        let mut tables = Vec::new();
        for name in self.application_tables()? {
            let Some(table) = self.defined_table(&name)? else {
                continue;
            };
            let stored = self.connection.stored_triggers(&name)?;
            let wanted = self.connection.audit_triggers(&table)?;
            let found = |name: &str| stored.iter().find(|stored| stored.name == name);
            let (there, missing): (Vec<_>, Vec<_>) = wanted
                .into_iter()
                .partition(|trigger| found(&trigger.name).is_some());
            let outdated = there.iter().filter(|trigger| {
                found(&trigger.name).is_some_and(|stored| stored.definition != trigger.definition)
            });
            let outdated: Vec<String> = outdated.map(|trigger| trigger.name.clone()).collect();
            let missing: Vec<String> = missing.into_iter().map(|trigger| trigger.name).collect();
            let state = match (there.is_empty(), missing.is_empty(), outdated.is_empty()) {
                (true, _, _) if table.primary_key.is_empty() => TriggerState::NoKey,
                _ if !sees => TriggerState::Unseen,
                (true, _, _) if disabled.contains(&name) => TriggerState::Disabled,
                // Its rows have entries: somebody dropped the triggers.
                (true, _, _) if traced.contains(&name) => TriggerState::Missing,
                (true, _, _) => TriggerState::NotRecorded,
                (false, false, _) => TriggerState::Missing,
                (false, true, false) => TriggerState::Outdated,
                (false, true, true) => TriggerState::Recorded,
            };
            let faulty = match state {
                TriggerState::Missing | TriggerState::Outdated => [missing, outdated].concat(),
                TriggerState::Recorded
                | TriggerState::NotRecorded
                | TriggerState::NoKey
                | TriggerState::Disabled
                | TriggerState::Unseen => Vec::new(),
            };
            tables.push(TableTriggers {
                table: name,
                state,
                faulty,
            });
        }
        Ok(tables)
    }

    /// Whether the trail was not told to leave this table out.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_recorded(&mut self, table: &str) -> Result<bool, DatabaseError> {
        Ok(self.has_ledger()? && !self.disabled_tables()?.contains(table))
    }

    /// Puts a table under the trail, or brings its triggers up to date.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn record_changes_of(&mut self, table: &Table) -> Result<(), DatabaseError> {
        self.connection.replace_triggers(table)
    }

    /// Enters every row of a table in the trail, as one that the run found there, and gives their number.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn note_rows(&mut self, table: &Table, run: &RunContext) -> Result<usize, DatabaseError> {
        let audited = self.connection.audited(table)?;
        let dialect = self.connection.dialect();
        if let Some(settings) = dialect.image_settings() {
            self.connection.batch_execute(&settings)?;
        }
        let db_user = self.connection.db_user()?;
        let note = NoteRows {
            table: &Value::text(table.name.as_str()),
            images: &dialect.select_images(&audited),
            context: &[
                Value::text(run.started_at.to_string()),
                Value::text(run.actor.as_str()),
                Value::text(run.id.to_string()),
                db_user.map_or(Value::Null, Value::text),
            ],
        };
        Ok(note.execute(&mut self.connection)?)
    }

    /// Takes a table out of the trail and gives the names of the triggers that were dropped.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn stop_recording(&mut self, table: &Table) -> Result<Vec<String>, DatabaseError> {
        let stored = self.connection.stored_triggers(&table.name)?;
        let mut dropped = Vec::new();
        for trigger in self.connection.audit_triggers(table)? {
            if stored.iter().any(|stored| stored.name == trigger.name) {
                self.connection.batch_execute(&trigger.drop)?;
                dropped.push(trigger.name);
            }
        }
        Ok(dropped)
    }

    /// Whether the database shows our user its triggers.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn sees_triggers(&mut self) -> Result<bool, DatabaseError> {
        self.connection.sees_triggers()
    }

    /// Tables that `audit disable` took out of the trail, and that were not put back since: no later run names them, and
    /// no entry was written.
    pub(super) fn disabled_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut disabled = BTreeMap::new();
        for run in self.runs()?.into_iter().rev() {
            let counts = run.counts.as_deref().unwrap_or_default();
            let counts: Json = serde_json::from_str(counts).unwrap_or_default();
            for (table, counts) in counts["tables"].as_object().into_iter().flatten() {
                match counts[DISABLED_AFTER].as_i64() {
                    Some(after) => disabled.insert(table.clone(), after),
                    None => disabled.remove(table),
                };
            }
        }
        let mut tables = BTreeSet::new();
        for (table, after) in disabled {
            let later: Option<i64> = audit_log::table
                .filter(audit_log::table_name.eq(&table))
                .select(diesel::dsl::max(audit_log::id))
                .get_result(&mut self.connection)?;
            if later.unwrap_or(0) <= after {
                tables.insert(table);
            }
        }
        Ok(tables)
    }

    /// Tables of the application of which there are entries: looked up one by one through the index, not counted.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn traced_tables(&mut self) -> Result<BTreeSet<String>, DatabaseError> {
        let mut tables = BTreeSet::new();
        for name in self.application_tables()? {
            if self.is_traced(&name)? {
                tables.insert(name);
            }
        }
        Ok(tables)
    }

    /// Whether there are entries of a table.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn is_traced(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let entry: Option<i64> = audit_log::table
            .filter(audit_log::table_name.eq(table))
            .select(audit_log::id)
            .first(&mut self.connection)
            .optional()?;
        Ok(entry.is_some())
    }
}

/// `INSERT INTO audit_log … SELECT … FROM (images)`.
struct NoteRows<'a> {
    table: &'a Value,
    images: &'a str,
    /// `changed_at`, `changed_by`, `run_id`, `db_user`.
    context: &'a [Value; 4],
}

impl<DB: Bind> QueryFragment<DB> for NoteRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        const TEXT: ColumnType = ColumnType::Text { max_chars: None };
        out.push_sql(
            "INSERT INTO audit_log (table_name, record_id, action, new_value, changed_at, changed_by, run_id, db_user) SELECT ",
        );
        DB::bind(&mut out, TEXT, self.table)?;
        out.push_sql(", noted.record_id, 'INSERT', noted.image");
        for value in self.context {
            out.push_sql(", ");
            DB::bind(&mut out, TEXT, value)?;
        }
        out.push_sql(" FROM (");
        out.push_sql(self.images);
        out.push_sql(") AS noted");
        Ok(())
    }
}
dynamic_statement!(NoteRows);
