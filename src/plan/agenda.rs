//! Which files have to be read: those whose bytes, or whose layout, the ledger does not know yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FileId, Sha256};
use crate::source::SourceFile;

/// The latest state of a source file in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Id of its latest version.
    pub id: i64,
    /// Relative path.
    pub path: String,
    /// SHA-256 of its bytes; `None` when it was found gone.
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    pub bytes: u64,
    /// Modification time as RFC 3339 text.
    pub modified_at: Option<String>,
    /// Records that were left out by `--skip-invalid`.
    pub rejected: u64,
    /// Whether other files can make rejected records acceptable: rows they refer to were missing, or were there twice.
    pub waits_for_others: bool,
    /// Digest of the layout it was read with.
    pub layout_digest: Sha256,
}

/// What a run has to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Files to read, in the order of the survey.
    pub read: Vec<FileId>,
    /// Files that are as the last complete run left them.
    pub unchanged: Vec<FileId>,
    /// Paths that the ledger knows and the directory no longer has.
    pub vanished: Vec<KnownFile>,
    /// Records rejected earlier in files that are unchanged.
    pub still_rejected: u64,
}

/// Compares the files found with the files known.
#[must_use]
pub fn agenda(
    found: &[SourceFile],
    known: Vec<KnownFile>,
    layout_digest: Sha256,
    again: Again,
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
    let gone = |file: &&KnownFile| file.sha256.is_some() && !present.contains(file.path.as_str());
    agenda.vanished = known.values().filter(gone).cloned().collect();
    let changed = !agenda.vanished.is_empty() || found.iter().any(|file| same(file).is_none());
    let settled = |known: &&KnownFile| match again {
        Again::Waiting => known.rejected == 0 || !(changed && known.waits_for_others),
        Again::Rejected => known.rejected == 0,
        Again::All => false,
    };
    for file in found {
        match same(file).filter(settled) {
            Some(known) => {
                agenda.still_rejected += known.rejected;
                agenda.unchanged.push(file.id);
            }
            None => agenda.read.push(file.id),
        }
    }
    agenda
}

/// Which unchanged files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Those whose rejected records wait for others, once any other file changed (`--skip-invalid`).
    Waiting,
    /// Those with rejected records: a run that does not skip them must name them.
    Rejected,
    /// All: what their records became depends on parameters, and on rows of others (`--reread`).
    All,
}
