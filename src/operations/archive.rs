//! Archives of originals: listing, verifying and restoring them.

mod ledger;

use std::path::Path;

use crate::archive::{Archive, ArchiveObserver, Listing, Restored, VerifyReport};
use crate::model::RunId;

pub use ledger::{ComparedLedger, LedgerToCompare};

use super::{Context, OperationError, Progress, Stage, run_named};

/// Lists the runs in the archive in `directory`.
///
/// # Errors
/// When it is not an archive or cannot be read.
pub fn list_archive(directory: &Path) -> Result<Listing, OperationError> {
    Ok(Archive::open(directory)?.list()?)
}

/// The result of verifying an archive and the ledger that it belongs to.
#[derive(Debug)]
pub struct VerifiedArchive {
    /// The contents of the archive, and all problems found.
    pub report: VerifyReport,
    /// The result of comparing manifests with the ledger, if one was given.
    pub ledger: Option<ComparedLedger>,
}

/// Reads every original of the run whose id begins with `run`, or of all runs, and compares it with its digest.
/// Compares the manifests with the ledger, if one is given.
///
/// # Errors
/// When it is not an archive, `run` matches no run or several, or the operation is interrupted. Problems in the
/// archive's contents are in the report.
pub fn verify_archive(
    directory: &Path,
    run: Option<&str>,
    ledger: Option<&LedgerToCompare>,
    ctx: Context<'_>,
) -> Result<VerifiedArchive, OperationError> {
    let archive = Archive::open(directory)?;
    let run = run.map(|run| archived(&archive, run)).transpose()?;
    let observer = ArchiveProgress {
        progress: ctx.progress,
        stage: Stage::VerifyArchive,
    };
    let report = archive.verify(run.as_ref(), &observer, ctx.interrupted);
    ctx.progress.end();
    let mut report = report?;
    let compared = ledger.map(|ledger| ledger.compare(&archive, run.as_ref(), &mut report));
    Ok(VerifiedArchive {
        report,
        ledger: compared,
    })
}

/// Restores the originals of the run whose id begins with `run` into `target`, which must be new or empty, and returns
/// the run's id.
///
/// # Errors
/// When `run` matches no run or several, something is missing or damaged, `target` cannot be written, or the operation
/// is interrupted. Nothing is left in `target` then.
pub fn restore_archived(
    directory: &Path,
    run: &str,
    target: &Path,
    ctx: Context<'_>,
) -> Result<(RunId, Restored), OperationError> {
    let archive = Archive::open(directory)?;
    let run = archived(&archive, run)?;
    let observer = ArchiveProgress {
        progress: ctx.progress,
        stage: Stage::Restore,
    };
    let restored = archive.restore(&run, target, &observer, ctx.interrupted);
    ctx.progress.end();
    Ok((run, restored?))
}

/// The id of the run that `name` identifies. A full id need not be listed: its manifest may be damaged, which is
/// reported when it is read.
fn archived(archive: &Archive, name: &str) -> Result<RunId, OperationError> {
    let listed = archive.list()?.runs;
    let ids = listed.iter().map(|summary| RunId::from(summary.header.run));
    match run_named(name, ids) {
        Err(OperationError::UnknownRun(_)) if uuid::Uuid::parse_str(name).is_ok() => {
            Ok(name.into())
        }
        named => named,
    }
}

/// Reports the progress of the archive to the observer of the operation.
pub(super) struct ArchiveProgress<'a> {
    pub(super) progress: &'a dyn Progress,
    pub(super) stage: Stage,
}

impl ArchiveObserver for ArchiveProgress<'_> {
    fn begin(&self, _files: u64, bytes: u64) {
        self.progress.begin(self.stage, Some(bytes));
    }

    fn file_done(&self, bytes: u64) {
        self.progress.advance(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{CARDS, Home, WAIT, read, with_context};
    use super::*;
    use crate::archive::ArchiveError;

    #[test]
    fn run_is_restored_by_a_prefix_of_its_id() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        let listing = list_archive(&home.archive()).expect("listed");
        let id = RunId::from(listing.runs[0].header.run);
        let report = with_context(|ctx| verify_archive(&home.archive(), Some(&id[..4]), None, ctx));
        assert!(report.expect("verified").report.problems.is_empty());
        let target = home.directory().with_file_name("back");
        let restored = with_context(|ctx| restore_archived(&home.archive(), "0", &target, ctx));
        assert_eq!(restored.expect("restored").0, id);
        assert_eq!(read(&target, CARDS), read(&home.directory(), CARDS));
        let unknown = with_context(|ctx| verify_archive(&home.archive(), Some("ff"), None, ctx));
        assert!(matches!(unknown, Err(OperationError::UnknownRun(_))));
    }

    #[test]
    fn import_waits_for_a_busy_archive_until_the_timeout() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        home.write(CARDS, "[]");
        let lock = home.lock_archive();
        let aborted = home.import(2, Duration::from_millis(60));
        assert!(matches!(
            aborted,
            Err(OperationError::Archive(ArchiveError::Busy(_)))
        ));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| home.import(3, WAIT));
            std::thread::sleep(Duration::from_millis(300));
            lock.unlock().expect("unlocked");
            waiting.join().expect("no panic").expect("imported");
        });
    }
}
