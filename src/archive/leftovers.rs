//! Unfinished files of stores that were killed: the next store removes them once they are a day old.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::contents::names_in;
use super::durable::TEMPORARY_PREFIX;
use super::{Archive, ArchiveError};
use crate::model::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Archive {
    /// Removes temporary files that were last written more than a day before `now`.
    pub(super) fn remove_leftovers(&self, now: Timestamp) -> Result<(), ArchiveError> {
        let Some(limit) = SystemTime::from(now.to_utc()).checked_sub(DAY) else {
            return Ok(());
        };
        remove_old_temporaries(&self.runs(), limit)?;
        remove_old_temporaries(&self.packs(), limit)?;
        for shard in names_in(&self.objects())? {
            let shard = self.objects().join(shard);
            if shard.is_dir() {
                remove_old_temporaries(&shard, limit)?;
            }
        }
        Ok(())
    }
}

fn remove_old_temporaries(directory: &Path, limit: SystemTime) -> Result<(), ArchiveError> {
    for name in names_in(directory)? {
        if !name.starts_with(TEMPORARY_PREFIX) {
            continue;
        }
        let path = directory.join(name);
        let modified = fs::symlink_metadata(&path).and_then(|metadata| metadata.modified());
        if modified.map_err(ArchiveError::io("inspect", &path))? < limit {
            fs::remove_file(&path).map_err(ArchiveError::io("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Home;
    use super::*;
    use std::fs::FileTimes;

    #[test]
    fn unfinished_files_go_when_they_are_older_than_a_day() {
        let home = Home::new();
        home.write("a.json", b"1");
        home.store(1, &["a.json"], &[]).keep();
        let archive = home.archive();
        let shard = archive.shard(crate::model::Sha256::of(b"1"));
        let (old, new) = (shard.join(".tmp-old"), archive.runs().join(".tmp-new"));
        let now = SystemTime::from(home.header(2).created_at.to_utc());
        for (path, age) in [(&old, DAY + DAY / 24), (&new, DAY / 2)] {
            let file = fs::File::create(path).expect("created");
            file.set_times(FileTimes::new().set_modified(now - age))
                .expect("set");
        }
        home.store(2, &["a.json"], &[]).keep();
        assert!(!old.exists());
        assert!(new.exists());
    }
}
