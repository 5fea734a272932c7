//! Checks the audit log: the chain of seals, the entries they cover, the runs and files that entries refer to, and
//! anchors.
//!
//! Everything is recomputed from the rows. Writes nothing.

mod anchors;
mod attribution;
mod entries;
mod tables;

use std::path::PathBuf;
use std::time::Duration;

use crate::archive::{SEALS, has_seals_log};
use crate::audit::seal::{Anchor, LedgerTable};
use crate::database::seals::Entries;
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::model::{EntryId, RunStatus, plural};
use crate::operations::unfinished_run::unfinished_words;
use crate::operations::{Context, OperationError};

use super::chain::{ReadSeal, read_chain};
use super::coverage::{Coverage, CoverageResult};
use super::outcome::{
    AnchorSource, AuditLogDifference, AuditLogDifferenceKind, AuditLogOutcome, AuditLogStatus,
    CheckedAnchor, Unsealed,
};
use super::require_seals;

/// What to check, and against what.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Hashes of seals that were stored elsewhere.
    pub anchors: Vec<(AnchorSource, Anchor)>,
    /// How many differences to list; all are counted.
    pub limit: usize,
}

/// Checks the audit log of a database.
///
/// # Errors
/// When the database has no ledger, has a ledger without seals, or cannot be read.
pub fn check_audit_log(
    options: &CheckOptions,
    ctx: Context<'_>,
) -> Result<AuditLogOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        require_seals(database)?;
        let (seals, broken) = read_chain(&database.seals().all()?);
        let mut coverage = Coverage::new(&seals);
        let all = Entries::After(EntryId::MIN);
        database
            .seals()
            .each_sealed_entry(all, &mut |entry| coverage.add(entry))?;
        ctx.check_interrupt()?;
        let mut check = AuditLogCheck {
            database,
            seals: &seals,
            limit: options.limit,
            differences: broken,
            not_kept: 0,
        };
        let found = coverage.finish();
        check.differing_entries(&found)?;
        check.blocks(&found)?;
        check.runs()?;
        let unsealed = check.unsealed(&found)?;
        check.end_of_audit_log(&found)?;
        check.altered_tables()?;
        check.attribution((ctx.clock)())?;
        check.left_over_context()?;
        ctx.check_interrupt()?;
        check.ledger()?;
        let anchors = check.anchors(&options.anchors);
        check.lost_anchors(&anchors);
        check.outcome(options, &found, unsealed, anchors)
    })
}

struct AuditLogCheck<'a> {
    database: &'a mut ReadTransaction,
    seals: &'a [ReadSeal],
    limit: usize,
    differences: Vec<AuditLogDifference>,
    not_kept: u64,
}

impl AuditLogCheck<'_> {
    fn report(&mut self, kind: AuditLogDifferenceKind, seal: Option<&ReadSeal>, message: String) {
        self.keep(AuditLogDifference {
            kind,
            seal: seal.map(|seal| seal.header.number),
            run: seal.and_then(|seal| seal.header.run_id()),
            entry: None,
            row: None,
            message,
        });
    }

    fn keep(&mut self, difference: AuditLogDifference) {
        if self.differences.len() < self.limit {
            self.differences.push(difference);
        } else {
            self.not_kept += 1;
        }
    }

    /// Checks the rows of runs, and of the files they read.
    fn runs(&mut self) -> Result<(), OperationError> {
        for seal in self.seals {
            let (Some(sealed), Some(id)) = (&seal.header.run, seal.header.run_id()) else {
                continue;
            };
            match self.database.seals().sealed_run(&id)? {
                None => {
                    let message = format!("run `{id}` is missing from `import_runs`");
                    self.report(AuditLogDifferenceKind::Run, Some(seal), message);
                }
                Some(now) => {
                    let column = sealed
                        .iter()
                        .find(|(name, value)| now.get(*name) != Some(value));
                    if let Some((column, _)) = column {
                        let message = format!("`{column}` of run `{id}` was changed");
                        self.report(AuditLogDifferenceKind::Run, Some(seal), message);
                    }
                }
            }
            if seal.header.files != Some(self.database.seals().sealed_files(&id)?) {
                let message = format!("`source_files` of run `{id}` was changed");
                self.report(AuditLogDifferenceKind::Files, Some(seal), message);
            }
        }
        Ok(())
    }

    /// Reports entries that no seal covers: they were written outside runs, or inserted by tampering.
    fn unsealed(&mut self, found: &CoverageResult) -> Result<Unsealed, OperationError> {
        // No database generates such numbers, and seals do not go back before the last one.
        let is_impossible = |id: &EntryId| id.get() < 1;
        let impossible: Vec<EntryId> = found.unsealed.iter().take_while(is_impossible).collect();
        let mut unsealed = Unsealed {
            entries: found.unsealed.count() - impossible.len() as u64,
            first: found.unsealed.iter().nth(impossible.len()),
            ..Unsealed::default()
        };
        if let Some(first) = unsealed.first {
            let first = self.database.seals().entry_subject(first)?;
            unsealed.since = first.map(|entry| entry.changed_at);
        }
        for id in impossible {
            let entry = self.database.seals().entry_subject(id)?;
            self.keep(AuditLogDifference {
                kind: AuditLogDifferenceKind::Inserted,
                seal: None,
                run: None,
                entry: Some(id),
                row: entry.map(|entry| (entry.table_name, entry.record_id)),
                message: format!("entry {id} has a number that the database never generates"),
            });
        }
        let seals = self.seals;
        for &(first, last) in found.of_runs_elsewhere.ranges() {
            for run in self.database.seals().runs_of_entries(first, last)? {
                let seal = seals
                    .iter()
                    .find(|seal| seal.header.run_id().as_ref() == Some(&run));
                if let Some(seal) = seal {
                    let message = format!(
                        "entries from {first} to {last} refer to run `{run}`, whose seal does not cover them"
                    );
                    self.report(AuditLogDifferenceKind::Inserted, Some(seal), message);
                }
            }
        }
        // Runs are sealed in the transaction that writes them.
        for run in self.database.ledger().runs()? {
            let is_sealed = seals
                .iter()
                .any(|seal| seal.header.run_id().as_ref() == Some(&run.id));
            if is_sealed {
                continue;
            }
            if run.has_status(RunStatus::Running) {
                self.keep(AuditLogDifference {
                    kind: AuditLogDifferenceKind::Unfinished,
                    seal: None,
                    entry: None,
                    row: None,
                    message: unfinished_words(&run),
                    run: Some(run.id),
                });
            } else {
                unsealed.runs += 1;
                let message = format!("run `{}` has no seal", run.id);
                self.report(AuditLogDifferenceKind::Chain, None, message);
            }
        }
        Ok(unsealed)
    }

    /// Checks for deleted entries at the end. Ids are generated once, so entries were cut off if the database generated
    /// higher ids than the last one. Only SQLite allows this check: servers lose ids in transactions that are rolled
    /// back.
    fn end_of_audit_log(&mut self, found: &CoverageResult) -> Result<(), OperationError> {
        if let Some(given) = self.database.seals().last_given_entry_id()?
            && given > found.last
        {
            let message = format!(
                "the audit log ends with entry {}, but numbers up to {given} were generated",
                found.last
            );
            self.report(AuditLogDifferenceKind::Deleted, None, message);
        }
        Ok(())
    }

    /// Checks the tables of the ledger that no tree covers, by the sums in the last seal.
    fn ledger(&mut self) -> Result<(), OperationError> {
        let seals = self.seals;
        let Some((seal, sealed)) = seals
            .last()
            .and_then(|seal| Some((seal, seal.header.ledger?)))
        else {
            return Ok(());
        };
        let now = self.database.seals().ledger_sums()?;
        for table in LedgerTable::ALL {
            let (sealed, now) = (sealed.of(table), now.of(table));
            let name = table.name();
            let message = match (sealed.rows, now.rows) {
                _ if sealed == now => continue,
                (sealed, now) if sealed == now => format!("`{name}` was changed"),
                (sealed, now) => {
                    format!(
                        "`{name}` was changed: it has {}, but had {sealed}",
                        plural(now, "row")
                    )
                }
            };
            self.report(AuditLogDifferenceKind::Ledger, Some(seal), message);
        }
        Ok(())
    }

    fn outcome(
        self,
        options: &CheckOptions,
        found: &CoverageResult,
        unsealed: Unsealed,
        anchors: Vec<CheckedAnchor>,
    ) -> Result<AuditLogOutcome, OperationError> {
        let anchored = anchors.iter().filter_map(|anchor| anchor.seal).max();
        let status = match (&self.differences[..], self.not_kept, self.seals, anchored) {
            ([], 0, [], _) => AuditLogStatus::Unsealed,
            ([], 0, _, Some(_)) => AuditLogStatus::Anchored,
            ([], 0, _, None) => AuditLogStatus::SelfConsistent,
            _ => AuditLogStatus::Different,
        };
        let last = self.seals.last();
        let schema = match self.database.audited_tables().sees_triggers()? {
            true => Some(self.database.seals().schema_digest()?),
            false => None,
        };
        // Runs that enable or disable tables have no archive.
        let mut newest = self.seals.iter().rev();
        let archive = newest
            .find_map(|seal| seal.header.run.as_ref()?.get("archive")?.as_str())
            .map(PathBuf::from);
        // Both may have been moved.
        let usual = options.database.default_archive();
        let archive = archive.map(|archive| match has_seals_log(&archive) {
            false if has_seals_log(&usual) => usual,
            _ => archive,
        });
        Ok(AuditLogOutcome {
            status,
            database: options.database.to_string(),
            seals: self.seals.len() as u64,
            sealed_entries: found.sealed,
            head: last.map(|seal| (seal.header.number, seal.hash.to_string())),
            anchored,
            anchors,
            unsealed,
            schema_changed: schema
                .map(|schema| last.is_some_and(|seal| seal.header.schema != schema)),
            ledger_covered: last.is_some_and(|seal| seal.header.ledger.is_some()),
            log: archive.map(|path| path.join(SEALS).display().to_string()),
            differences: self.differences,
            differences_not_kept: self.not_kept,
        })
    }
}
