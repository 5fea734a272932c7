//! The state of reading a directory: what was found wrong, what was left out, how far each file was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::TargetTables;
use crate::layout::Unmapped;
use crate::map::UnmappedMembers;
use crate::model::{Finding, Findings, Level, Place, Row, Rule, Timestamp};
use crate::plan::{self, ConflictPolicy, Planner};
use crate::source::SourceFile;

use super::Directory;
use super::pipeline::Product;
use super::resolve::watch;

/// What to do about invalid records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPolicy {
    /// Nothing at all is written.
    Refuse,
    /// The valid ones are imported, the others remembered.
    Skip,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutcome {
    /// Relative path.
    pub path: String,
    /// Elements of the document that were read.
    pub records: u64,
    /// Elements with errors.
    pub rejected: u64,
    /// Rows they became.
    pub rows: u64,
}

/// What reading gave so far, besides the rows that went to the consumer.
pub(in crate::operations) struct Reading<'l> {
    pub(in crate::operations) planner: Planner<'l>,
    pub(in crate::operations) findings: Findings,
    /// Problems found while planning; their places are not known yet.
    pub(in crate::operations) problems: Vec<plan::Problem>,
    pub(in crate::operations) files: Vec<FileOutcome>,
    /// Files of which some records could not be read: what is gone from them cannot be told.
    pub(in crate::operations) incomplete: BTreeSet<String>,
    pub(in crate::operations) rejected: u64,
    /// Whether the ledger knows rows of this directory at all.
    pub(in crate::operations) knows_rows: bool,
    /// Files of the directory that are not read because they did not change.
    pub(in crate::operations) unread: BTreeSet<String>,
    invalid: InvalidPolicy,
    /// Parameters without a value: why, what to do, and how many records wait for them.
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
    rejects: Vec<Finding>,
}

/// What is known of a file when it was read to its end.
pub(in crate::operations) struct EndOfFile {
    pub(in crate::operations) records: u64,
    pub(in crate::operations) rejected: u64,
    /// Why records were left out, where that is no reason to stop.
    pub(in crate::operations) rejects: Vec<Finding>,
}

impl<'l> Reading<'l> {
    /// Nothing was read yet; the database's tables are as in `target`.
    pub(in crate::operations) fn new(
        directory: &Directory<'l>,
        target: &TargetTables,
        (conflict, invalid): (ConflictPolicy, InvalidPolicy),
        now: Timestamp,
    ) -> Self {
        let states = target.tables.iter().map(|table| table.state).collect();
        let mut planner = Planner::new(directory.layout, states, conflict, now);
        watch(directory.layout, &mut planner);
        let mut findings = Findings::default();
        findings.extend(directory.survey.findings.clone().sorted());
        Self {
            planner,
            findings,
            problems: Vec::new(),
            files: Vec::new(),
            incomplete: BTreeSet::new(),
            rejected: 0,
            knows_rows: false,
            unread: BTreeSet::new(),
            invalid,
            unset: BTreeMap::new(),
            current: CurrentFile::default(),
        }
    }

    /// Whether the input has errors that the policy does not forgive.
    pub(in crate::operations) fn has_errors(&self) -> bool {
        let problems = || {
            self.problems
                .iter()
                .any(|problem| problem.rule != Rule::Conflict)
        };
        let strict = self.invalid == InvalidPolicy::Refuse;
        self.findings.has_errors()
            || !self.unset.is_empty()
            || strict && (self.rejected > 0 || problems())
    }

    pub(super) fn begin(&mut self) {
        self.current = CurrentFile::default();
    }

    /// Takes what came out of a chunk; its rows, unless the file is broken before it.
    pub(super) fn product(&mut self, file: &SourceFile, product: Product) -> Option<Vec<Row>> {
        let current = &mut self.current;
        if current.broken {
            return None;
        }
        current.records += product.records;
        current.rejected += product.rejected;
        current.broken = product.broken;
        current.unmapped.merge(product.unmapped);
        current.rows += product.rows.len() as u64;
        self.rejected += product.rejected;
        for finding in product.findings {
            match (finding.rule, self.invalid) {
                // No record is at fault: told once, and nothing can be skipped.
                (Rule::Parameter, _) => {
                    let unset = self.unset.entry(finding.message);
                    unset.or_insert((finding.remedy, 0)).1 += 1;
                }
                (_, InvalidPolicy::Refuse) => self.findings.push(finding),
                (_, InvalidPolicy::Skip) => current.rejects.push(finding),
            }
        }
        if product.rejected > 0 {
            self.incomplete.insert(file.path.clone());
        }
        Some(product.rows)
    }

    /// Notes a problem of planning. A conflict leaves no record out.
    pub(in crate::operations) fn problem(
        &mut self,
        directory: &Directory<'_>,
        problem: plan::Problem,
    ) {
        if problem.rule != Rule::Conflict {
            self.rejected += 1;
            self.current.rejected += 1;
            let path = directory.path(problem.origin.file);
            self.incomplete.insert(path.to_owned());
        }
        if self.problems.len() < Findings::KEPT {
            self.problems.push(problem);
        }
    }

    pub(super) fn end(
        &mut self,
        directory: &Directory<'_>,
        file: &SourceFile,
        findings: Vec<Finding>,
    ) -> EndOfFile {
        let current = std::mem::take(&mut self.current);
        let mut rejects = current.rejects;
        let mut rejected = current.rejected;
        for finding in findings {
            let fault = finding.level == Level::Error;
            if fault {
                self.incomplete.insert(file.path.clone());
            }
            // A fault in the text rejects what follows it; a file that cannot be read, or changes, stops the run.
            let readable = !matches!(finding.rule, Rule::Unreadable | Rule::ChangedWhileRead);
            if fault && readable && self.invalid == InvalidPolicy::Skip {
                rejected += 1;
                self.rejected += 1;
                rejects.push(finding);
            } else {
                self.findings.push(finding);
            }
        }
        for (pointer, count) in current.unmapped.iter() {
            let policy = directory.layout.sources[file.source].unmapped;
            self.findings.push(unmapped(policy, file, pointer, count));
        }
        directory.around.progress.file(&file.path, current.records);
        self.files.push(FileOutcome {
            path: file.path.clone(),
            records: current.records,
            rejected,
            rows: current.rows,
        });
        EndOfFile {
            records: current.records,
            rejected,
            rejects,
        }
    }

    /// All files were read.
    pub(super) fn finish(&mut self, directory: &Directory<'_>) {
        for (why, (remedy, count)) in std::mem::take(&mut self.unset) {
            let finding = Finding::new(Level::Error, Rule::Parameter, None, why);
            self.findings.push(Finding {
                remedy,
                count,
                ..finding
            });
        }
        for problem in self.planner.finish() {
            // Its row was planned already: it cannot be skipped any more.
            self.findings.push(Finding::error(
                problem.rule,
                directory.place_of(&problem.origin),
                problem.message,
            ));
        }
    }
}

fn unmapped(policy: Unmapped, file: &SourceFile, pointer: &str, count: u64) -> Finding {
    let (level, remedy) = match policy {
        Unmapped::Notice => (
            Level::Notice,
            "map it in the layout if it matters; the original file keeps it in the archive",
        ),
        Unmapped::Reject => (Level::Error, "map the member in the layout, or remove it"),
    };
    let more = if count > 1 {
        format!(" and {} more of its kind", count - 1)
    } else {
        String::new()
    };
    let place = Place {
        pointer: Some(pointer.to_owned()),
        ..Place::file(&file.path)
    };
    let message = format!("`{pointer}`{more}: not imported, the layout does not read it");
    let mut finding =
        Finding::new(level, Rule::UnmappedMember, Some(place), message).remedy(remedy);
    finding.count = count;
    finding
}
