//! Reading all files of the agenda, wave by wave, and planning what they hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::Reject;
use crate::map::{Resolved, UnmappedMembers};
use crate::model::{ConversionRule, Finding, Findings, Level, Place, Row, Rule};
use crate::operations::pipeline::{Delivery, Pipeline, Product, files_of_wave};
use crate::operations::{OperationError, Stage};
use crate::plan::{self, Change, Knowledge, Planner, Wanted};
use crate::source::SourceFile;

use super::agenda::ImportAgenda;
use super::outcome::FileOutcome;
use super::resolve::{known_references, parameters, watch};
use super::sink::{FileEnd, SharedDatabase, Sink, file_record, lock};
use super::{Import, InvalidPolicy};

/// What reading and planning gave, besides the changes that went into the sink.
pub(super) struct Gathered<'l> {
    pub(super) planner: Planner<'l>,
    pub(super) findings: Findings,
    /// Problems found while planning; their places are not known yet.
    pub(super) problems: Vec<plan::Problem>,
    pub(super) files: Vec<FileOutcome>,
    pub(super) conversions: BTreeMap<(usize, usize, ConversionRule), u64>,
    /// Files of which some records could not be read: what is gone from them cannot be told.
    pub(super) incomplete: BTreeSet<String>,
    pub(super) rejected: u64,
    pub(super) conflicts: u64,
    /// Parameters without a value: why, what to do, and how many records wait for them.
    unset: BTreeMap<String, (Option<String>, u64)>,
    /// Whether the ledger knows rows of this directory at all.
    pub(super) knows_rows: bool,
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

impl<'l> Gathered<'l> {
    pub(super) fn new(mut planner: Planner<'l>, import: &Import<'l>, knows_rows: bool) -> Self {
        watch(import.layout, &mut planner);
        let mut findings = Findings::default();
        findings.extend(import.survey.findings.clone().sorted());
        Self {
            planner,
            findings,
            problems: Vec::new(),
            files: Vec::new(),
            conversions: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            rejected: 0,
            conflicts: 0,
            unset: BTreeMap::new(),
            knows_rows,
            current: CurrentFile::default(),
        }
    }

    /// Whether something was found that forbids to write.
    pub(super) fn refuses(&self, policy: InvalidPolicy) -> bool {
        let problems = self
            .problems
            .iter()
            .any(|problem| problem.rule != Rule::Conflict);
        let strict = policy == InvalidPolicy::Refuse;
        self.findings.has_errors()
            || !self.unset.is_empty()
            || self.conflicts > 0
            || strict && (problems || self.rejected > 0)
    }
}

impl<'l> Import<'l> {
    /// Reads the files of the agenda and sends the changes they need to `sink`.
    pub(super) fn gather(
        &self,
        database: Option<&SharedDatabase<'_>>,
        agenda: &ImportAgenda,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        let bytes = agenda
            .files
            .read
            .iter()
            .map(|id| self.survey.files[id.0 as usize].bytes)
            .sum();
        self.around.progress.begin(Stage::Import, Some(bytes));
        for wave in &self.layout.waves {
            let files = files_of_wave(&self.survey.files, wave, &agenda.files.read);
            if files.is_empty() {
                continue;
            }
            let references = known_references(self.layout, wave, &gathered.planner, database)?;
            let resolved = Resolved {
                parameters: parameters(
                    self.layout,
                    &self.options.parameters,
                    &gathered.planner,
                    database,
                )?,
                references: &references,
            };
            let pipeline = Pipeline {
                root: &self.survey.root,
                layout: self.layout,
                validators: &self.validators,
                mapper: &self.mapper,
                resolved: &resolved,
                limits: self.options.limits,
                show: self.options.show,
                interrupted: self.around.interrupted,
            };
            pipeline.run(&files, |delivery| {
                self.around.check_interrupt()?;
                match delivery {
                    Delivery::Begin(file) => {
                        gathered.current = CurrentFile::default();
                        sink.begin_file(file_record(file))
                    }
                    Delivery::Product(file, product) => {
                        self.product(database, gathered, sink, file, product)
                    }
                    Delivery::End(file, findings) => {
                        self.end_of_file(gathered, sink, file, findings)
                    }
                }
            })?;
            self.around.check_interrupt()?;
        }
        for (why, (remedy, count)) in std::mem::take(&mut gathered.unset) {
            let finding = Finding::new(Level::Error, Rule::Parameter, None, why);
            gathered.findings.push(Finding {
                remedy,
                count,
                ..finding
            });
        }
        let late = gathered.planner.finish();
        for problem in &late {
            // Its row was planned already: it cannot be skipped any more.
            gathered.findings.push(Finding::error(
                problem.rule,
                self.place_of(&problem.origin),
                problem.message.clone(),
            ));
        }
        Ok(())
    }

    fn product(
        &self,
        database: Option<&SharedDatabase<'_>>,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        file: &SourceFile,
        product: Product,
    ) -> Result<(), OperationError> {
        self.around.progress.advance(product.bytes);
        let current = &mut gathered.current;
        if current.broken {
            return Ok(());
        }
        current.records += product.records;
        current.rejected += product.rejected;
        current.broken = product.broken;
        current.unmapped.merge(product.unmapped);
        current.rows += product.rows.len() as u64;
        gathered.rejected += product.rejected;
        for finding in product.findings {
            match (finding.rule, self.options.invalid) {
                // No record is at fault: told once, and nothing can be skipped.
                (Rule::Parameter, _) => {
                    let unset = gathered.unset.entry(finding.message);
                    unset.or_insert((finding.remedy, 0)).1 += 1;
                }
                (_, InvalidPolicy::Refuse) => gathered.findings.push(finding),
                (_, InvalidPolicy::Skip) => current.rejects.push(finding),
            }
        }
        if product.rejected > 0 {
            gathered.incomplete.insert(file.path.clone());
        }
        self.plan(database, gathered, sink, product.rows)
    }

    /// Plans a batch of rows and sends the changes on.
    fn plan(
        &self,
        database: Option<&SharedDatabase<'_>>,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        rows: Vec<Row>,
    ) -> Result<(), OperationError> {
        let mut wanted = Wanted::new(rows);
        let mut changes = Vec::new();
        let mut problems = Vec::new();
        while let Some(round) = gathered.planner.next_round(&mut wanted, &mut problems) {
            let knowledge = match database {
                None => Knowledge::default(),
                Some(database) => {
                    let mut knowledge = self.know(database, gathered, &wanted, &round)?;
                    if !round.parents.is_empty() {
                        knowledge.parents =
                            lock(database).existing_parents(self.layout, &round.parents)?;
                    }
                    knowledge
                }
            };
            gathered
                .planner
                .decide(&mut wanted, &round, &knowledge, &mut changes, &mut problems);
        }
        for problem in problems {
            if problem.rule == Rule::Conflict {
                gathered.conflicts += 1;
            } else {
                gathered.rejected += 1;
                gathered.current.rejected += 1;
                let path = &self.survey.files[problem.origin.file.0 as usize].path;
                gathered.incomplete.insert(path.clone());
            }
            if gathered.problems.len() < Findings::KEPT {
                gathered.problems.push(problem);
            }
        }
        for change in &changes {
            if let Change::Insert { row, .. } | Change::Update { row, .. } = change {
                for conversion in &row.conversions {
                    *gathered
                        .conversions
                        .entry((row.table, conversion.column, conversion.rule))
                        .or_default() += 1;
                }
            }
        }
        // Once it is clear that nothing will be committed, the rest is read only to find what else is wrong.
        if gathered.refuses(self.options.invalid) {
            return Ok(());
        }
        sink.apply(changes)
    }

    /// Fetches what the ledger and the database know of a round's rows.
    fn know(
        &self,
        database: &SharedDatabase<'_>,
        gathered: &Gathered<'_>,
        wanted: &Wanted,
        round: &plan::Round,
    ) -> Result<Knowledge, OperationError> {
        let mut knowledge = Knowledge::default();
        if gathered.knows_rows {
            let identities: Vec<_> = wanted.round(round).map(|row| row.identity).collect();
            knowledge.known = lock(database).known_rows(&self.source, &identities)?;
        }
        for (index, table) in self.layout.tables.iter().enumerate() {
            if !gathered.planner.occupied(index) {
                continue;
            }
            let mut changed = Vec::new();
            let mut new = Vec::new();
            for row in wanted.round(round).filter(|row| row.table == index) {
                match knowledge.known.get(&row.identity) {
                    Some(known) if known.digest == row.digest => {}
                    Some(known) => changed.push((row.identity, known)),
                    None => new.push(row),
                }
            }
            knowledge
                .current
                .extend(lock(database).rows_by_record_id(table, &changed)?);
            knowledge
                .current
                .extend(lock(database).rows_by_unique_key(table, &new)?);
        }
        Ok(knowledge)
    }

    fn end_of_file(
        &self,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        file: &SourceFile,
        findings: Vec<Finding>,
    ) -> Result<(), OperationError> {
        let current = std::mem::take(&mut gathered.current);
        let mut rejects = current.rejects;
        let mut rejected = current.rejected;
        for finding in findings {
            let fault = finding.level == Level::Error;
            if fault {
                gathered.incomplete.insert(file.path.clone());
            }
            // A fault in the text rejects what follows it; a file that cannot be read, or changes, stops the run.
            let readable = !matches!(finding.rule, Rule::Unreadable | Rule::ChangedWhileRead);
            if fault && readable && self.options.invalid == InvalidPolicy::Skip {
                rejected += 1;
                gathered.rejected += 1;
                rejects.push(finding);
            } else {
                gathered.findings.push(finding);
            }
        }
        for (pointer, count) in current.unmapped.iter() {
            gathered.findings.push(self.unmapped(file, pointer, count));
        }
        self.around.progress.file(&file.path, current.records);
        gathered.files.push(FileOutcome {
            path: file.path.clone(),
            records: current.records,
            rejected,
            rows: current.rows,
        });
        let of_planning: Vec<_> = gathered
            .problems
            .iter()
            .filter(|problem| problem.origin.file == file.id && problem.rule != Rule::Conflict)
            .map(|problem| Finding {
                remedy: Some(problem.remedy.clone()),
                ..Finding::error(
                    problem.rule,
                    self.place_of(&problem.origin),
                    problem.message.clone(),
                )
            })
            .collect();
        let told: Vec<Reject> = rejects.iter().chain(&of_planning).map(reject).collect();
        if gathered.refuses(self.options.invalid) {
            return Ok(());
        }
        sink.end_file(FileEnd {
            records: current.records,
            rejected,
            rejects: told,
        })?;
        gathered
            .findings
            .extend(rejects.into_iter().map(|finding| Finding {
                level: Level::Warning,
                ..finding
            }));
        Ok(())
    }

    fn unmapped(&self, file: &SourceFile, pointer: &str, count: u64) -> Finding {
        let (level, remedy) = match self.layout.sources[file.source].unmapped {
            crate::layout::Unmapped::Notice => (
                Level::Notice,
                "map it in the layout if it matters; the original file keeps it in the archive",
            ),
            crate::layout::Unmapped::Reject => {
                (Level::Error, "map the member in the layout, or remove it")
            }
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
}

fn reject(finding: &Finding) -> Reject {
    let place = finding.place.as_ref();
    Reject {
        pointer: place.and_then(|place| place.pointer.clone()),
        line: place.and_then(|place| place.line),
        column: place.and_then(|place| place.column),
        rule: finding.rule.code(),
        message: finding.message.clone(),
    }
}
