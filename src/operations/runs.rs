//! Past runs, from the ledger. Writes nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::database::ledger::{ConvertedColumn, RunFile, RunRecord};
use crate::database::{Access, Backup, Database, DatabaseUrl};

use super::{OperationError, run_named};

/// The details of one run in the ledger.
#[derive(Debug, Clone)]
pub struct RunDetails {
    /// The run.
    pub run: RunRecord,
    /// The files that it read or found removed.
    pub files: Vec<RunFile>,
    /// The values that it stored differently from how they are written in the file.
    pub conversions: Vec<ConvertedColumn>,
    /// The copy of the database made before the run, if it still exists.
    pub backup: Option<PathBuf>,
}

/// All runs, newest first.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn list_runs(url: &DatabaseUrl, wait: Duration) -> Result<Vec<RunRecord>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    Ok(database.snapshot(|database| database.ledger().runs())?)
}

/// The run whose id begins with `name`.
///
/// # Errors
/// When the database has no ledger or cannot be read, or `name` matches no run or several.
pub fn show_run(
    url: &DatabaseUrl,
    wait: Duration,
    name: &str,
) -> Result<RunDetails, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let runs = database.ledger().runs()?;
        let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
        let run = runs
            .into_iter()
            .find(|run| run.id == id)
            .ok_or_else(|| OperationError::UnknownRun(name.to_owned()))?;
        let backups = run
            .archive
            .as_ref()
            .map(|path| Path::new(path).join(BACKUPS));
        Ok(RunDetails {
            files: database.ledger().files_of_run(&id)?,
            conversions: database.ledger().conversions_of_run(&id)?,
            backup: backups.and_then(|directory| Backup::find(&directory, &id)),
            run,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CARDS, Home, WAIT};
    use super::*;

    #[test]
    fn runs_are_listed_newest_first_and_shown_in_detail() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        home.write(CARDS, "[]");
        home.import(2, WAIT).expect("imported");
        let runs = list_runs(&home.url(), WAIT).expect("listed");
        assert_eq!(runs.len(), 2);
        assert!(runs[0].id.ends_with('2'), "{}", runs[0].id);

        let first = show_run(&home.url(), WAIT, &runs[1].id).expect("shown");
        assert_eq!(first.files.len(), 2);
        assert_eq!(first.conversions[0].rule, "assumed_utc");
        assert_eq!(first.backup, None);
        let second = show_run(&home.url(), WAIT, &runs[0].id).expect("shown");
        assert_eq!(second.files.len(), 1);
        assert!(second.backup.is_some());
        let unclear = show_run(&home.url(), WAIT, "0000");
        assert!(matches!(unclear, Err(OperationError::AmbiguousRun { .. })));
    }
}
