//! The files and records that this run has to process, according to the ledger.

use std::collections::BTreeSet;

use crate::database::ReadTransaction;
use crate::database::ledger::LedgerVersion;
use crate::model::{Finding, Level, Rule, shell_quoted};
use crate::operations::OperationError;
use crate::operations::directory::OtherName;
use crate::plan::{self, Agenda, RemovalPolicy, RereadPolicy};

use super::unavailable::is_within;
use super::{Import, InvalidPolicy, UnchangedPolicy};

/// The files to read, and records removed earlier whose rows are now pruned.
pub(super) struct ImportAgenda {
    pub(super) files: Agenda,
    /// Number of ledger rows that earlier runs kept although their records were removed.
    pub(super) kept_removed: u64,
    pub(super) prune_earlier: bool,
    /// Whether files were imported with another version of the layout.
    pub(super) layout_changed: bool,
    pub(super) findings: Vec<Finding>,
    /// Files that are unavailable but were not deleted; they are treated as unchanged.
    pub(super) unavailable: Vec<String>,
    /// Directories that are mount points, or were and are unavailable.
    pub(super) mounts: BTreeSet<String>,
    /// The state of the ledger that it was compared with.
    pub(super) as_of: LedgerVersion,
}

impl ImportAgenda {
    /// Whether no file has changed since the last run.
    pub(super) fn reads_nothing(&self) -> bool {
        self.files.read.is_empty() && self.files.vanished.is_empty()
    }

    /// Whether no row has to be processed: files and ledger agree, or an error stops the run before that.
    pub(super) fn nothing_to_do(&self) -> bool {
        let mut findings = self.findings.iter();
        self.reads_nothing() && !self.prune_earlier
            || findings.any(|finding| finding.level == Level::Error)
    }
}

impl Import<'_> {
    /// Compares the survey with the ledger of `database`, which is `None` before the database exists.
    pub(super) fn agenda(
        &self,
        database: Option<&mut ReadTransaction>,
    ) -> Result<ImportAgenda, OperationError> {
        let _span = tracing::info_span!("agenda").entered();
        let mut known = Vec::new();
        let mut kept = Vec::new();
        let mut findings = Vec::new();
        let mut mounted = BTreeSet::new();
        let mut as_of = LedgerVersion::default();
        if let Some(database) = database {
            as_of = database.ledger().ledger_version()?;
            known = database
                .ledger()
                .known_files(&self.directory.source, &self.directory.layout.name)?;
            kept = database.ledger().rows_removed(&self.directory.source)?;
            mounted = database.ledger().mounts_of(&self.directory.source)?;
            if known.is_empty() {
                let others = self.directory.other_names(database)?;
                findings.extend(others.iter().map(|other| self.known_as(other)));
            }
        }
        findings.extend(self.deleted_without_effect(&known));
        let own = self.directory.layout.digest;
        let layout_changed = known.iter().any(|file| file.layout_digest != own);
        let kept_removed = kept.len() as u64;
        let (unavailable, obstacles) = self.unavailable(&mut known, &kept, &mounted);
        findings.extend(obstacles);
        let mut mounts = self.directory.survey.mounts();
        mounted.retain(|mount| unavailable.iter().any(|path| is_within(mount, path)));
        mounts.append(&mut mounted);
        let files = plan::agenda(
            &self.directory.survey.files,
            known,
            self.directory.layout.digest,
            self.again(),
        );
        let prune_earlier = self.options.removed == RemovalPolicy::Prune && kept_removed > 0;
        Ok(ImportAgenda {
            files,
            kept_removed,
            prune_earlier,
            layout_changed,
            findings,
            unavailable,
            mounts,
            as_of,
        })
    }

    /// Which unchanged files are read again.
    fn again(&self) -> RereadPolicy {
        match (self.options.unchanged, self.options.invalid) {
            (UnchangedPolicy::Reread, _) => RereadPolicy::All,
            (UnchangedPolicy::Skip, InvalidPolicy::Abort) => RereadPolicy::Rejected,
            (UnchangedPolicy::Skip, InvalidPolicy::Skip) => RereadPolicy::Waiting,
        }
    }

    /// Reports files that were imported under another name: records without a key of their own would be inserted again.
    /// If the other directory no longer exists, it was probably moved; otherwise it may have been copied.
    fn known_as(&self, other: &OtherName) -> Finding {
        let OtherName { name, moved } = other;
        let level = match (&self.options.source, moved) {
            (None, true) => Level::Error,
            (Some(_), _) | (None, false) => Level::Warning,
        };
        let message = match moved {
            true => format!("the same files were imported from `{name}`, which no longer exists"),
            false => format!("files with the same contents were already imported from `{name}`"),
        };
        let (name, own) = (shell_quoted(name), shell_quoted(&self.directory.source));
        let hint = match level {
            Level::Error => format!(
                "if the directory was moved, keep using its old name: `--source {name}`; if it is a different one, name it: `--source {own}`"
            ),
            Level::Warning | Level::Notice => format!(
                "records without a key of their own are inserted once for each name; if it is the same directory, revert this run with `accession revert`, then import with `--source {name}`"
            ),
        };
        Finding::new(level, Rule::MovedSource, None, message).hint(hint)
    }
}
