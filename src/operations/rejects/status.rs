//! The status of rejects, from the later versions of their files.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::database::ReadTransaction;
use crate::database::ledger::{RejectRecord, VersionRead};
use crate::model::RunId;
use crate::operations::OperationError;

use super::RejectStatus;

/// The versions of all files, without those of reverted runs: the next import reads these files again.
pub(super) struct Statuses {
    /// Per source, layout and path, oldest first.
    versions: BTreeMap<(String, String, String), Vec<VersionRead>>,
    /// The rejects of the version requested last: consecutive requests mostly concern the same one.
    known: Option<(i64, HashSet<LeftOut>)>,
    /// Reverted runs, with the runs that reverted them.
    undone: HashMap<RunId, RunId>,
}

/// The record and the rule of a reject.
type LeftOut = (Option<String>, String);

impl Statuses {
    pub(super) fn load(database: &mut ReadTransaction) -> Result<Self, OperationError> {
        let mut versions: BTreeMap<_, Vec<VersionRead>> = BTreeMap::new();
        let mut read = database.ledger().file_versions()?;
        let undone = database.ledger().undone_runs()?;
        read.retain(|version| !undone.contains_key(&version.run_id));
        for version in read {
            let key = (
                version.source.clone(),
                version.layout.clone(),
                version.path.clone(),
            );
            versions.entry(key).or_default().push(version);
        }
        Ok(Self {
            versions,
            known: None,
            undone,
        })
    }

    pub(super) fn of(
        &mut self,
        database: &mut ReadTransaction,
        reject: &RejectRecord,
    ) -> Result<RejectStatus, OperationError> {
        if let Some(by) = self.undone.get(&reject.run_id) {
            return Ok(RejectStatus::Reverted(by.clone()));
        }
        let key = (
            reject.source.clone(),
            reject.layout.clone(),
            reject.path.clone(),
        );
        let mut versions = self.versions.get(&key).into_iter().flatten();
        let Some(next) = versions.find(|version| version.id > reject.source_file_id) else {
            return Ok(RejectStatus::Open);
        };
        let run = next.run_id.clone();
        if next.sha256.is_none() {
            return Ok(RejectStatus::Removed(run));
        }
        let rejected = match &mut self.known {
            Some((id, rejected)) if *id == next.id => rejected,
            known => {
                let rejected = database.ledger().rejected_of_version(next.id)?;
                &mut known.insert((next.id, rejected.into_iter().collect())).1
            }
        };
        let same = (reject.record.clone(), reject.rule.clone());
        Ok(if rejected.contains(&same) {
            RejectStatus::Repeated(run)
        } else {
            RejectStatus::Fixed(run)
        })
    }
}
