//! Ends a run after its last row: verifies what was written, then completes and seals it.

use crate::audit::seal::Contents;
use crate::database::seals::{NewSeal, RunFacts};
use crate::database::{DatabaseError, Mismatch, WriteTransaction};
use crate::model::{PerTable, TableDigest, Timestamp};
use crate::plan::TableCounts;

use super::Writer;

/// The data for the end of a run.
#[derive(Debug)]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// Counts for the ledger, as JSON.
    pub counts: String,
    /// Further facts for the seal.
    pub facts: RunFacts,
}

/// The rows of a run, read back before commit.
#[derive(Debug)]
pub struct Verified {
    /// Tables that differ from the plan; if there is one, the run must not be committed.
    pub mismatches: Vec<Mismatch>,
    /// The run's entries in the audit log, for the seal.
    entries: Contents,
}

impl Writer<'_> {
    /// Writes the buffers and creates the indexes, and meanwhile reads the rows back and compares them with the plan.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn verify(
        &mut self,
        database: &mut WriteTransaction,
        planned: &PerTable<(TableCounts, TableDigest)>,
    ) -> Result<Verified, DatabaseError> {
        let _span = tracing::info_span!("verify").entered();
        self.flush(database)?;
        let run = &self.run_id;
        self.pending.flush(database, self.layout, run)?;
        database.connection.engine_mut().check_foreign_keys()?;
        let deferred = std::mem::take(&mut self.deferred);
        let mut verified = database.change_while_reading(
            |connection| deferred.create(connection),
            |rows| {
                let mismatches = rows.tables().compare_with_plan(
                    self.layout,
                    &self.before,
                    &self.written,
                    planned,
                )?;
                let entries = rows.seals().contents_of_run(run, self.entries_before)?;
                Ok(Verified {
                    mismatches,
                    entries,
                })
            },
        )?;
        let entries = &verified.entries.entries;
        let without = self.applied.without_entries(self.layout, &entries.tables);
        verified.mismatches.extend(without);
        if verified.mismatches.is_empty() {
            database
                .tables()
                .refresh_statistics(self.layout, verified.entries.entries.count)?;
            database.tables().advance_sequences(self.layout, planned)?;
        }
        Ok(verified)
    }

    /// Completes and seals the run, whose rows were [verified](Self::verify).
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn seal(
        self,
        database: &mut WriteTransaction,
        verified: Verified,
        mut end: RunEnd,
    ) -> Result<NewSeal, DatabaseError> {
        let _span = tracing::info_span!("seal").entered();
        let run = &self.run_id;
        let mut sums = self.pending.sums;
        database
            .seals()
            .add_rows_of_run(&mut sums, run, self.first_file)?;
        end.facts.ledger = Some(sums);
        database.ledger().end_run(&self.run, end.at, &end.counts)?;
        database
            .seals()
            .seal_run(run, verified.entries, end.facts, end.at)
    }
}
