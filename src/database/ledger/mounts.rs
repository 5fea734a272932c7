//! The mount points in a source directory, which runs record with their counts.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;

use crate::database::DatabaseError;
use crate::model::{RunKind, RunStatus};

use super::Ledger;
use super::run_record::RunRecord;
use super::tables::import_runs;

/// The property of the counts.
pub const MOUNTS: &str = "mounts";

impl Ledger<'_> {
    /// The directories that were mount points in the last import of this source, relative to it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn mounts_of(&mut self, source: &str) -> Result<BTreeSet<String>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(BTreeSet::new());
        }
        let last: Option<RunRecord> = import_runs::table
            .filter(import_runs::source.eq(source))
            .filter(import_runs::kind.eq(RunKind::Import.name()))
            .filter(import_runs::status.eq(RunStatus::Complete.name()))
            .order(import_runs::id.desc())
            .select(RunRecord::as_select())
            .first(&mut self.database.connection)
            .optional()?;
        let recorded = last.and_then(|run| run.recorded().remove(MOUNTS));
        let paths = match recorded {
            Some(Value::Array(paths)) => paths,
            _ => Vec::new(),
        };
        let text = |path: Value| path.as_str().map(str::to_owned);
        Ok(paths.into_iter().filter_map(text).collect())
    }
}
