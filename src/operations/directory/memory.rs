//! The memory budget of records between the disk and the database.
//!
//! Only the reader of the files acquires memory, so there is no deadlock: the holder of a permit never needs another
//! one to release it. A record that needs more than the budget is processed alone.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The total budget. Together with the other memory of accession and of the database library it stays below the 256 MB
/// that the manual promises.
const CAPACITY: usize = 64 << 20;
/// A permit of this size or more is held until its rows are written.
const LARGE: usize = 8 << 20;
/// What others may hold while a large record is processed alone: chunks of small records that the reader has not handed
/// over yet.
const FEW: usize = 8 << 20;
/// Bytes read before a permit is needed: one window of an ordinary file.
const FREE: usize = 1 << 20;

/// The memory budget of one run.
#[derive(Debug, Default)]
pub(super) struct MemoryBudget {
    used: Mutex<usize>,
    freed: Condvar,
}

/// A part of the budget, returned when dropped.
#[derive(Debug)]
pub(in crate::operations) struct Permit {
    memory: Arc<MemoryBudget>,
    bytes: usize,
}

impl MemoryBudget {
    fn used(&self) -> MutexGuard<'_, usize> {
        // A panic in another thread cannot leave the number inconsistent.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    pub(super) fn none(memory: &Arc<MemoryBudget>) -> Self {
        Self {
            memory: Arc::clone(memory),
            bytes: 0,
        }
    }

    /// Waits until the permit covers `bytes`, unless it already does.
    pub(super) fn grow_to(&mut self, bytes: usize) {
        let Some(more) = bytes.checked_sub(self.bytes) else {
            return;
        };
        let mut used = self.memory.used();
        while *used > self.bytes + FEW && used.saturating_add(more) > CAPACITY {
            let freed = self.memory.freed.wait(used);
            used = freed.unwrap_or_else(PoisonError::into_inner);
        }
        *used = used.saturating_add(more);
        self.bytes = bytes;
    }

    /// Returns what exceeds `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        if let Some(less) = self.bytes.checked_sub(bytes) {
            *self.memory.used() -= less;
            self.bytes = bytes;
            self.memory.freed.notify_one();
        }
    }

    /// Moves all of it into a new permit.
    pub(super) fn take(&mut self) -> Self {
        let bytes = std::mem::take(&mut self.bytes);
        Self {
            memory: Arc::clone(&self.memory),
            bytes,
        }
    }

    /// Whether the permit is so large that results which hold it must be passed on at once.
    pub(in crate::operations) fn is_large(&self) -> bool {
        self.bytes >= LARGE
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// A reader that acquires memory for what it read since the last chunk, once that exceeds a threshold.
pub(super) struct Metered<'i, R> {
    reader: R,
    interrupted: &'i AtomicBool,
    pub(super) permit: Permit,
    read: usize,
    /// The most that is kept in memory for one chunk.
    most: usize,
}

impl<'i, R> Metered<'i, R> {
    pub(super) fn new(reader: R, memory: &Arc<MemoryBudget>, interrupted: &'i AtomicBool) -> Self {
        let permit = Permit::none(memory);
        Self {
            reader,
            interrupted,
            permit,
            read: 0,
            most: usize::MAX,
        }
    }

    /// Limits the accounting to `most` bytes, for a reader whose consumer discards the rest.
    pub(super) fn keeping(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The permit for the chunk that was just returned.
    pub(super) fn take_permit(&mut self) -> Permit {
        self.read = 0;
        self.permit.take()
    }

    pub(super) fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A record that is skipped returns no chunk, so interrupts are also checked here.
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::other("interrupted"));
        }
        let read = self.reader.read(buffer)?;
        self.read += read;
        if self.read > FREE {
            // Acquires in steps, so that not every block takes the lock.
            let kept = self.read.min(self.most);
            self.permit.grow_to(kept.next_multiple_of(FREE));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn permit_waits_until_others_release_memory() {
        let memory = Arc::new(MemoryBudget::default());
        let mut first = Permit::none(&memory);
        first.grow_to(CAPACITY);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut second = Permit::none(&memory);
                second.grow_to(1);
                *memory.used()
            });
            // It may or may not be waiting already; it continues only when the first permit is dropped.
            drop(first);
            assert_eq!(waiting.join().expect("no panic"), 1);
        });
        assert_eq!(*memory.used(), 0);
    }

    #[test]
    fn request_larger_than_the_budget_is_granted_alone() {
        let memory = Arc::new(MemoryBudget::default());
        let mut alone = Permit::none(&memory);
        alone.grow_to(CAPACITY / 2);
        alone.grow_to(CAPACITY * 3);
        let whole = alone.take();
        assert_eq!((*memory.used(), alone.bytes), (CAPACITY * 3, 0));
        assert!(whole.is_large());
        drop((alone, whole));
        assert_eq!(*memory.used(), 0);
    }

    #[test]
    fn bytes_that_are_not_kept_take_no_memory() {
        let (memory, go_on) = (Arc::new(MemoryBudget::default()), AtomicBool::new(false));
        let reader = Metered::new(io::repeat(b' '), &memory, &go_on).keeping(2 * FREE);
        let mut reader = io::Read::take(reader, 9 * FREE as u64);
        io::copy(&mut reader, &mut io::sink()).expect("read");
        assert_eq!(*memory.used(), 2 * FREE);
        let mut permit = reader.get_mut().take_permit();
        permit.shrink_to(FREE);
        assert_eq!(*memory.used(), FREE);
        permit.shrink_to(2 * FREE);
        drop(permit);
        assert_eq!(*memory.used(), 0);
    }

    #[test]
    fn reads_are_metered() {
        let (memory, go_on) = (Arc::new(MemoryBudget::default()), AtomicBool::new(false));
        let mut reader = Metered::new(io::repeat(b' ').take(3 * FREE as u64), &memory, &go_on);
        let mut bytes = vec![0; FREE];
        reader.read_exact(&mut bytes).expect("read");
        assert_eq!(*memory.used(), 0);
        reader.read_exact(&mut bytes).expect("read");
        assert_eq!(*memory.used(), 2 * FREE);
        drop(reader.take_permit());
        reader.read_exact(&mut bytes).expect("read");
        assert_eq!(*memory.used(), 0);
    }
}
