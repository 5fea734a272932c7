//! What is missing of ledger and triggers though no file changed.

use crate::database::{Access, Database};
use crate::model::{Finding, Level, Rule};

use super::{Import, ImportMode, ImportOutcome};

impl Import<'_> {
    /// With no rows to write, what is missing of ledger and triggers is made all the same.
    pub(super) fn mended(&self, mut outcome: ImportOutcome, missing: &[String]) -> ImportOutcome {
        if missing.is_empty() {
            return outcome;
        }
        let names = missing.join("`, `");
        let mended = match self.options.mode {
            ImportMode::DryRun => Ok(()),
            ImportMode::Apply => {
                Database::open(&self.options.database, Access::Write, self.options.wait)
                    .and_then(|mut database| database.mend(self.directory.layout))
            }
        };
        let message = match (mended, self.options.mode) {
            (Ok(()), ImportMode::DryRun) => format!("the database lacks `{names}`"),
            (Ok(()), ImportMode::Apply) => {
                format!("the database lacked `{names}`; now it has it again")
            }
            (Err(error), _) => {
                format!("the database lacks `{names}`, and they cannot be made: {error}")
            }
        };
        let finding = Finding::new(Level::Warning, Rule::IncompleteTrail, None, message);
        let remedy = "changes meanwhile may not be in the trail: run `accession audit reconcile`";
        outcome.findings.extend([finding.remedy(remedy)]);
        outcome
    }
}
