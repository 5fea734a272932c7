//! Archives of originals: what they hold, whether they hold it, and bringing it back.

use std::path::Path;

use crate::archive::{Archive, ArchiveObserver, Listing, Restored, VerifyReport};

use super::{OperationError, Progress, Stage, Surroundings, run_named};

/// The runs that the archive in `directory` holds.
///
/// # Errors
/// When it is no archive or cannot be read.
pub fn list_archive(directory: &Path) -> Result<Listing, OperationError> {
    Ok(Archive::open(directory)?.list()?)
}

/// Reads every original of the run whose id begins with `run`, or of all runs, and compares it with its digest.
///
/// # Errors
/// When it is no archive, `run` names no run or several, or somebody interrupts. What is wrong with the archive's
/// contents is in the report.
pub fn verify_archive(
    directory: &Path,
    run: Option<&str>,
    around: Surroundings<'_>,
) -> Result<VerifyReport, OperationError> {
    let archive = Archive::open(directory)?;
    let run = run.map(|run| archived(&archive, run)).transpose()?;
    let observer = ArchiveProgress {
        progress: around.progress,
        stage: Stage::VerifyArchive,
    };
    let report = archive.verify(run.as_deref(), &observer, around.interrupted);
    around.progress.end();
    Ok(report?)
}

/// Brings the originals of the run whose id begins with `run` back into `target`, which must be new or empty, and
/// gives the run's id.
///
/// # Errors
/// When `run` names no run or several, something is missing or damaged, `target` cannot be written, or somebody
/// interrupts. Nothing is left in `target` then.
pub fn restore_archived(
    directory: &Path,
    run: &str,
    target: &Path,
    around: Surroundings<'_>,
) -> Result<(String, Restored), OperationError> {
    let archive = Archive::open(directory)?;
    let run = archived(&archive, run)?;
    let observer = ArchiveProgress {
        progress: around.progress,
        stage: Stage::Restore,
    };
    let restored = archive.restore(&run, target, &observer, around.interrupted);
    around.progress.end();
    Ok((run, restored?))
}

/// The id of the run that `name` names. A whole id need not be listed: its manifest may be damaged, which is told
/// when it is read.
fn archived(archive: &Archive, name: &str) -> Result<String, OperationError> {
    let listed = archive.list()?.runs;
    let ids = listed.iter().map(|summary| summary.header.run.to_string());
    match run_named(name, ids) {
        Err(OperationError::UnknownRun(_)) if uuid::Uuid::parse_str(name).is_ok() => {
            Ok(name.to_owned())
        }
        named => named,
    }
}

/// Tells a watcher of the operation what the archive does.
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

    use super::super::testing::{CARDS, Home, WAIT, around, read};
    use super::*;
    use crate::archive::ArchiveError;

    #[test]
    fn a_run_comes_back_by_the_beginning_of_its_id() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        let listing = list_archive(&home.archive()).expect("listed");
        let id = listing.runs[0].header.run.to_string();
        let report = around(|around| verify_archive(&home.archive(), Some(&id[..4]), around));
        assert!(report.expect("verified").problems.is_empty());
        let target = home.directory().with_file_name("back");
        let restored = around(|around| restore_archived(&home.archive(), "0", &target, around));
        assert_eq!(restored.expect("restored").0, id);
        assert_eq!(read(&target, CARDS), read(&home.directory(), CARDS));
        let unknown = around(|around| verify_archive(&home.archive(), Some("ff"), around));
        assert!(matches!(unknown, Err(OperationError::UnknownRun(_))));
    }

    #[test]
    fn an_import_waits_for_a_busy_archive_but_not_for_ever() {
        let home = Home::new();
        home.import(1, WAIT).expect("imported");
        home.write(CARDS, "[]");
        let lock = home.lock_archive();
        let refused = home.import(2, Duration::from_millis(60));
        assert!(matches!(
            refused,
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
