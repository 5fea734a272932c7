//! Removal of unfinished files that killed stores left behind.
//!
//! Every store holds the archive's lock while it runs, so under the lock all temporary files are abandoned. The
//! database copies in `backups/` are not made under this lock; the code that makes them cleans them up.

use std::fs;
use std::path::Path;

use super::contents::names_in;
use super::durable::TEMPORARY_PREFIX;
use super::lock::StoreLock;
use super::{Archive, ArchiveError};

impl Archive {
    /// Removes all temporary files. `_lock` proves that no other store is running.
    pub(super) fn remove_leftovers(&self, _lock: &StoreLock) -> Result<(), ArchiveError> {
        remove_temporaries(&self.runs())?;
        remove_temporaries(&self.packs())?;
        for shard in names_in(&self.objects())? {
            let shard = self.objects().join(shard);
            if shard.is_dir() {
                remove_temporaries(&shard)?;
            }
        }
        Ok(())
    }
}

fn remove_temporaries(directory: &Path) -> Result<(), ArchiveError> {
    for name in names_in(directory)? {
        let path = directory.join(&name);
        if name.starts_with(TEMPORARY_PREFIX) && !path.is_dir() {
            fs::remove_file(&path).map_err(ArchiveError::io("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Home;
    use super::*;

    #[test]
    fn unfinished_files_of_killed_stores_are_removed_regardless_of_age() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.store(1, &["a.json"], &[]).keep();
        let archive = home.archive();
        fs::create_dir(archive.packs()).expect("made");
        let shard = archive.shard(crate::model::Sha256::of(b"1"));
        let left = [shard, archive.runs(), archive.packs()].map(|place| place.join(".tmp-left"));
        for path in &left {
            fs::write(path, "half").expect("written");
        }
        home.store(2, &["a.json"], &[]).keep();
        for path in left {
            assert!(!path.exists(), "{}", path.display());
        }
    }
}
