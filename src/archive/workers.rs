//! A few threads for many files: syncing one small file after another would leave disk and processors idle.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::ArchiveError;

/// More than there are processors, because most of the time a thread waits for the disk.
const THREADS: usize = 8;

/// Is told how far the archive has come; called from several threads.
pub trait ArchiveObserver: Sync {
    /// There are so many files to do, of so many uncompressed bytes. When verifying, equal files are one.
    fn begin(&self, files: u64, bytes: u64);

    /// One more file is done; `bytes` is its uncompressed size.
    fn file_done(&self, bytes: u64);
}

/// Does not want to know.
impl ArchiveObserver for () {
    fn begin(&self, _files: u64, _bytes: u64) {}
    fn file_done(&self, _bytes: u64) {}
}

/// Does `work` for every item until one fails or the caller asks to stop; of several errors the first item's counts.
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
    fn every_item_is_worked_on_once() {
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
