//! Completes and repairs ledger, triggers and entries when no file changed.

use std::collections::BTreeSet;

use crate::database::{Access, Database, LayoutTriggers, ReadTransaction};
use crate::layout::Layout;
use crate::model::{Finding, Level, Rule, shell_word};

use crate::operations::OperationError;
use crate::operations::audited_tables::{
    WITHOUT_CASCADES, ensure_not_renamed, make_ready, repair_tables,
};

use super::{Import, ImportMode, ImportOutcome};

/// What another program dropped or altered.
#[derive(Default)]
pub(super) struct MissingObjects {
    /// Migrations, guards and audit triggers.
    parts: Vec<String>,
    /// Triggers that implement the actions of foreign keys.
    cascades: Vec<String>,
    /// The tables of the audit triggers.
    tables: BTreeSet<String>,
}

impl MissingObjects {
    pub(super) fn of(
        database: &mut ReadTransaction,
        layout: &Layout,
        triggers: Option<&LayoutTriggers<'_>>,
    ) -> Result<Self, OperationError> {
        let faulty = triggers.map(|triggers| triggers.faulty(database));
        let mut faulty = faulty.transpose()?.unwrap_or_default();
        ensure_not_renamed(database, &faulty.iter().map(|(table, _)| *table).collect())?;
        let parts = database.missing_parts(&mut faulty)?;
        let cascades = database.audited_tables().missing_cascades(layout)?;
        let cascades = cascades.into_iter().map(|(_, trigger)| trigger.name);
        Ok(Self {
            parts,
            cascades: cascades.collect(),
            tables: faulty
                .iter()
                .map(|(table, _)| shell_word(table).into())
                .collect(),
        })
    }

    fn hint(&self) -> String {
        let tables: Vec<&str> = self.tables.iter().map(String::as_str).collect();
        match (self.parts.is_empty(), tables.is_empty()) {
            (true, _) => WITHOUT_CASCADES.to_owned(),
            (false, true) => "changes made meanwhile failed, or may be missing from the audit log: `accession audit reconcile` compares entries and rows".to_owned(),
            (false, false) => format!(
                "changes made meanwhile may be missing from the audit log: `accession audit reconcile` lists them, `accession audit enable {}` records them",
                tables.join(" ")
            ),
        }
    }
}

impl Import<'_> {
    /// Completes interrupted runs when there are no rows to write.
    pub(super) fn completed(
        &self,
        mut outcome: ImportOutcome,
        unfinished: Vec<Finding>,
    ) -> Result<ImportOutcome, OperationError> {
        let findings = match (self.options.mode, unfinished.is_empty()) {
            (_, true) | (ImportMode::DryRun, _) => unfinished,
            (ImportMode::Apply, false) => {
                let (place, wait) = (&self.options.database, self.options.wait);
                let mut database = Database::open(place, Access::Write, wait)?;
                let now = (self.directory.ctx.clock)();
                make_ready(&mut database, &self.seal_place(), &self.run, now)?
            }
        };
        outcome.findings.extend(findings);
        Ok(outcome)
    }

    /// Creates missing parts of ledger and triggers when there are no rows to write.
    pub(super) fn repaired(
        &self,
        mut outcome: ImportOutcome,
        missing: MissingObjects,
    ) -> ImportOutcome {
        let hint = missing.hint();
        let MissingObjects {
            mut parts,
            cascades,
            ..
        } = missing;
        parts.extend(cascades);
        if parts.is_empty() {
            return outcome;
        }
        let names = parts.join("`, `");
        let repaired = match self.options.mode {
            ImportMode::DryRun => Ok(None),
            ImportMode::Apply => self.repair(),
        };
        let message = match (&repaired, self.options.mode) {
            (Ok(_), ImportMode::DryRun) => format!("the database lacks `{names}`"),
            (Ok(_), ImportMode::Apply) => {
                format!("the database lacked `{names}`; recreated")
            }
            (Err(error), _) => {
                format!("the database lacks `{names}`, which cannot be created: {error}")
            }
        };
        let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
        let not_logged = repaired.ok().flatten();
        outcome
            .findings
            .extend([finding.hint(hint)].into_iter().chain(not_logged));
        outcome
    }

    fn repair(&self) -> Result<Option<Finding>, OperationError> {
        let (url, wait) = (&self.options.database, self.options.wait);
        let mut database = Database::open(url, Access::Write, wait)?;
        let (layout, ctx) = (self.directory.layout, self.directory.ctx);
        repair_tables(&mut database, &self.seal_place(), layout, &self.run, ctx)
    }
}
