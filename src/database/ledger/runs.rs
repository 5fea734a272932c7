//! The runs recorded in the ledger.

use diesel::prelude::*;
use uuid::Uuid;

use crate::database::{DatabaseError, Writing};
use crate::model::{RunContext, RunId, RunKind, RunStatus, Sha256, Timestamp};

use super::Ledger;
use super::run_record::RunRecord;
use super::tables::import_runs;

/// The data of a run that is known when it begins, besides its context.
#[derive(Debug, Clone)]
pub struct RunHeader {
    /// What the run does.
    pub kind: RunKind,
    /// Name of the layout.
    pub layout: String,
    /// Digest of the layout.
    pub layout_digest: Sha256,
    /// The directory's name in the ledger.
    pub source: String,
    /// Directory that holds the originals.
    pub archive: Option<String>,
    /// The run that this one reverts.
    pub parent: Option<RunId>,
}

impl Writing<Ledger<'_>> {
    /// Inserts the run and fills the audit context: from now on every change is attributed to the run.
    pub(in crate::database) fn begin_run(
        &mut self,
        header: &RunHeader,
        context: &RunContext,
    ) -> Result<(), DatabaseError> {
        self.enter_run(header, context, None)?;
        self.database.connection.engine_mut().set_context(context)
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
        let db_user = self.database.connection.engine_mut().user()?;
        diesel::insert_into(import_runs::table)
            .values((
                import_runs::id.eq(context.id.to_string()),
                import_runs::kind.eq(header.kind.name()),
                import_runs::status.eq(RunStatus::Running.name()),
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
            .execute(&mut self.database.connection)?;
        Ok(())
    }

    /// Completes the run and empties the audit context.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn end_run(
        &mut self,
        context: &RunContext,
        finished_at: Timestamp,
        counts: &str,
    ) -> Result<(), DatabaseError> {
        self.database.connection.engine_mut().clear_context()?;
        diesel::update(import_runs::table.find(context.id.to_string()))
            .set((
                import_runs::status.eq(RunStatus::Complete.name()),
                import_runs::finished_at.eq(finished_at.to_string()),
                import_runs::counts.eq(counts),
            ))
            .execute(&mut self.database.connection)?;
        Ok(())
    }
}

impl Ledger<'_> {
    /// Whether this run was committed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn has_run(&mut self, id: Uuid) -> Result<bool, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(false);
        }
        let count: i64 = import_runs::table
            .filter(import_runs::id.eq(id.to_string()))
            .count()
            .get_result(&mut self.database.connection)?;
        Ok(count > 0)
    }

    /// The id of the last run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn latest_run(&mut self) -> Result<Option<Uuid>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(None);
        }
        let latest: Option<String> = import_runs::table
            .select(diesel::dsl::max(import_runs::id))
            .get_result(&mut self.database.connection)?;
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
            .load(&mut self.database.connection)?)
    }

    /// Runs that were begun and are not complete, oldest first. They exist only where schema changes are committed at
    /// once: a run of kind `enable` or `disable` was interrupted after one, or is in progress. A run with a seal was
    /// complete: another program changed its status.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfinished_runs(&mut self) -> Result<Vec<RunRecord>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(Vec::new());
        }
        let running: Vec<RunRecord> = import_runs::table
            .filter(import_runs::status.eq(RunStatus::Running.name()))
            .filter(import_runs::kind.eq_any([RunKind::Enable.name(), RunKind::Disable.name()]))
            .order((import_runs::started_at, import_runs::id))
            .select(RunRecord::as_select())
            .load(&mut self.database.connection)?;
        let mut unfinished = Vec::new();
        for run in running {
            if self.database.seals().seals_of_run(&run.id)?.is_empty() {
                unfinished.push(run);
            }
        }
        Ok(unfinished)
    }

    /// Rejects a database without a ledger.
    ///
    /// # Errors
    /// [`DatabaseError::NoLedger`], and [`DatabaseError::HiddenLedger`] if the account cannot see one.
    pub fn require_ledger(&mut self) -> Result<(), DatabaseError> {
        if self.database.has_ledger()? {
            return Ok(());
        }
        Err(match self.database.connection.hides_ledger()? {
            true => DatabaseError::HiddenLedger,
            false => DatabaseError::NoLedger,
        })
    }
}
