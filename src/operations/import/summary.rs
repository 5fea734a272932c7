//! Puts together what an import reports.

use crate::model::FindingList;

use super::Import;
use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::outcome::{ConversionCount, ImportOutcome, ImportStatus};

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
        mut gathered: Gathered<'l>,
        status: ImportStatus,
    ) -> ImportOutcome {
        gathered
            .reading
            .findings
            .extend(agenda.findings.iter().cloned());
        let status = match status {
            ImportStatus::Invalid
                if !gathered.reading.findings.has_errors() && gathered.conflicts > 0 =>
            {
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
            .zip(gathered.reading.planner.counts().iter())
            .map(|(table, counts)| (table.table.name.clone(), *counts))
            .collect();
        outcome.conversions = gathered
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
        outcome.files = gathered.reading.files;
        outcome.rejected = gathered.reading.rejected;
        outcome.findings = self.directory.complete(gathered.reading.findings);
        outcome
    }

    fn empty_outcome(&self, agenda: &ImportAgenda, status: ImportStatus) -> ImportOutcome {
        ImportOutcome {
            status,
            layout: self.directory.layout.name.clone(),
            source: self.directory.source.clone(),
            database: self.options.database.to_string(),
            run: None,
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
            // What is pruned now was decided anew, and is counted with its table.
            kept_gone: if agenda.prune_earlier {
                0
            } else {
                agenda.kept_gone
            },
            changes: Vec::new(),
            changes_not_kept: 0,
            findings: FindingList::default(),
        }
    }
}
