//! Archives the originals while their rows are written.
//!
//! Nothing is committed before the originals are stored. If nothing is committed, stored originals are removed again:
//! [`Stored`] removes them unless they are kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::archive::{
    Archive, ArchiveError, ArchiveObserver, FileToStore, ManifestHeader, RunToStore, Stored,
};
use crate::model::Sha256;
use crate::operations::{Context, OperationError, Stage};
use crate::source::SourceFile;

use super::Import;
use super::agenda::ImportAgenda;

/// Interval for retrying while another run stores into the archive.
const BUSY: Duration = Duration::from_millis(50);

/// Interval for checking for interrupts while waiting for the archive.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends the digest of the manifest to the writer thread, which includes it in the seal.
struct ManifestKnown(Sender<Sha256>);

impl ArchiveObserver for ManifestKnown {
    fn begin(&self, _files: u64, _bytes: u64) {}
    fn file_done(&self, _bytes: u64) {}
    fn manifest(&self, digest: Sha256) {
        // If the receiver no longer waits, it has failed.
        let _ = self.0.try_send(digest);
    }
}

/// The manifest of the run whose originals are being stored.
pub(super) struct AwaitedManifest<'a> {
    receiver: Receiver<Sha256>,
    ctx: Context<'a>,
}

impl AwaitedManifest<'_> {
    /// Waits for the digest of the manifest; `None` if storing fails or the run is interrupted, so that nothing is
    /// committed.
    pub(super) fn digest(&self) -> Option<Sha256> {
        loop {
            match self.receiver.recv_timeout(PAUSE) {
                Ok(digest) => return Some(digest),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.ctx.check_interrupt().ok()?,
            }
        }
    }
}

impl<'l> Import<'l> {
    /// Runs `work` while the originals are stored, and returns the results of both.
    ///
    /// # Errors
    /// Those of `work`, which also stop the storing, and those of the archive.
    pub(super) fn while_archiving<T, E: From<OperationError>>(
        &self,
        agenda: &ImportAgenda,
        work: impl FnOnce(&AwaitedManifest<'_>) -> Result<T, E>,
    ) -> Result<(T, Stored), E> {
        let stop = AtomicBool::new(false);
        let (sender, receiver) = crossbeam_channel::bounded(1);
        std::thread::scope(|scope| {
            let stop = &stop;
            let storing =
                scope.spawn(move || self.store_unless_busy(agenda, &ManifestKnown(sender), stop));
            let done = work(&AwaitedManifest {
                receiver,
                ctx: self.directory.ctx,
            });
            if done.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            let stored = self.wait_for(storing, stop);
            Ok((done?, stored?))
        })
    }

    /// Storing itself checks only `stop`, because it must also end when the run is aborted.
    fn wait_for(
        &self,
        storing: ScopedJoinHandle<'_, Result<Stored, OperationError>>,
        stop: &AtomicBool,
    ) -> Result<Stored, OperationError> {
        if !storing.is_finished() {
            self.directory.ctx.progress.begin(Stage::Archive, None);
        }
        while !storing.is_finished() {
            if self.directory.ctx.check_interrupt().is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            std::thread::sleep(PAUSE);
        }
        storing.join().expect("storing does not panic")
    }

    /// Stores the originals, waiting while another run stores into the same archive.
    fn store_unless_busy(
        &self,
        agenda: &ImportAgenda,
        known: &ManifestKnown,
        stop: &AtomicBool,
    ) -> Result<Stored, OperationError> {
        let mut pauses = self.options.wait.as_millis() / BUSY.as_millis();
        loop {
            match self.store(agenda, known, stop) {
                Err(ArchiveError::Busy(_)) if pauses > 0 && !stop.load(Ordering::Relaxed) => {
                    std::thread::sleep(BUSY);
                    pauses -= 1;
                }
                stored => return Ok(stored?),
            }
        }
    }

    /// The manifest lists all files of the directory, including unchanged ones.
    fn store(
        &self,
        agenda: &ImportAgenda,
        known: &ManifestKnown,
        stop: &AtomicBool,
    ) -> Result<Stored, ArchiveError> {
        let _span = tracing::info_span!("archive").entered();
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
        archive.store(&run, known, stop)
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
