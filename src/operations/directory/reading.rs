//! The state of reading a directory: what was found wrong, what was left out, how far each file was read.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::database::{TargetTables, TemporaryFiles};
use crate::layout::{ParameterDefault, Unmapped};
use crate::map::UnmappedMembers;
use crate::model::{Finding, Findings, Level, Place, Row, Rule, Timestamp};
use crate::plan::{self, ConflictPolicy, Planner};
use crate::source::SourceFile;

use crate::operations::OperationError;

use super::Directory;
use super::owners::Owners;
use super::pipeline::Product;
use super::resolve::{not_set, watch};

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
    /// Elements of the document that were read; all that stands behind a fault of the file counts as one.
    pub records: u64,
    /// Those of them with errors.
    pub rejected: u64,
    /// Rows they became.
    pub rows: u64,
    /// Whether a fault kept the rest of the file from being read.
    pub cut_short: bool,
}

/// What reading gave so far, besides the rows that went to the consumer.
pub(in crate::operations) struct Reading<'l> {
    pub(in crate::operations) planner: Planner<'l>,
    pub(in crate::operations) findings: Findings,
    pub(in crate::operations) files: Vec<FileOutcome>,
    /// Files of which some records could not be read: what is gone from them cannot be told.
    pub(in crate::operations) incomplete: BTreeSet<String>,
    pub(in crate::operations) rejected: u64,
    /// Whether the ledger knows rows of this directory at all.
    pub(in crate::operations) knows_rows: bool,
    /// Files of the directory that are not read because they did not change.
    pub(in crate::operations) unread: BTreeSet<String>,
    pub(super) owners: Owners,
    /// Whether digests of the ledger may be of other columns than are mapped now.
    pub(in crate::operations) layout_changed: bool,
    invalid: InvalidPolicy,
    /// Records left out that nobody has taken yet.
    rejects: Vec<RejectedRecord>,
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
}

/// What is known of a file when it was read to its end.
pub(in crate::operations) struct EndOfFile {
    pub(in crate::operations) records: u64,
    pub(in crate::operations) rejected: u64,
}

/// A record that is left out, and why.
pub(in crate::operations) struct RejectedRecord {
    /// JSON Pointer to the record; `None` for what stands behind a fault of the whole file.
    pub(in crate::operations) record: Option<String>,
    pub(in crate::operations) finding: Finding,
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
        let mut planner = Planner::new(directory.layout, states, conflict, now)
            .with_scratch(Box::new(TemporaryFiles));
        watch(directory.layout, &mut planner);
        let limits = target.tables.iter().map(|table| table.limits.clone());
        planner.limit(limits.collect());
        Self {
            planner,
            findings: directory.survey.findings.clone(),
            files: Vec::new(),
            incomplete: BTreeSet::new(),
            rejected: 0,
            knows_rows: false,
            unread: BTreeSet::new(),
            owners: Owners::default(),
            layout_changed: false,
            invalid,
            rejects: Vec::new(),
            unset: BTreeMap::new(),
            current: CurrentFile::default(),
        }
    }

    /// Whether the input has errors that the policy does not forgive.
    pub(in crate::operations) fn has_errors(&self) -> bool {
        let strict = self.invalid == InvalidPolicy::Refuse;
        self.findings.has_errors() || !self.unset.is_empty() || strict && self.rejected > 0
    }

    /// Whether what the planner said can be believed.
    ///
    /// # Errors
    /// When its scratch files failed.
    pub(in crate::operations) fn check_scratch(&self) -> Result<(), OperationError> {
        match self.planner.failure() {
            None => Ok(()),
            Some(error) => {
                let error = io::Error::new(error.kind(), error.to_string());
                Err(OperationError::Scratch(error))
            }
        }
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
        for (record, finding) in product.findings {
            // No record is at fault: told once, and nothing can be skipped.
            if finding.rule == Rule::Parameter {
                let unset = self.unset.entry(finding.message);
                unset.or_insert((finding.remedy, 0)).1 += 1;
            } else {
                self.fault(record, finding);
            }
        }
        if product.rejected > 0 {
            self.incomplete.insert(file.path.clone());
        }
        Some(product.rows)
    }

    /// Tells of a fault, and remembers the record, or the rest of the file, if it is to be left out because of it.
    fn fault(&mut self, record: Option<String>, mut finding: Finding) {
        match self.invalid {
            InvalidPolicy::Refuse => {
                if let (Rule::Schema, Some(remedy)) = (finding.rule, &mut finding.remedy) {
                    remedy.push_str(", or import the valid records with `--skip-invalid`");
                }
                self.findings.push(finding);
            }
            InvalidPolicy::Skip => {
                if record.is_none() {
                    finding.message += "; everything from here on is left out";
                }
                self.findings.push(Finding {
                    level: Level::Warning,
                    ..finding.clone()
                });
                self.rejects.push(RejectedRecord { record, finding });
            }
        }
    }

    /// Notes a problem of planning; where exactly it stands is found out when all files were read. A conflict leaves
    /// no record out.
    pub(in crate::operations) fn problem(
        &mut self,
        directory: &Directory<'_>,
        problem: plan::Problem,
    ) {
        let place = directory.place_of_problem(&problem);
        let finding = Finding::error(problem.rule, place, problem.message).remedy(problem.remedy);
        if problem.rule == Rule::Conflict {
            self.findings.push(Finding {
                level: Level::Warning,
                ..finding
            });
            return;
        }
        self.rejected += 1;
        self.current.rejected += 1;
        let path = directory.path(problem.origin.file);
        self.incomplete.insert(path.to_owned());
        self.fault(Some(problem.origin.pointer.to_string()), finding);
    }

    /// The records left out since this was last asked.
    pub(in crate::operations) fn take_rejects(&mut self) -> Vec<RejectedRecord> {
        std::mem::take(&mut self.rejects)
    }

    pub(super) fn end(
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
            // A fault in the text rejects what follows it, which counts as one record; a file that cannot be read, or
            // changes, stops the run.
            let readable = !matches!(finding.rule, Rule::Unreadable | Rule::ChangedWhileRead);
            // Behind an element without a certain end it is that fault told a second time.
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
        directory.around.progress.file(&file.path, records);
        self.files.push(FileOutcome {
            path: file.path.clone(),
            records,
            rejected,
            rows: current.rows,
            cut_short,
        });
        EndOfFile { records, rejected }
    }

    /// How messages begin about parameters whose value comes from a table that a file with faults fills.
    fn doubtful_parameters(&self, directory: &Directory<'_>) -> Vec<String> {
        let files = || directory.survey.files.iter();
        let doubtful = |table: usize| {
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

    /// All files were read.
    pub(super) fn finish(&mut self, directory: &Directory<'_>) {
        let doubtful = self.doubtful_parameters(directory);
        let errors = self.findings.has_errors();
        for (why, (remedy, count)) in std::mem::take(&mut self.unset) {
            // Perhaps it has a value in a record that is wrong, which is told already.
            if errors && doubtful.iter().any(|beginning| why.starts_with(beginning)) {
                continue;
            }
            let finding = Finding::new(Level::Error, Rule::Parameter, None, why);
            self.findings.push(Finding {
                remedy,
                count,
                ..finding
            });
        }
        for problem in self.planner.finish() {
            // Its row was planned already.
            let place = directory.place_of_problem(&problem);
            let remedy = format!("{}; `--skip-invalid` cannot leave it out", problem.remedy);
            let finding = Finding::error(problem.rule, place, problem.message);
            self.findings.push(finding.remedy(remedy));
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
