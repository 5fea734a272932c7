//! Seals changes that were made outside runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::{Archive, SEALS, append_seal};
use crate::audit::seal::{Anchor, Header, IdRanges, Sealer};
use crate::database::ledger::{Entries, NewSeal};
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::{Finding, FindingList, Level, Rule, Timestamp};
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
        if let Some(named) = &self.named {
            return Ok(named.clone());
        }
        let newest = database.runs()?.into_iter().find_map(|run| run.archive);
        let newest = newest.map(PathBuf::from);
        let there = newest.filter(|archive| Archive::open(archive).is_ok());
        Ok(there.unwrap_or_else(|| self.usual.clone()))
    }
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
    now: Timestamp,
) -> Result<(Option<OutsideSeal>, FindingList), OperationError> {
    let mut database = Database::open(url, Access::Write, wait)?;
    let mut findings = FindingList::default();
    findings.extend(make_ready(&mut database, place, now)?);
    let archive = place.archive(&mut database)?;
    let seal = database.transaction(|database| {
        require_seals(database)?;
        let covered = covered(database)?;
        let mut sealer = Sealer::default();
        let mut at = 0;
        // Missing numbers between seals were lost, or belonged to transactions that were not finished at the time.
        let after = covered.first().filter(|(first, _)| *first <= 1);
        let after = after.map_or(0, |(_, last)| *last);
        database.each_sealed_entry(Entries::After(after), &mut |entry| {
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
        Ok::<_, OperationError>(Some(database.seal_others(contents, now)?))
    })?;
    let Some(seal) = seal else {
        return Ok((None, findings));
    };
    let failed = log_seal(url, &archive, &seal);
    let log = failed.is_none().then(|| archive.join(SEALS));
    findings.extend(failed);
    Ok((Some(OutsideSeal { seal, log }), findings))
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
    let line = anchor.line(&seal.sealed_at.to_string(), seal.run.as_deref());
    let error = append_seal(archive, &line).err()?;
    let cause =
        std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    let message =
        format!("all changes are committed, but the seal is not in `{SEALS}`: {error}{cause}");
    let finding = Finding::new(Level::Warning, Rule::SealNotLogged, None, message);
    Some(finding.hint(format!("keep the line `{line}` elsewhere")))
}

/// The ids that seals cover, as a minimal list of ranges.
fn covered(database: &mut Database) -> Result<Vec<(i64, i64)>, OperationError> {
    let mut ranges = Vec::new();
    for seal in database.seals()? {
        // `audit verify` reports unreadable seals; their entries are sealed again.
        let ids =
            Header::parse(&seal.header).map_or_else(|_| IdRanges::default(), |h| h.entries.ids);
        ranges.extend_from_slice(ids.ranges());
    }
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    Ok(merged)
}
