//! The state of reading a directory: findings, rejected records, and how far each file was read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::layout::ParameterDefault;
use crate::map::UnmappedMembers;
use crate::model::{Finding, Findings, Level, MappedRow, Rule, TableIndex};
use crate::plan;
use crate::source::SourceFile;

use super::Directory;
use super::events::ChunkResult;
use super::memory::Permit;
use super::resolve::not_set;
use super::unmapped::unmapped;

/// How to handle invalid records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPolicy {
    /// Write nothing.
    Abort,
    /// Import the valid records and record the others as rejects.
    Skip,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "File"))]
pub struct FileOutcome {
    /// Relative path.
    pub path: String,
    /// Elements of the document that were read; everything after an error that ends the reading counts as one.
    pub records: u64,
    /// Rows that the records became.
    pub rows: u64,
    /// Elements with errors.
    pub rejected: u64,
    /// Whether an error prevented reading the rest of the file.
    pub cut_short: bool,
}

/// The result of reading so far, except for the rows, which the operation takes.
pub(in crate::operations) struct ReadState {
    pub(in crate::operations) findings: Findings,
    pub(in crate::operations) files: Vec<FileOutcome>,
    /// Files with records that could not be read, so that removed records cannot be determined.
    pub(in crate::operations) incomplete: BTreeSet<String>,
    pub(in crate::operations) rejected: u64,
    invalid: InvalidPolicy,
    /// Rejected records that the operation has not taken yet.
    rejects: Vec<RejectedRecord>,
    /// Parameters without a value: the message, the hint, and how many records need the parameter.
    unset: BTreeMap<String, (Option<String>, u64)>,
    current: CurrentFile,
}

/// The file being read.
#[derive(Default)]
struct CurrentFile {
    records: u64,
    rejected: u64,
    rows: u64,
    broken: bool,
    unmapped: UnmappedMembers,
}

/// Counts of a file, known after it was read.
pub(in crate::operations) struct EndOfFile {
    pub(in crate::operations) records: u64,
    pub(in crate::operations) rejected: u64,
}

/// A rejected record with its finding.
pub(in crate::operations) struct RejectedRecord {
    /// JSON Pointer to the record; `None` for everything after an error of the whole file.
    pub(in crate::operations) record: Option<String>,
    pub(in crate::operations) finding: Finding,
}

impl ReadState {
    /// The state before anything was read.
    pub(in crate::operations) fn new(directory: &Directory<'_>, invalid: InvalidPolicy) -> Self {
        Self {
            findings: directory.survey.findings.clone(),
            files: Vec::new(),
            incomplete: BTreeSet::new(),
            rejected: 0,
            invalid,
            rejects: Vec::new(),
            unset: BTreeMap::new(),
            current: CurrentFile::default(),
        }
    }

    /// Whether the input has errors that the policy does not allow.
    pub(in crate::operations) fn has_errors(&self) -> bool {
        let strict = self.invalid == InvalidPolicy::Abort;
        self.findings.has_errors() || !self.unset.is_empty() || strict && self.rejected > 0
    }

    /// Takes the next records of a file; returns their rows, unless the file is broken before them.
    pub(in crate::operations) fn records(
        &mut self,
        file: &SourceFile,
        chunk_result: ChunkResult,
    ) -> Option<(Vec<MappedRow>, Permit)> {
        let current = &mut self.current;
        if current.broken {
            return None;
        }
        current.records += chunk_result.records;
        current.rejected += chunk_result.rejected;
        current.broken = chunk_result.broken;
        current.unmapped.merge(chunk_result.unmapped);
        current.rows += chunk_result.rows.len() as u64;
        self.rejected += chunk_result.rejected;
        for (record, finding) in chunk_result.findings {
            // No record is at fault: it is reported once, and no record can be skipped.
            if finding.rule == Rule::Parameter {
                let unset = self.unset.entry(finding.message);
                unset.or_insert((finding.hint, 0)).1 += 1;
            } else {
                self.fault(record, finding);
            }
        }
        if chunk_result.rejected > 0 {
            self.incomplete.insert(file.path.clone());
        }
        Some((chunk_result.rows, chunk_result.memory))
    }

    /// Reports an error, and records the record, or the rest of the file, as rejected if the policy skips it.
    fn fault(&mut self, record: Option<String>, mut finding: Finding) {
        match self.invalid {
            InvalidPolicy::Abort => {
                if let (Rule::Schema, Some(hint)) = (finding.rule, &mut finding.hint) {
                    hint.push_str(", or import the valid records with `--skip-invalid`");
                }
                self.findings.push(finding);
            }
            InvalidPolicy::Skip => {
                if record.is_none() {
                    finding.message += "; everything from here on is skipped";
                }
                self.findings.push(Finding {
                    level: Level::Warning,
                    ..finding.clone()
                });
                self.rejects.push(RejectedRecord { record, finding });
            }
        }
    }

    /// Records a problem of planning; its exact location is determined after all files were read. A conflict does not
    /// reject the record.
    pub(in crate::operations) fn problem(
        &mut self,
        directory: &Directory<'_>,
        problem: plan::RowProblem,
    ) {
        let (rule, origin) = (problem.rule, problem.origin.clone());
        let finding = directory.finding_of(problem);
        if rule == Rule::Conflict {
            self.findings.push(Finding {
                level: Level::Warning,
                ..finding
            });
            return;
        }
        self.rejected += 1;
        self.current.rejected += 1;
        let path = directory.path(origin.file);
        self.incomplete.insert(path.to_owned());
        self.fault(Some(origin.pointer.to_string()), finding);
    }

    /// The records rejected since the last call.
    pub(in crate::operations) fn take_rejects(&mut self) -> Vec<RejectedRecord> {
        std::mem::take(&mut self.rejects)
    }

    /// Ends the file; `findings` concern it as a whole.
    pub(in crate::operations) fn end(
        &mut self,
        directory: &Directory<'_>,
        file: &SourceFile,
        findings: Vec<Finding>,
    ) -> EndOfFile {
        let current = std::mem::take(&mut self.current);
        let (mut records, mut rejected) = (current.records, current.rejected);
        let mut cut_short = current.broken;
        for finding in findings {
            let fault = finding.level == Level::Error;
            // A syntax error rejects everything that follows it, which counts as one record. A file that cannot be
            // read, or that changes, stops the run.
            let readable = !matches!(finding.rule, Rule::Unreadable | Rule::ChangedWhileRead);
            // After an element without a certain end, this error is a consequence of the first.
            if fault && readable && current.broken {
                continue;
            }
            if fault {
                self.incomplete.insert(file.path.clone());
                cut_short = true;
            }
            if fault && readable {
                records += 1;
                rejected += 1;
                self.rejected += 1;
                self.fault(None, finding);
            } else {
                self.findings.push(finding);
            }
        }
        for (pointer, count) in current.unmapped.iter() {
            let policy = directory.layout.sources[file.source].unmapped;
            self.findings.push(unmapped(policy, file, pointer, count));
        }
        directory.ctx.progress.file(&file.path, records);
        self.files.push(FileOutcome {
            path: file.path.clone(),
            records,
            rejected,
            rows: current.rows,
            cut_short,
        });
        EndOfFile { records, rejected }
    }

    /// Beginnings of messages about parameters whose value comes from a table that a file with errors fills.
    fn doubtful_parameters(&self, directory: &Directory<'_>) -> Vec<String> {
        let files = || directory.survey.files.iter();
        let doubtful = |table: TableIndex| {
            files().any(|file| {
                let source = &directory.layout.sources[file.source];
                self.incomplete.contains(&file.path) && source.fills(table)
            })
        };
        let parameters = directory.layout.parameters.iter();
        parameters
            .filter(|parameter| match parameter.default {
                Some(ParameterDefault::Only { table, .. }) => doubtful(table),
                Some(ParameterDefault::Text(_)) | None => false,
            })
            .map(|parameter| not_set(&parameter.name))
            .collect()
    }

    /// Completes the state after all files were read.
    pub(in crate::operations) fn finish(&mut self, directory: &Directory<'_>) {
        let doubtful = self.doubtful_parameters(directory);
        let errors = self.findings.has_errors();
        for (why, (hint, count)) in std::mem::take(&mut self.unset) {
            // The parameter's value may be in an invalid record, which is reported already.
            if errors && doubtful.iter().any(|beginning| why.starts_with(beginning)) {
                continue;
            }
            let finding = Finding::new(Level::Error, Rule::Parameter, None, why);
            self.findings.push(Finding {
                hint,
                count,
                ..finding
            });
        }
    }

    /// Records problems that were found after their rows had been planned; no record can be skipped any more.
    pub(in crate::operations) fn late_problems(
        &mut self,
        directory: &Directory<'_>,
        problems: Vec<plan::RowProblem>,
    ) {
        for problem in problems {
            self.findings.push(directory.finding_of(problem));
        }
    }
}
