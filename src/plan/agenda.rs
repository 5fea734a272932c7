//! Selects the files to read: those whose bytes or layout differ from what the ledger recorded.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FileId, Sha256, Timestamp};
use crate::source::SourceFile;

/// The latest state of a source file in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Id of its latest version.
    pub id: i64,
    /// Relative path.
    pub path: String,
    /// SHA-256 of its bytes; `None` if the file was found removed.
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    pub bytes: u64,
    /// When the run that read it began.
    pub read_at: Option<Timestamp>,
    /// Modification time as RFC 3339 text.
    pub modified_at: Option<String>,
    /// Records skipped by `--skip-invalid`.
    pub rejected: u64,
    /// Whether rejected records may become valid when other files change: rows they refer to were missing, or they
    /// duplicated rows of other files.
    pub waits_for_others: bool,
    /// Digest of the layout that it was read with.
    pub layout_digest: Sha256,
}

/// The files that a run reads, and those that it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Files to read, in the order of the survey.
    pub read: Vec<FileId>,
    /// Those of `read` whose bytes are as they were in the last run: their records have other values only because of the
    /// layout, a parameter or a reference.
    pub reread: BTreeSet<FileId>,
    /// Files that have not changed since the last complete run.
    pub unchanged: Vec<FileId>,
    /// Files that are in the ledger and no longer in the directory.
    pub vanished: Vec<KnownFile>,
    /// Records rejected earlier in files that are unchanged.
    pub still_rejected: u64,
}

/// Compares the files found with those in the ledger.
#[must_use]
pub fn agenda(
    found: &[SourceFile],
    known: Vec<KnownFile>,
    layout_digest: Sha256,
    again: RereadPolicy,
) -> Agenda {
    let present: BTreeSet<&str> = found.iter().map(|file| file.path.as_str()).collect();
    let known: BTreeMap<String, KnownFile> = known
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    let mut agenda = Agenda::default();
    let same = |file: &SourceFile| {
        let known = known.get(&file.path)?;
        let same = known.sha256 == Some(file.sha256) && known.layout_digest == layout_digest;
        same.then_some(known)
    };
    let removed =
        |file: &&KnownFile| file.sha256.is_some() && !present.contains(file.path.as_str());
    agenda.vanished = known.values().filter(removed).cloned().collect();
    let changed = !agenda.vanished.is_empty() || found.iter().any(|file| same(file).is_none());
    let unchanged = |known: &&KnownFile| match again {
        RereadPolicy::Waiting => known.rejected == 0 || !(changed && known.waits_for_others),
        RereadPolicy::Rejected => known.rejected == 0,
        RereadPolicy::All => false,
    };
    for file in found {
        match same(file).filter(unchanged) {
            Some(known) => {
                agenda.still_rejected += known.rejected;
                agenda.unchanged.push(file.id);
            }
            None => {
                agenda.read.push(file.id);
                let known = known.get(&file.path);
                if known.is_some_and(|known| known.sha256 == Some(file.sha256)) {
                    agenda.reread.insert(file.id);
                }
            }
        }
    }
    agenda
}

/// Which unchanged files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RereadPolicy {
    /// Files with rejected records that wait for other files, if any other file changed (`--skip-invalid`).
    Waiting,
    /// Files with rejected records: a run without `--skip-invalid` must report them.
    Rejected,
    /// All files (`--reread`): the rows of their records also depend on parameters and on rows of other files.
    All,
}
