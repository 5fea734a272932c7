//! Changes an existing database: completes interrupted runs, creates what is missing, and retries after conflicts with
//! other programs.

use crate::archive::BACKUPS;
use crate::database::seals::NewSeal;
use crate::database::{Access, Database, repeat};
use crate::model::{Finding, Level, Rule};
use crate::operations::OperationError;
use crate::operations::audited_tables::{Prepared, make_ready, prepare_tables};
use crate::operations::proof::{SealPlace, log_seal};

use super::Import;
use super::agenda::ImportAgenda;
use super::outcome::ImportOutcome;
use super::transaction::TransactionOutcome;

impl Import<'_> {
    /// Changes an existing database, after copying it. After a conflict with another program it plans and writes again.
    pub(super) fn change(&self, agenda: &ImportAgenda) -> Result<ImportOutcome, OperationError> {
        // What was prepared is kept when the rest is retried.
        let mut prepared = Prepared::default();
        let mut completed = Vec::new();
        let outcome = repeat(&self.options.database, OperationError::is_retryable, || {
            loop {
                match self.change_once(agenda, &mut prepared, &mut completed) {
                    Err(OperationError::RejectedLate) => {}
                    outcome => break outcome,
                }
            }
        });
        // Also if the import fails: the run that recorded existing rows is committed.
        let archive = &self.options.archive;
        let seals = prepared.seals();
        completed.extend(seals.filter_map(|seal| log_seal(&self.options.database, archive, seal)));
        let mut outcome = outcome?;
        outcome.findings.extend(completed);
        outcome.findings.extend(prepared.findings());
        if outcome.run.is_none() {
            outcome.findings.extend(prepared.seals().map(committed));
            outcome.is_prepared = prepared.seals().next().is_some();
        }
        if let (Some(run), Some(baseline)) = (&mut outcome.run, prepared.baseline) {
            run.baseline.get_or_insert(baseline.seal);
        }
        Ok(outcome)
    }

    fn change_once(
        &self,
        agenda: &ImportAgenda,
        prepared: &mut Prepared,
        completed: &mut Vec<Finding>,
    ) -> Result<ImportOutcome, OperationError> {
        let mut database =
            Database::open(&self.options.database, Access::Write, self.options.wait)?;
        let ctx = self.directory.ctx;
        let layout = self.directory.layout;
        let now = (ctx.clock)();
        let place = self.seal_place();
        completed.extend(make_ready(&mut database, &place, &self.run, now)?);
        let preparing = tracing::info_span!("prepare").entered();
        let more = prepare_tables(&mut database, &place, layout, &self.run, ctx)?;
        drop(preparing);
        *prepared = std::mem::take(prepared).and(more);
        let backups = self.options.archive.join(BACKUPS);
        match self.transaction(&mut database, agenda, Some(&backups)) {
            TransactionOutcome::Written(outcome, stored) => {
                stored.keep();
                Ok(self.logged(*outcome))
            }
            TransactionOutcome::Aborted(outcome) => Ok(*outcome),
            TransactionOutcome::Failed(error) => Err(error),
        }
    }

    /// The archive whose `seals.log` records the seals of other runs that this import makes.
    pub(super) fn seal_place(&self) -> SealPlace {
        SealPlace {
            named: Some(self.options.archive.clone()),
            usual: self.options.archive.clone(),
        }
    }
}

/// A run that is committed although the import wrote nothing: schema changes cannot be rolled back.
fn committed(seal: &NewSeal) -> Finding {
    let run = seal.run.as_deref().unwrap_or_default();
    let message = format!(
        "triggers were recreated before the import ended: run {run} and seal {} record it",
        seal.number
    );
    let finding = Finding::new(Level::Notice, Rule::IncompleteAuditLog, None, message);
    finding.hint(format!("`accession runs show {run}` shows it"))
}
