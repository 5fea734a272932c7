//! Builds the outcome of an import.

use crate::model::FindingList;

use super::Import;
use super::agenda::ImportAgenda;
use super::outcome::{ConversionCount, ImportOutcome, ImportStatus};
use super::plan::PlanState;

impl<'l> Import<'l> {
    pub(super) fn nothing_to_do(&self, agenda: &ImportAgenda) -> ImportOutcome {
        let mut findings = self.directory.survey.findings.clone();
        findings.extend(agenda.findings.iter().cloned());
        let status = if findings.has_errors() {
            ImportStatus::Invalid
        } else {
            ImportStatus::NothingToDo
        };
        let mut outcome = self.empty_outcome(agenda, status);
        outcome.findings = self.directory.complete(findings);
        outcome
    }

    pub(super) fn outcome(
        &self,
        agenda: &ImportAgenda,
        mut state: PlanState<'l>,
        status: ImportStatus,
    ) -> ImportOutcome {
        state.read.findings.extend(agenda.findings.iter().cloned());
        let status = match status {
            ImportStatus::Invalid if !state.read.findings.has_errors() && state.conflicts > 0 => {
                ImportStatus::Conflict
            }
            status => status,
        };
        let mut outcome = self.empty_outcome(agenda, status);
        outcome.tables = self
            .directory
            .layout
            .tables
            .iter()
            .zip(state.planner.counts())
            .map(|(table, counts)| (table.table.name.clone(), *counts))
            .collect();
        outcome.conversions = state
            .conversions
            .iter()
            .map(|(&(table, column, rule), &count)| ConversionCount {
                table: self.directory.layout.tables[table].table.name.clone(),
                column: self.directory.layout.tables[table].table.columns[column]
                    .name
                    .clone(),
                rule: rule.name(),
                count,
            })
            .collect();
        if matches!(status, ImportStatus::Planned | ImportStatus::Imported) {
            let returned = state.planner.returned();
            outcome.kept_removed = outcome.kept_removed.saturating_sub(returned);
        }
        outcome.files = state.read.files;
        outcome.rejected = state.read.rejected;
        outcome.findings = self.directory.complete(state.read.findings);
        outcome
    }

    fn empty_outcome(&self, agenda: &ImportAgenda, status: ImportStatus) -> ImportOutcome {
        ImportOutcome {
            status,
            layout: self.directory.layout.name.clone(),
            source: self.directory.source.clone(),
            database: self.options.database.to_string(),
            run: None,
            is_prepared: false,
            files_found: self.directory.survey.files.len() as u64,
            files_unchanged: agenda.files.unchanged.len() as u64,
            files_vanished: agenda
                .files
                .vanished
                .iter()
                .map(|file| file.path.clone())
                .collect(),
            files: Vec::new(),
            tables: Vec::new(),
            conversions: Vec::new(),
            rejected: 0,
            still_rejected: agenda.files.still_rejected,
            // Rows that are pruned now were decided again, and are counted with their table.
            kept_removed: if agenda.prune_earlier {
                0
            } else {
                agenda.kept_removed
            },
            changes: Vec::new(),
            changes_not_kept: 0,
            findings: FindingList::default(),
        }
    }
}
