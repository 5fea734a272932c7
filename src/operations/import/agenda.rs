//! What this run has to look at, by the ledger.

use crate::database::Database;
use crate::model::{Finding, Level, Rule};
use crate::operations::OperationError;
use crate::operations::directory::OtherName;
use crate::plan::{self, Agenda, GonePolicy};

use super::Import;

/// The files to read, and records found gone earlier that are to be pruned now.
pub(super) struct ImportAgenda {
    pub(super) files: Agenda,
    /// Ledger rows that earlier runs kept although their records were gone.
    pub(super) kept_gone: u64,
    pub(super) prune_earlier: bool,
    /// Whether files were imported with another version of the layout.
    pub(super) layout_changed: bool,
    pub(super) findings: Vec<Finding>,
}

impl ImportAgenda {
    /// Whether all files are as the last run left them.
    pub(super) fn reads_nothing(&self) -> bool {
        self.files.read.is_empty() && self.files.vanished.is_empty()
    }

    /// Whether no row is to be looked at: files and ledger agree already, or something is wrong before that.
    pub(super) fn nothing_to_do(&self) -> bool {
        let mut findings = self.findings.iter();
        self.reads_nothing() && !self.prune_earlier
            || findings.any(|finding| finding.level == Level::Error)
    }
}

impl Import<'_> {
    /// Compares the survey with the ledger of `database`, which is `None` before it exists.
    pub(super) fn agenda(
        &self,
        database: Option<&mut Database>,
    ) -> Result<ImportAgenda, OperationError> {
        let mut known = Vec::new();
        let mut kept_gone = 0;
        let mut findings = Vec::new();
        if let Some(database) = database {
            known = database.known_files(&self.directory.source, &self.directory.layout.name)?;
            kept_gone = database.rows_gone(&self.directory.source)?.len() as u64;
            if known.is_empty() {
                let others = self.directory.other_names(database)?;
                findings.extend(others.iter().map(|other| self.known_as(other)));
            }
        }
        let own = self.directory.layout.digest;
        let layout_changed = known.iter().any(|file| file.layout_digest != own);
        let files = plan::agenda(
            &self.directory.survey.files,
            known,
            self.directory.layout.digest,
            self.again(),
        );
        let prune_earlier = self.options.gone == GonePolicy::Prune && kept_gone > 0;
        Ok(ImportAgenda {
            files,
            kept_gone,
            prune_earlier,
            layout_changed,
            findings,
        })
    }

    /// The same files under another name: without a key of their own, their records would all be inserted a second
    /// time. A directory that is no longer there was moved; one that is may have been copied.
    fn known_as(&self, other: &OtherName) -> Finding {
        let OtherName { name, moved } = other;
        let level = match (&self.options.source, moved) {
            (None, true) => Level::Error,
            (Some(_), _) | (None, false) => Level::Warning,
        };
        let message = match moved {
            true => format!("the same files were imported from `{name}`, which is no longer there"),
            false => format!("files with the same contents were imported before from `{name}`"),
        };
        let own = &self.directory.source;
        let remedy = match level {
            Level::Error => format!(
                "if the directory was moved, go on with its old name: `--source '{name}'`; if it is another one, say so: `--source '{own}'`"
            ),
            Level::Warning | Level::Notice => format!(
                "records without a key of their own are inserted once for each name; if it is the same directory, undo this run with `accession revert`, and import with `--source '{name}'`"
            ),
        };
        Finding::new(level, Rule::MovedSource, None, message).remedy(remedy)
    }
}
