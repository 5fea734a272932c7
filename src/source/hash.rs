//! Hashes many files with SHA-256 on several threads, block by block.

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

use sha2::Digest as _;

use crate::model::Sha256;

use super::observer::Observer;
use super::open_inside;

/// More threads do not help: a single SHA-256 thread is about as fast as a good disk.
const THREADS: usize = 8;
const BLOCK: usize = 256 * 1024;

/// The hash of a file and the metadata read with it.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) sha256: Sha256,
}

/// Hashes `paths` (relative to `root`) and returns one result per path, in the same order; `None` if interrupted.
pub(super) fn hash_all(
    root: &Path,
    paths: &[&str],
    observer: Observer<'_>,
) -> Option<Vec<io::Result<Hashed>>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut block = vec![0; BLOCK];
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(index) else {
                return Some(done);
            };
            match hash(root, path, &mut block, observer) {
                Ok(hashed) => done.push((index, Ok(hashed?))),
                Err(error) => done.push((index, Err(error))),
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(THREADS).min(paths.len());
    let mut hashed = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::with_capacity(paths.len());
        for worker in workers {
            all.extend(worker.join().expect("hashing does not panic")?);
        }
        Some(all)
    })?;
    hashed.sort_unstable_by_key(|(index, _)| *index);
    Some(hashed.into_iter().map(|(_, result)| result).collect())
}

/// Returns `None` if interrupted.
fn hash(
    root: &Path,
    path: &str,
    block: &mut [u8],
    observer: Observer<'_>,
) -> io::Result<Option<Hashed>> {
    let mut file = open_inside(root, path)?;
    let modified = file.metadata()?.modified()?;
    let mut hasher = sha2::Sha256::new();
    let mut bytes = 0;
    loop {
        if observer.is_interrupted() {
            return Ok(None);
        }
        let read = match file.read(block) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            break;
        }
        hasher.update(&block[..read]);
        bytes += read as u64;
        (observer.progress)(read as u64);
    }
    Ok(Some(Hashed {
        bytes,
        modified,
        sha256: Sha256(hasher.finalize().into()),
    }))
}
