//! Compares the manifests of an archive with the ledger. An attacker who can write to an archive can write consistent
//! manifests, but cannot change the seals of the database.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::archive::{Archive, ArchiveError, ArchiveProblem, Manifest, VerifyReport};
use crate::audit::seal::Header;
use crate::database::ledger::{RunFile, RunRecord};
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::{RunId, RunKind};
use crate::operations::OperationError;

/// The database whose ledger to compare with.
#[derive(Debug, Clone)]
pub struct LedgerToCompare {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
}

/// The result of comparing manifests with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ComparedLedger {
    /// The database.
    pub database: String,
    /// Number of runs whose manifests were compared.
    pub runs: u64,
    /// Number of runs whose manifests are in another archive.
    pub elsewhere: u64,
    /// Why the ledger could not be read. The archive alone was verified, as it is without a database.
    pub unavailable: Option<String>,
}

impl LedgerToCompare {
    /// Adds differences from the ledger to `report`.
    pub(super) fn compare(
        &self,
        archive: &Archive,
        run: Option<&RunId>,
        report: &mut VerifyReport,
    ) -> ComparedLedger {
        let mut compared = ComparedLedger {
            database: self.database.to_string(),
            runs: 0,
            elsewhere: 0,
            unavailable: None,
        };
        match self.problems(archive, run, &mut compared) {
            Ok(problems) => report.problems.extend(problems),
            Err(error) => compared.unavailable = Some(error.to_string()),
        }
        compared
    }

    fn problems(
        &self,
        archive: &Archive,
        only: Option<&RunId>,
        compared: &mut ComparedLedger,
    ) -> Result<Vec<ArchiveProblem>, OperationError> {
        let mut database = Database::open(&self.database, Access::Read, self.wait)?;
        database.snapshot(|database| {
            let seals = database.seals().all()?.into_iter();
            let seals = seals.filter_map(|seal| Header::parse(&seal.header).ok());
            let seals: HashMap<RunId, Header> = seals
                .filter_map(|header| Some((header.run_id()?, header)))
                .collect();
            let runs = database.ledger().runs()?.into_iter();
            let (mut problems, mut elsewhere_runs) = (Vec::new(), Vec::new());
            for run in runs.filter(|run| run.is(RunKind::Import)) {
                if only.is_some_and(|only| *only != run.id) {
                    continue;
                }
                let message = match archive.manifest(&run.id) {
                    Ok(manifest) => {
                        compared.runs += 1;
                        let files = database.ledger().files_of_run(&run.id)?;
                        difference(&manifest, &run, seals.get(&run.id), &files)
                    }
                    Err(ArchiveError::UnknownRun(_)) => match elsewhere(archive, &run) {
                        None => Some("its manifest is missing".to_owned()),
                        Some(other) => {
                            elsewhere_runs.push((run.id.clone(), other.to_owned()));
                            None
                        }
                    },
                    // Unusable manifests were reported when all were read.
                    Err(_) => None,
                };
                let run = run.id;
                problems.extend(message.map(|message| ArchiveProblem::Ledger { run, message }));
            }
            compared.elsewhere = elsewhere_runs.len() as u64;
            // An archive with none of the manifests is not one of several, but a copy that lost them.
            if compared.runs == 0 {
                problems.extend(elsewhere_runs.into_iter().map(|(run, other)| {
                    let message = format!("its manifest is missing; `{other}` has it");
                    ArchiveProblem::Ledger { run, message }
                }));
            }
            Ok(problems)
        })
    }
}

/// The other archive that has the originals of a run, and its manifest. An archive that was moved since then is not
/// found.
fn elsewhere<'r>(archive: &Archive, run: &'r RunRecord) -> Option<&'r str> {
    let own = run.archive.as_deref()?;
    let is_other = Path::new(own) != archive.directory()
        && Archive::open(Path::new(own)).is_ok_and(|other| other.manifest(&run.id).is_ok());
    is_other.then_some(own)
}

/// Describes how a manifest differs from the ledger. The run's seal has the digest of the whole manifest; seals of
/// earlier versions do not, so the files that the run read are compared.
fn difference(
    manifest: &Manifest,
    run: &RunRecord,
    seal: Option<&Header>,
    files: &[RunFile],
) -> Option<String> {
    let sealed = seal.and_then(|seal| seal.manifest);
    if sealed == Some(manifest.digest()) {
        return None;
    }
    let header = &manifest.header;
    if header.layout != run.layout || header.created_at.to_string() != run.started_at {
        return Some("its manifest has a different layout or time than the ledger".to_owned());
    }
    let in_manifest: HashMap<&str, _> = manifest
        .files()
        .iter()
        .map(|entry| (entry.path.as_str(), entry))
        .collect();
    let differs = files.iter().find(|file| {
        let entry = in_manifest.get(file.path.as_str());
        match (&file.sha256, entry) {
            (None, None) => false,
            (Some(sha256), Some(entry)) => {
                entry.sha256.to_string() != *sha256
                    || i64::try_from(entry.bytes) != Ok(file.bytes)
                    || file.modified_at.as_ref() != Some(&entry.modified.to_string())
            }
            (Some(_), None) | (None, Some(_)) => true,
        }
    });
    match (differs, sealed) {
        (Some(file), _) => Some(format!(
            "its manifest differs from the ledger for the file `{}`",
            file.path
        )),
        (None, Some(_)) => Some("its manifest differs from the digest in its seal".to_owned()),
        (None, None) => None,
    }
}
