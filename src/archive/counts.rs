//! Counts what storing a run wrote: files, objects and bytes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Manifest;
use super::store_object::Kept;
use crate::model::Sha256;

/// The result of a store in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredCounts {
    /// Files in the manifest.
    pub files: u64,
    /// Their uncompressed bytes.
    pub bytes: u64,
    /// Objects that were created.
    pub objects_new: u64,
    /// Objects that existed and were verified by reading them.
    pub objects_proved: u64,
    /// Bytes of the objects that were written.
    pub bytes_written: u64,
    /// Objects that were damaged and were replaced by a verified copy. A discard does not undo this.
    pub replaced: Vec<Sha256>,
}

/// The counters shared by the worker threads.
#[derive(Default)]
pub(super) struct Counts {
    new: AtomicU64,
    bytes_written: AtomicU64,
    proved: AtomicU64,
    replaced: Mutex<Vec<Sha256>>,
}

impl Counts {
    /// Counts one object.
    pub(super) fn add(&self, kept: &Kept) {
        match *kept {
            Kept::New { bytes_written } => {
                self.new.fetch_add(1, Ordering::Relaxed);
                self.bytes_written
                    .fetch_add(bytes_written, Ordering::Relaxed);
            }
            Kept::Proved => {
                self.proved.fetch_add(1, Ordering::Relaxed);
            }
            Kept::Replaced {
                sha256,
                bytes_written,
            } => {
                self.bytes_written
                    .fetch_add(bytes_written, Ordering::Relaxed);
                let mut replaced = self.replaced.lock().expect("pushing does not panic");
                replaced.push(sha256);
            }
        }
    }

    /// Counts a pack.
    pub(super) fn add_pack(&self, objects: usize, bytes: u64) {
        self.new.fetch_add(objects as u64, Ordering::Relaxed);
        self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the totals after everything in `manifest` was stored.
    pub(super) fn total(self, manifest: &Manifest) -> StoredCounts {
        let mut replaced = self.replaced.into_inner().expect("pushing does not panic");
        replaced.sort_unstable();
        let summary = manifest.summary();
        StoredCounts {
            files: summary.files,
            bytes: summary.bytes,
            objects_new: self.new.into_inner(),
            objects_proved: self.proved.into_inner(),
            bytes_written: self.bytes_written.into_inner(),
            replaced,
        }
    }
}
