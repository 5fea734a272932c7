//! Sealing changes that were made outside runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::{Archive, SEALS, append_seal};
use crate::audit::seal::{Anchor, Header, IdRanges, Sealer};
use crate::database::ledger::{Entries, NewSeal};
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::{Finding, FindingList, Level, Rule, Timestamp};
use crate::operations::OperationError;

use super::require_seals;

/// Which archive's `seals.log` notes a seal that no import or revert makes.
#[derive(Debug, Clone)]
pub struct SealPlace {
    /// The archive that was named.
    pub named: Option<PathBuf>,
    /// The one beside the database, if no run has one either.
    pub usual: PathBuf,
}

impl SealPlace {
    /// The archive that was named; else that of the newest run that has one, if it is still there.
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
    /// The file that notes it, unless that failed.
    pub log: Option<PathBuf>,
    /// What was noticed.
    pub findings: FindingList,
}

/// Seals the entries that no seal covers yet; `None` if there are none.
///
/// Entries of runs are sealed by their runs; those of runs that were written before there were seals are sealed here
/// with the others.
///
/// # Errors
/// When the database has no ledger or cannot be written.
pub fn seal_outside_changes(
    url: &DatabaseUrl,
    wait: Duration,
    place: &SealPlace,
    now: Timestamp,
) -> Result<Option<OutsideSeal>, OperationError> {
    let mut database = Database::open(url, Access::Write, wait)?;
    let archive = place.archive(&mut database)?;
    let seal = database.transaction(|database| {
        require_seals(database)?;
        let covered = covered(database)?;
        let mut sealer = Sealer::default();
        let mut at = 0;
        // Numbers between seals are lost ones, or belonged to transactions that were not finished then.
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
        return Ok(None);
    };
    let failed = log_seal(url, &archive, &seal);
    Ok(Some(OutsideSeal {
        log: failed.is_none().then(|| archive.join(SEALS)),
        findings: failed.into_iter().collect(),
        seal,
    }))
}

/// Notes a committed seal beside the originals; a warning if that fails.
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
        format!("everything is committed, but its seal is not in `{SEALS}`: {error}{cause}");
    let finding = Finding::new(Level::Warning, Rule::SealNotLogged, None, message);
    Some(finding.remedy(format!("keep the line `{line}` elsewhere")))
}

/// The ids that seals cover, as few ranges as there can be.
fn covered(database: &mut Database) -> Result<Vec<(i64, i64)>, OperationError> {
    let mut ranges = Vec::new();
    for seal in database.seals()? {
        // What cannot be read is told by `audit verify`; its entries are sealed anew.
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
