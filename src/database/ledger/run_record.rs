//! A run as the ledger has it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::audit::Action;
use crate::audit::seal::SealedRun;
use crate::model::{RunContext, RunId, RunKind, RunStatus, Timestamp};

use super::tables::import_runs;

/// A run as stored in the ledger.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = import_runs)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: RunId,
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
    pub parent_run_id: Option<RunId>,
}

impl RunRecord {
    /// The row as sealed: its columns by name.
    #[must_use]
    pub(in crate::database) fn sealed(self) -> SealedRun {
        let columns = [
            ("id", Some(self.id.into())),
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
            ("parent_run_id", self.parent_run_id.map(String::from)),
        ];
        let column = |(name, value): (&str, Option<String>)| (name.to_owned(), value.into());
        columns.into_iter().map(column).collect()
    }
}

impl RunRecord {
    /// Whether the run is of this kind.
    #[must_use]
    pub fn is(&self, kind: RunKind) -> bool {
        kind.is(&self.kind)
    }

    /// Whether the run has this status.
    #[must_use]
    pub fn has_status(&self, status: RunStatus) -> bool {
        self.status == status.name()
    }

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
