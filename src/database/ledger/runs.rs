//! Runs in the ledger.

use diesel::prelude::*;

use crate::database::{Database, DatabaseError};
use crate::model::{RunContext, Sha256, Timestamp};

use super::tables::{audit_context, import_runs};

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
    pub archive: String,
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

impl Database {
    /// Enters the run and fills the audit context: from here on every change is signed with it.
    pub(in crate::database) fn begin_run(
        &mut self,
        header: &RunHeader,
        context: &RunContext,
    ) -> Result<(), DatabaseError> {
        let left_over: i64 = audit_context::table
            .count()
            .get_result(&mut self.connection)?;
        if left_over > 0 {
            return Err(DatabaseError::LeftOverContext);
        }
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
                import_runs::tool_version.eq(env!("CARGO_PKG_VERSION")),
                import_runs::started_at.eq(context.started_at.to_string()),
                import_runs::archive.eq(&header.archive),
            ))
            .execute(&mut self.connection)?;
        diesel::insert_into(audit_context::table)
            .values((
                audit_context::one.eq(1),
                audit_context::run_id.eq(context.id.to_string()),
                audit_context::changed_by.eq(&context.actor),
                audit_context::changed_at.eq(context.started_at.to_string()),
                audit_context::source_file_id.eq(None::<i64>),
            ))
            .execute(&mut self.connection)?;
        Ok(())
    }

    /// Says which file the next changes come from.
    pub(in crate::database) fn set_context_file(
        &mut self,
        file: Option<i64>,
    ) -> Result<(), DatabaseError> {
        diesel::update(audit_context::table)
            .set(audit_context::source_file_id.eq(file))
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
        diesel::delete(audit_context::table).execute(&mut self.connection)?;
        diesel::update(import_runs::table.find(context.id.to_string()))
            .set((
                import_runs::status.eq("complete"),
                import_runs::finished_at.eq(finished_at.to_string()),
                import_runs::counts.eq(counts),
            ))
            .execute(&mut self.connection)?;
        Ok(())
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
