//! Archives the originals while their rows are written.
//!
//! Nothing is committed before they are safe, and what was stored goes again when nothing is committed: [`Stored`]
//! removes it unless it is kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crate::archive::{Archive, ArchiveError, FileToStore, ManifestHeader, RunToStore, Stored};
use crate::operations::{OperationError, Stage};
use crate::source::SourceFile;

use super::Import;
use super::agenda::ImportAgenda;

/// How often an archive that another run is storing into is tried again.
const BUSY: Duration = Duration::from_millis(50);

/// How often it is looked whether somebody interrupts while only the archive is waited for.
const PAUSE: Duration = Duration::from_millis(5);

impl<'l> Import<'l> {
    /// Does `work` while the originals are stored, and gives the results of both.
    ///
    /// # Errors
    /// Those of `work`, which also stop the storing, and those of the archive.
    pub(super) fn while_archiving<T, E: From<OperationError>>(
        &self,
        agenda: &ImportAgenda,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<(T, Stored), E> {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let storing = scope.spawn(|| self.store_unless_busy(agenda, &stop));
            let done = work();
            if done.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            let stored = self.wait_for(storing, &stop);
            Ok((done?, stored?))
        })
    }

    /// Storing itself looks at `stop` alone: it is also to end when the run is refused.
    fn wait_for(
        &self,
        storing: ScopedJoinHandle<'_, Result<Stored, OperationError>>,
        stop: &AtomicBool,
    ) -> Result<Stored, OperationError> {
        if !storing.is_finished() {
            self.directory.around.progress.begin(Stage::Archive, None);
        }
        while !storing.is_finished() {
            if self.directory.around.check_interrupt().is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            std::thread::sleep(PAUSE);
        }
        storing.join().expect("storing does not panic")
    }

    /// Stores the originals, once no other run is storing into the same archive.
    fn store_unless_busy(
        &self,
        agenda: &ImportAgenda,
        stop: &AtomicBool,
    ) -> Result<Stored, OperationError> {
        let mut pauses = self.options.wait.as_millis() / BUSY.as_millis();
        loop {
            match self.store(agenda, stop) {
                Err(ArchiveError::Busy(_)) if pauses > 0 && !stop.load(Ordering::Relaxed) => {
                    std::thread::sleep(BUSY);
                    pauses -= 1;
                }
                stored => return Ok(stored?),
            }
        }
    }

    /// The manifest names all files of the directory, also those that did not change.
    fn store(&self, agenda: &ImportAgenda, stop: &AtomicBool) -> Result<Stored, ArchiveError> {
        let [read, unchanged] = self.files_to_store(agenda);
        let header = ManifestHeader {
            run: self.run.id,
            layout: self.directory.layout.name.clone(),
            root: self.directory.survey.root.display().to_string(),
            created_at: self.run.started_at,
        };
        let archive = Archive::open_or_create(&self.options.archive)?;
        let run = RunToStore {
            header: &header,
            root: &self.directory.survey.root,
            files: &read,
            unchanged: &unchanged,
        };
        archive.store(&run, &(), stop)
    }

    /// The files that are read, and those that an earlier run archived.
    fn files_to_store<'s>(&'s self, agenda: &ImportAgenda) -> [Vec<FileToStore<'s>>; 2] {
        let survey = &self.directory.survey.files;
        let to_store = |file: &'s SourceFile| FileToStore {
            path: &file.path,
            bytes: file.bytes,
            modified: file.modified,
            sha256: file.sha256,
        };
        [&agenda.files.read, &agenda.files.unchanged].map(|ids| {
            ids.iter()
                .map(|id| to_store(&survey[id.0 as usize]))
                .collect()
        })
    }
}
