//! Runs in the ledger.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::Action;
use crate::audit::seal::SealedRun;
use crate::database::{Database, DatabaseError};
use crate::model::{RunContext, Sha256, Timestamp};

use super::tables::import_runs;

/// What is known of a run when it begins, besides its context.
#[derive(Debug, Clone)]
pub struct RunHeader {
    /// What the run does: `import`, …
    pub kind: &'static str,
    /// Name of the layout.
    pub layout: String,
    /// Digest of the layout.
    pub layout_digest: Sha256,
    /// The directory's name in the ledger.
    pub source: String,
    /// Directory that holds the originals.
    pub archive: Option<String>,
    /// The run that this one undoes.
    pub parent: Option<String>,
}

/// A run as the ledger has it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = import_runs)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: String,
    /// What it did.
    pub kind: String,
    /// `complete`.
    pub status: String,
    /// Name of the layout.
    pub layout: String,
    /// SHA-256 of the layout's files.
    pub layout_digest: String,
    /// The directory's name in the ledger.
    pub source: String,
    /// Who is declared responsible.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// The operating system's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// Version of this program.
    pub tool_version: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: Option<String>,
    /// JSON object of counts.
    pub counts: Option<String>,
    /// Directory that holds the originals.
    pub archive: Option<String>,
    /// The run this one undoes or repeats.
    pub parent_run_id: Option<String>,
}

impl RunRecord {
    /// The row as it is sealed: its columns by name.
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

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl RunRecord {
    /// How many rows the run says it changed, by table and action as in the trail.
    #[must_use]
    pub fn row_changes(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let counts = self.counts.as_deref().unwrap_or_default();
        let counts: Value = serde_json::from_str(counts).unwrap_or_default();
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
        let tables = counts["tables"].as_object().into_iter().flatten();
        tables
            .map(|(table, counts)| (table.clone(), changes(counts)))
            .filter(|(_, changes)| !changes.is_empty())
            .collect()
    }
}

impl Database {
    /// Enters the run and fills the audit context: from here on every change is signed with it.
    pub(in crate::database) fn begin_run(
        &mut self,
        header: &RunHeader,
        context: &RunContext,
    ) -> Result<(), DatabaseError> {
        let db_user = self.connection.db_user()?;
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
            ))
            .execute(&mut self.connection)?;
        self.connection.set_context(context)
    }

    /// Completes the run and empties the audit context.
    pub(in crate::database) fn end_run(
        &mut self,
        context: &RunContext,
        finished_at: Timestamp,
        counts: &str,
    ) -> Result<(), DatabaseError> {
        self.connection.clear_context()?;
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
    pub fn has_run(&mut self, id: Uuid) -> Result<Found, DatabaseError> {
        if !self.has_ledger()? {
            return Ok(Found::No);
        }
        let count: i64 = import_runs::table
            .filter(import_runs::id.eq(id.to_string()))
            .count()
            .get_result(&mut self.connection)?;
        Ok(if count > 0 { Found::Yes } else { Found::No })
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// When there is no ledger or it cannot be read.
    pub fn runs(&mut self) -> Result<Vec<RunRecord>, DatabaseError> {
        self.require_ledger()?;
        Ok(import_runs::table
            .order((import_runs::started_at.desc(), import_runs::id.desc()))
            .select(RunRecord::as_select())
            .load(&mut self.connection)?)
    }

    /// Refuses a database without a ledger.
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
