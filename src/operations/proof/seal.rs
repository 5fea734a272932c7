//! Seals changes that were made outside runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::{Archive, SEALS, append_seal, has_seals_log, is_same_archive};
use crate::audit::seal::{Anchor, Header, IdRanges, Sealer};
use crate::database::seals::{Entries, NewSeal};
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::model::{EntryId, Finding, FindingList, Level, Rule, RunContext, plural};
use crate::operations::OperationError;
use crate::operations::audited_tables::make_ready;

use super::require_seals;

/// The archive whose `seals.log` records a seal that belongs to no import or revert.
#[derive(Debug, Clone)]
pub struct SealPlace {
    /// The archive given by the user.
    pub named: Option<PathBuf>,
    /// The archive next to the database, used if no run has an archive either.
    pub usual: PathBuf,
}

impl SealPlace {
    /// The archive given by the user; otherwise the archive of the newest run that has one, if it still exists.
    pub(in crate::operations) fn archive(
        &self,
        database: &mut Database,
    ) -> Result<PathBuf, OperationError> {
        let newest = match self.named {
            Some(_) => None,
            None => database.snapshot(newest_archive)?,
        };
        Ok(self.archive_after(newest))
    }

    fn archive_after(&self, newest: Option<PathBuf>) -> PathBuf {
        let newest = newest.filter(|archive| has_seals(archive));
        let archive = self.named.clone().or(newest);
        archive.unwrap_or_else(|| self.usual.clone())
    }

    /// A warning if the last run whose archive is known recorded its seal in another archive: `seals.log` is split.
    pub(in crate::operations) fn elsewhere(
        &self,
        database: &mut Database,
    ) -> Result<Option<Finding>, OperationError> {
        let newest = database.snapshot(|database| match database.has_ledger()? {
            true => newest_archive(database),
            false => Ok(None),
        })?;
        let here = self.archive_after(newest.clone());
        let Some(last) = newest.filter(|last| !is_same_archive(last, &here)) else {
            return Ok(None);
        };
        let is_there = has_seals(&last);
        if !is_there && has_seals_log(&here) {
            // It was moved.
            return Ok(None);
        }
        let (here, last) = (here.display(), last.display());
        let (what, hint) = match is_there {
            true => (
                format!("the lines of `{SEALS}` are in two archives"),
                format!("keep both files, and use one archive from now on: `--archive {last}`"),
            ),
            false => (
                "that archive is not there any more".to_owned(),
                "if it was moved, name it with `--archive`, and append this line to its file"
                    .to_owned(),
            ),
        };
        let message = format!(
            "the seal is recorded in `{here}`, but that of the last run in `{last}`: {what}"
        );
        let finding = Finding::new(Level::Warning, Rule::SealNotLogged, None, message);
        Ok(Some(finding.hint(hint)))
    }
}

/// The archive of the newest run that has one.
fn newest_archive(database: &mut ReadTransaction) -> Result<Option<PathBuf>, OperationError> {
    let newest = database
        .ledger()
        .runs()?
        .into_iter()
        .find_map(|run| run.archive);
    Ok(newest.map(PathBuf::from))
}

/// Whether an archive is there, also if it has nothing but seals.
fn has_seals(archive: &Path) -> bool {
    Archive::open(archive).is_ok() || has_seals_log(archive)
}

/// A seal over changes that were made outside runs.
#[derive(Debug, Clone)]
pub struct OutsideSeal {
    /// The seal.
    pub seal: NewSeal,
    /// The file that records it, unless that failed.
    pub log: Option<PathBuf>,
}

/// Seals the entries that no seal covers yet. Returns `None` if there are none, and further findings.
///
/// Entries of runs are sealed by their runs. Entries of runs from before seals were introduced are sealed here together
/// with the others.
///
/// # Errors
/// When the database has no ledger or cannot be written.
pub fn seal_outside_changes(
    url: &DatabaseUrl,
    wait: Duration,
    place: &SealPlace,
    run: &RunContext,
) -> Result<(Option<OutsideSeal>, FindingList), OperationError> {
    let now = run.started_at;
    let mut database = Database::open(url, Access::Write, wait)?;
    let mut findings = FindingList::default();
    findings.extend(make_ready(&mut database, place, run, now)?);
    let elsewhere = place.elsewhere(&mut database)?;
    let archive = place.archive(&mut database)?;
    let seal = database.transaction(|database| {
        require_seals(database)?;
        findings.extend(impossible_numbers(database)?);
        let covered = covered(database)?;
        let mut sealer = Sealer::default();
        let mut at = 0;
        // Missing numbers between seals were lost, or belonged to transactions that were not finished at the time.
        let after = covered.first().filter(|(first, _)| first.get() <= 1);
        let after = after.map_or(EntryId::default(), |(_, last)| *last);
        database
            .seals()
            .each_sealed_entry(Entries::After(after), &mut |entry| {
                while covered.get(at).is_some_and(|(_, last)| *last < entry.id) {
                    at += 1;
                }
                if covered.get(at).is_none_or(|(first, _)| entry.id < *first) {
                    sealer.add(entry);
                }
            })?;
        let contents = sealer.finish();
        if contents.entries.count == 0 {
            return Ok(None);
        }
        Ok::<_, OperationError>(Some(database.seals().seal_others(contents, now)?))
    })?;
    let Some(seal) = seal else {
        return Ok((None, findings));
    };
    findings.extend(elsewhere);
    let failed = log_seal(url, &archive, &seal);
    let log = failed.is_none().then(|| archive.join(SEALS));
    findings.extend(failed);
    Ok((Some(OutsideSeal { seal, log }), findings))
}

/// A warning if there are entries that cannot be sealed, because no database generates their numbers.
fn impossible_numbers(database: &mut ReadTransaction) -> Result<Option<Finding>, OperationError> {
    let entries = database.seals().entries_below(EntryId::from(1))?;
    let message = format!(
        "{} of the audit log with a number below 1, which the database never generates, cannot be sealed",
        plural(entries, "entry")
    );
    let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
    let finding =
        finding.hint("another program inserted them: `accession audit verify` lists them");
    Ok((entries > 0).then_some(finding))
}

/// Records a committed seal next to the originals; returns a warning if that fails.
pub(in crate::operations) fn log_seal(
    database: &DatabaseUrl,
    archive: &Path,
    seal: &NewSeal,
) -> Option<Finding> {
    let anchor = Anchor {
        number: Some(seal.number),
        hash: seal.hash,
        database: Some(database.log_name(seal.schema.as_deref())),
    };
    let line = anchor.line(&seal.sealed_at.to_string(), seal.run.as_ref());
    let error = append_seal(archive, &line).err()?;
    let cause =
        std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    let message =
        format!("all changes are committed, but the seal is not in `{SEALS}`: {error}{cause}");
    let finding = Finding::new(Level::Warning, Rule::SealNotLogged, None, message);
    Some(finding.hint(format!("keep the line `{line}` elsewhere")))
}

/// The ids that seals cover, as a minimal list of ranges.
fn covered(database: &mut ReadTransaction) -> Result<Vec<(EntryId, EntryId)>, OperationError> {
    let mut ranges = Vec::new();
    for seal in database.seals().all()? {
        // `audit verify` reports unreadable seals; their entries are sealed again.
        let ids =
            Header::parse(&seal.header).map_or_else(|_| IdRanges::default(), |h| h.entries.ids);
        ranges.extend_from_slice(ids.ranges());
    }
    ranges.sort_unstable();
    let mut merged: Vec<(EntryId, EntryId)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.next() => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    Ok(merged)
}
