//! A few threads for many files: syncing one small file after another would leave disk and processors idle.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::ArchiveError;
use crate::model::Sha256;

/// More than the number of processors, because threads mostly wait for the disk.
const THREADS: usize = 8;

/// Receives the progress of the archive. Called from several threads.
pub trait ArchiveObserver: Sync {
    /// Starts with the number of files and their uncompressed bytes. During verification, equal files count once.
    fn begin(&self, files: u64, bytes: u64);

    /// Reports the digest of the manifest that is about to be stored.
    fn manifest(&self, _digest: Sha256) {}

    /// Reports one finished file with its uncompressed size.
    fn file_done(&self, bytes: u64);
}

/// Ignores the progress.
impl ArchiveObserver for () {
    fn begin(&self, _files: u64, _bytes: u64) {}
    fn file_done(&self, _bytes: u64) {}
}

/// Calls `work` for every item until one call fails or the caller requests a stop. Of several errors, the one of the
/// first item is returned.
pub(super) fn for_each<T: Sync>(
    items: &[T],
    interrupt: &AtomicBool,
    work: impl Fn(&T) -> Result<(), ArchiveError> + Sync,
) -> Result<(), ArchiveError> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None::<(usize, ArchiveError)>);
    let stop = AtomicBool::new(false);
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let outcome = match interrupt.load(Ordering::Relaxed) {
                true => Err(ArchiveError::Interrupted),
                false => work(item),
            };
            if let Err(error) = outcome {
                stop.store(true, Ordering::Relaxed);
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    *failed = Some((index, error));
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..THREADS.min(items.len()) {
            scope.spawn(run);
        }
        run();
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_processed_once() {
        let items: Vec<usize> = (0..1000).collect();
        let sum = AtomicUsize::new(0);
        for_each(&items, &AtomicBool::new(false), |item| {
            sum.fetch_add(*item, Ordering::Relaxed);
            Ok(())
        })
        .expect("no error");
        assert_eq!(sum.into_inner(), 499_500);
    }

    #[test]
    fn an_error_or_an_interrupt_ends_the_work() {
        let outcome = for_each(&[1, 2, 3], &AtomicBool::new(false), |_| {
            Err(ArchiveError::DuplicatePath("a".into()))
        });
        assert!(matches!(outcome, Err(ArchiveError::DuplicatePath(_))));
        let outcome = for_each(&[1], &AtomicBool::new(true), |_| panic!("not to be called"));
        assert!(matches!(outcome, Err(ArchiveError::Interrupted)));
    }
}
