//! What this run has to look at, by the ledger.

use crate::database::Database;
use crate::model::{Finding, Level, Rule};
use crate::operations::OperationError;
use crate::plan::{self, Agenda, GonePolicy};

use super::Import;

/// The files to read, and records found gone earlier that are to be pruned now.
pub(super) struct ImportAgenda {
    pub(super) files: Agenda,
    /// Ledger rows that earlier runs kept although their records were gone.
    pub(super) kept_gone: u64,
    pub(super) prune_earlier: bool,
    pub(super) findings: Vec<Finding>,
}

impl ImportAgenda {
    /// Whether files and ledger agree already.
    pub(super) fn nothing_to_do(&self) -> bool {
        self.files.read.is_empty() && self.files.vanished.is_empty() && !self.prune_earlier
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
                findings.extend(others.iter().map(|other| moved(other)));
            }
        }
        let files = plan::agenda(
            &self.directory.survey.files,
            known,
            self.directory.layout.digest,
            self.rejected(),
        );
        let prune_earlier = self.options.gone == GonePolicy::Prune && kept_gone > 0;
        Ok(ImportAgenda {
            files,
            kept_gone,
            prune_earlier,
            findings,
        })
    }
}

/// The same files under another name: without a key of their own, their records would all be inserted a second time.
fn moved(other: &str) -> Finding {
    Finding::new(
        Level::Warning,
        Rule::MovedSource,
        None,
        format!("files with the same contents were imported before from `{other}`"),
    )
    .remedy(format!(
        "if the directory was moved, stop here and import it with `--source '{other}'`"
    ))
}
