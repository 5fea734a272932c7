//! Checking the whole trail: the chain of seals, the entries they cover, the runs and files they name, and anchors.
//!
//! Everything is computed anew from the rows. Writes nothing.

mod anchors;
mod entries;

use std::path::PathBuf;
use std::time::Duration;

use crate::audit::seal::Anchor;
use crate::database::ledger::Entries;
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::{OperationError, Surroundings};

use super::chain::{ReadSeal, read_chain};
use super::coverage::{Coverage, Found};
use super::outcome::{
    AnchorSource, CheckedAnchor, TrailDifference, TrailDifferenceKind, TrailOutcome, TrailStatus,
    Unsealed,
};
use super::require_seals;

/// What to check, and against what.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Hashes of seals that were kept elsewhere.
    pub anchors: Vec<(AnchorSource, Anchor)>,
    /// How many differences are listed; all are counted.
    pub limit: usize,
}

/// Checks the trail of a database.
///
/// # Errors
/// When the database has no ledger, or one without seals, or cannot be read.
pub fn check_trail(
    options: &CheckOptions,
    around: Surroundings<'_>,
) -> Result<TrailOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    database.snapshot(|database| {
        require_seals(database)?;
        let (seals, broken) = read_chain(&database.seals()?);
        let mut coverage = Coverage::new(&seals);
        database.each_sealed_entry(Entries::After(i64::MIN), &mut |entry| coverage.add(entry))?;
        around.check_interrupt()?;
        let mut check = Check {
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
        check.end_of_trail(&found)?;
        let anchors = check.anchors(&options.anchors);
        check.lost_anchors(&anchors);
        check.outcome(options, &found, unsealed, anchors)
    })
}

struct Check<'a> {
    database: &'a mut Database,
    seals: &'a [ReadSeal],
    limit: usize,
    differences: Vec<TrailDifference>,
    not_kept: u64,
}

impl Check<'_> {
    fn tell(&mut self, kind: TrailDifferenceKind, seal: Option<&ReadSeal>, message: String) {
        self.keep(TrailDifference {
            kind,
            seal: seal.map(|seal| seal.header.number),
            run: seal
                .and_then(|seal| seal.header.run_id())
                .map(str::to_owned),
            entry: None,
            row: None,
            message,
        });
    }

    fn keep(&mut self, difference: TrailDifference) {
        if self.differences.len() < self.limit {
            self.differences.push(difference);
        } else {
            self.not_kept += 1;
        }
    }

    /// The rows of runs, and of the files they read.
    fn runs(&mut self) -> Result<(), OperationError> {
        for seal in self.seals {
            let (Some(sealed), Some(id)) = (&seal.header.run, seal.header.run_id()) else {
                continue;
            };
            match self.database.sealed_run(id)? {
                None => {
                    let message = format!("run `{id}` is gone from `import_runs`");
                    self.tell(TrailDifferenceKind::Run, Some(seal), message);
                }
                Some(now) => {
                    let column = sealed
                        .iter()
                        .find(|(name, value)| now.get(*name) != Some(value));
                    if let Some((column, _)) = column {
                        let message = format!("`{column}` of run `{id}` was changed");
                        self.tell(TrailDifferenceKind::Run, Some(seal), message);
                    }
                }
            }
            if seal.header.files != Some(self.database.sealed_files(id)?) {
                let message = format!("`source_files` of run `{id}` was changed");
                self.tell(TrailDifferenceKind::Files, Some(seal), message);
            }
        }
        Ok(())
    }

    /// What no seal covers: written outside runs, before there were seals, or smuggled in.
    fn unsealed(&mut self, found: &Found) -> Result<Unsealed, OperationError> {
        let mut unsealed = Unsealed {
            entries: found.unsealed.count(),
            first: found.unsealed.first(),
            ..Unsealed::default()
        };
        if let Some(first) = found.unsealed.first() {
            let first = self.database.trail_entry(first)?;
            unsealed.since = first.map(|entry| entry.changed_at);
        }
        // No database gives such numbers, and seals go on behind the last.
        for id in found.unsealed.iter().take_while(|id| *id < 1) {
            let entry = self.database.trail_entry(id)?;
            self.keep(TrailDifference {
                kind: TrailDifferenceKind::Inserted,
                seal: None,
                run: None,
                entry: Some(id),
                row: entry.map(|entry| (entry.table_name, entry.record_id)),
                message: format!("entry {id} has a number that the database never gives"),
            });
        }
        let seals = self.seals;
        for &(first, last) in found.unsealed_of_runs.ranges() {
            for run in self.database.runs_of_entries(first, last)? {
                let seal = seals.iter().find(|seal| seal.header.run_id() == Some(&run));
                if let Some(seal) = seal {
                    let message = format!(
                        "entries from {first} to {last} name run `{run}`, whose seal does not cover them"
                    );
                    self.tell(TrailDifferenceKind::Inserted, Some(seal), message);
                }
            }
        }
        // Runs are sealed in the transaction that writes them: without a seal are only those before the first.
        let first = seals.iter().find_map(|seal| {
            let run = seal.header.run.as_ref()?;
            run.get("started_at")?.as_str()
        });
        for run in self.database.runs()? {
            let sealed = seals
                .iter()
                .any(|seal| seal.header.run_id() == Some(&run.id));
            match first {
                _ if sealed => {}
                Some(first) if run.started_at.as_str() > first => {
                    let message = format!("the seal of run `{}` is gone", run.id);
                    self.tell(TrailDifferenceKind::Chain, None, message);
                }
                Some(_) | None => unsealed.runs += 1,
            }
        }
        Ok(unsealed)
    }

    /// Numbers are given once: if higher ones than the last were given, entries were cut off. Servers lose numbers in
    /// transactions that are rolled back, so only SQLite can tell.
    fn end_of_trail(&mut self, found: &Found) -> Result<(), OperationError> {
        if let Some(given) = self.database.last_given_entry_id()?
            && given > found.last
        {
            let message = format!(
                "the trail ends with entry {}, but numbers up to {given} were given",
                found.last
            );
            self.tell(TrailDifferenceKind::Deleted, None, message);
        }
        Ok(())
    }

    fn outcome(
        self,
        options: &CheckOptions,
        found: &Found,
        unsealed: Unsealed,
        anchors: Vec<CheckedAnchor>,
    ) -> Result<TrailOutcome, OperationError> {
        let anchored = anchors.iter().filter_map(|anchor| anchor.seal).max();
        let status = match (&self.differences[..], self.not_kept, self.seals, anchored) {
            ([], 0, [], _) => TrailStatus::Unsealed,
            ([], 0, _, Some(_)) => TrailStatus::Anchored,
            ([], 0, _, None) => TrailStatus::SelfConsistent,
            _ => TrailStatus::Different,
        };
        let last = self.seals.last();
        let schema = match self.database.sees_triggers()? {
            true => Some(self.database.schema_digest()?),
            false => None,
        };
        // Runs that enable or disable tables have none.
        let mut newest = self.seals.iter().rev();
        let archive = newest
            .find_map(|seal| seal.header.run.as_ref()?.get("archive")?.as_str())
            .map(|archive| PathBuf::from(archive).join(crate::archive::SEALS));
        Ok(TrailOutcome {
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
            log: archive.map(|path| path.display().to_string()),
            differences: self.differences,
            differences_not_kept: self.not_kept,
        })
    }
}
