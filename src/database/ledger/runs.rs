//! The runs recorded in the ledger.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::audit::Action;
use crate::audit::seal::SealedRun;
use crate::database::{Database, DatabaseError};
use crate::model::{RunContext, Sha256, Timestamp};

use super::tables::import_runs;

/// The data of a run that is known when it begins, besides its context.
#[derive(Debug, Clone)]
pub struct RunHeader {
    /// The kind of the run: `import`, …
    pub kind: &'static str,
    /// Name of the layout.
    pub layout: String,
    /// Digest of the layout.
    pub layout_digest: Sha256,
    /// The directory's name in the ledger.
    pub source: String,
    /// Directory that holds the originals.
    pub archive: Option<String>,
    /// The run that this one reverts.
    pub parent: Option<String>,
}

/// A run as stored in the ledger.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = import_runs)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: String,
    /// The kind of the run.
    pub kind: String,
    /// `complete` or `running`.
    pub status: String,
    /// Name of the layout.
    pub layout: String,
    /// SHA-256 of the layout's files.
    pub layout_digest: String,
    /// The directory's name in the ledger.
    pub source: String,
    /// The actor: who is declared responsible.
    pub actor: String,
    /// The reason given for the run.
    pub reason: Option<String>,
    /// The operating system's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// Version of accession.
    pub tool_version: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: Option<String>,
    /// JSON object of counts.
    pub counts: Option<String>,
    /// Directory that holds the originals.
    pub archive: Option<String>,
    /// The run that this one reverts or repeats.
    pub parent_run_id: Option<String>,
}

impl RunRecord {
    /// The row as sealed: its columns by name.
    #[must_use]
    pub(in crate::database) fn sealed(self) -> SealedRun {
        let columns = [
            ("id", Some(self.id)),
            ("kind", Some(self.kind)),
            ("status", Some(self.status)),
            ("layout", Some(self.layout)),
            ("layout_digest", Some(self.layout_digest)),
            ("source", Some(self.source)),
            ("actor", Some(self.actor)),
            ("reason", self.reason),
            ("os_user", Some(self.os_user)),
            ("host", Some(self.host)),
            ("db_user", self.db_user),
            ("tool_version", Some(self.tool_version)),
            ("started_at", Some(self.started_at)),
            ("finished_at", self.finished_at),
            ("counts", self.counts),
            ("archive", self.archive),
            ("parent_run_id", self.parent_run_id),
        ];
        let column = |(name, value): (&str, Option<String>)| (name.to_owned(), value.into());
        columns.into_iter().map(column).collect()
    }
}

impl RunRecord {
    /// The run's counts; empty if it has none, or if they are malformed.
    #[must_use]
    pub fn recorded(&self) -> Map<String, Value> {
        let counts = self.counts.as_deref().unwrap_or_default();
        serde_json::from_str(counts).unwrap_or_default()
    }

    /// The counts of each table.
    #[must_use]
    pub fn recorded_tables(&self) -> Map<String, Value> {
        match self.recorded().remove("tables") {
            Some(Value::Object(tables)) => tables,
            _ => Map::new(),
        }
    }

    /// The tables in the run's counts, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let mut tables: Vec<String> = self.recorded_tables().keys().cloned().collect();
        tables.sort_unstable();
        tables
    }

    /// Whether the run's counts include this table.
    #[must_use]
    pub fn names(&self, table: &str) -> bool {
        self.tables().iter().any(|name| name == table)
    }

    /// The context in which the run began; `None` if its id or its time is invalid.
    #[must_use]
    pub fn context(&self) -> Option<RunContext> {
        Some(RunContext {
            id: Uuid::parse_str(&self.id).ok()?,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            os_user: self.os_user.clone(),
            host: self.host.clone(),
            started_at: Timestamp::parse(&self.started_at)?.timestamp,
        })
    }

    /// The number of changed rows in the run's counts, by table and action as in the audit log.
    #[must_use]
    pub fn row_changes(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let actions = [
            (Action::Insert, "inserted"),
            (Action::Update, "updated"),
            (Action::Delete, "deleted"),
        ];
        let changes = |counts: &Value| -> BTreeMap<String, u64> {
            let count = |(action, name): (Action, &str)| {
                let count = counts[name].as_u64().filter(|count| *count > 0)?;
                Some((action.name().to_owned(), count))
            };
            actions.into_iter().filter_map(count).collect()
        };
        let tables = self.recorded_tables().into_iter();
        tables
            .map(|(table, counts)| (table, changes(&counts)))
            .filter(|(_, changes)| !changes.is_empty())
            .collect()
    }
}

impl Database {
    /// Inserts the run and fills the audit context: from now on every change is attributed to the run.
    pub(in crate::database) fn begin_run(
        &mut self,
        header: &RunHeader,
        context: &RunContext,
    ) -> Result<(), DatabaseError> {
        self.enter_run(header, context, None)?;
        self.connection.engine_mut().set_context(context)
    }

    /// Inserts a run that is not complete, with preliminary counts.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn enter_run(
        &mut self,
        header: &RunHeader,
        context: &RunContext,
        counts: Option<&str>,
    ) -> Result<(), DatabaseError> {
        let db_user = self.connection.engine_mut().user()?;
        diesel::insert_into(import_runs::table)
            .values((
                import_runs::id.eq(context.id.to_string()),
                import_runs::kind.eq(header.kind),
                import_runs::status.eq("running"),
                import_runs::layout.eq(&header.layout),
                import_runs::layout_digest.eq(header.layout_digest.to_string()),
                import_runs::source.eq(&header.source),
                import_runs::actor.eq(&context.actor),
                import_runs::reason.eq(context.reason.as_deref()),
                import_runs::os_user.eq(&context.os_user),
                import_runs::host.eq(&context.host),
                import_runs::db_user.eq(db_user),
                import_runs::tool_version.eq(env!("CARGO_PKG_VERSION")),
                import_runs::started_at.eq(context.started_at.to_string()),
                import_runs::archive.eq(header.archive.as_deref()),
                import_runs::parent_run_id.eq(header.parent.as_deref()),
                import_runs::counts.eq(counts),
            ))
            .execute(&mut self.connection)?;
        Ok(())
    }

    /// Completes the run and empties the audit context.
    pub(in crate::database) fn end_run(
        &mut self,
        context: &RunContext,
        finished_at: Timestamp,
        counts: &str,
    ) -> Result<(), DatabaseError> {
        self.connection.engine_mut().clear_context()?;
        diesel::update(import_runs::table.find(context.id.to_string()))
            .set((
                import_runs::status.eq("complete"),
                import_runs::finished_at.eq(finished_at.to_string()),
                import_runs::counts.eq(counts),
            ))
            .execute(&mut self.connection)?;
        Ok(())
    }

    /// Whether this run was committed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn has_run(&mut self, id: Uuid) -> Result<bool, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(false);
        }
        let count: i64 = import_runs::table
            .filter(import_runs::id.eq(id.to_string()))
            .count()
            .get_result(&mut self.connection)?;
        Ok(count > 0)
    }

    /// The id of the last run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn latest_run(&mut self) -> Result<Option<Uuid>, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(None);
        }
        let latest: Option<String> = import_runs::table
            .select(diesel::dsl::max(import_runs::id))
            .get_result(&mut self.connection)?;
        Ok(latest.and_then(|id| Uuid::parse_str(&id).ok()))
    }

    /// All runs, newest first. Their order is that of their ids, because the clock may have been set back.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn runs(&mut self) -> Result<Vec<RunRecord>, DatabaseError> {
        self.require_ledger()?;
        Ok(import_runs::table
            .order(import_runs::id.desc())
            .select(RunRecord::as_select())
            .load(&mut self.connection)?)
    }

    /// Runs that were begun and are not complete, oldest first. They exist only where schema changes are committed at
    /// once: a run of kind `enable` or `disable` was interrupted after one, or is in progress.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfinished_runs(&mut self) -> Result<Vec<RunRecord>, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(Vec::new());
        }
        Ok(import_runs::table
            .filter(import_runs::status.eq("running"))
            .order((import_runs::started_at, import_runs::id))
            .select(RunRecord::as_select())
            .load(&mut self.connection)?)
    }

    /// Rejects a database without a ledger.
    ///
    /// # Errors
    /// [`DatabaseError::NoLedger`].
    pub fn require_ledger(&mut self) -> Result<(), DatabaseError> {
        if self.has_ledger()? {
            Ok(())
        } else {
            Err(DatabaseError::NoLedger)
        }
    }
}
