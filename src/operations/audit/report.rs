//! Totals of changes by author, table, action and day.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::database::audit_log::{EntryOrder, EntryTotal, Tally};
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::operations::OperationError;

use super::AuditQuery;
use super::query::ResolvedQuery;

/// Totals over the audit log.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// Entries by author, day, table and action.
    pub totals: Vec<EntryTotal>,
    /// Number of runs in the ledger, including those that changed no row.
    pub runs: usize,
}

/// Counts the entries that match `query`.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query matches no run.
pub fn audit_report(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
) -> Result<AuditReport, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let runs = database.ledger().runs()?;
        let query = query.resolve(&runs)?;
        Ok(AuditReport {
            totals: totals(database, &query)?,
            runs: runs.len(),
        })
    })
}

/// Totals over the entries that match a query.
pub(super) fn totals(
    database: &mut ReadTransaction,
    query: &ResolvedQuery,
) -> Result<Vec<EntryTotal>, OperationError> {
    if query.content.is_empty() {
        return Ok(database.audit_log().entry_totals(&query.filter)?);
    }
    let mut tally = Tally::default();
    database
        .audit_log()
        .each_entry(&query.filter, EntryOrder::OldestFirst, &mut |entry| {
            if query.accepts(&entry) {
                tally.add(entry);
            }
            ControlFlow::Continue(())
        })?;
    Ok(tally.totals)
}
