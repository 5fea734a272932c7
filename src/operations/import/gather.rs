//! Reading the files of the agenda, and planning what they hold.

use std::collections::BTreeMap;

use crate::database::Reject;
use crate::model::{ConversionRule, Row, Rule};
use crate::operations::directory::{
    Consumer, EndOfFile, LookUp, Reading, RejectedRecord, SharedDatabase,
};
use crate::operations::{OperationError, Stage};
use crate::plan::{Change, Knowledge, Problem, Wanted};
use crate::source::SourceFile;

use super::Import;
use super::agenda::ImportAgenda;
use super::sink::{FileEnd, Sink, file_record};
use super::standing::Standing;

/// What reading and planning gave, besides the changes that went into the sink.
pub(super) struct Gathered<'l> {
    pub(super) reading: Reading<'l>,
    pub(super) conversions: BTreeMap<(usize, usize, ConversionRule), u64>,
    pub(super) conflicts: u64,
}

impl<'l> Gathered<'l> {
    pub(super) fn new(reading: Reading<'l>) -> Self {
        Self {
            reading,
            conversions: BTreeMap::new(),
            conflicts: 0,
        }
    }

    /// Whether something was found that forbids to write.
    pub(super) fn refuses(&self) -> bool {
        self.conflicts > 0 || self.reading.has_errors()
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
        let mut planning = Planning {
            import: self,
            agenda,
            ahead: None,
            gathered,
            sink,
        };
        self.directory
            .read(Stage::Import, database, &agenda.files.read, &mut planning)
    }
}

/// Plans rows as they come and sends the changes on.
struct Planning<'i, 'l> {
    import: &'i Import<'l>,
    agenda: &'i ImportAgenda,
    /// What the files to be read hold, once somebody had to know it before it came.
    ahead: Option<Standing<'l>>,
    gathered: &'i mut Gathered<'l>,
    sink: &'i mut dyn Sink,
}

impl<'l> Consumer<'l> for Planning<'_, 'l> {
    fn reading(&mut self) -> &mut Reading<'l> {
        &mut self.gathered.reading
    }

    fn begin_file(&mut self, file: &SourceFile) -> Result<(), OperationError> {
        self.sink.begin_file(file_record(file))
    }

    fn rows(
        &mut self,
        database: Option<&SharedDatabase<'_>>,
        rows: Vec<Row>,
    ) -> Result<(), OperationError> {
        let directory = &self.import.directory;
        let gathered = &mut *self.gathered;
        let mut wanted = Wanted::new(rows);
        let mut changes = Vec::new();
        let mut problems = Vec::new();
        while let Some(round) = gathered
            .reading
            .planner
            .next_round(&mut wanted, &mut problems)
        {
            let knowledge = match database {
                None => Knowledge::default(),
                Some(database) => {
                    let which = (&round, LookUp::Changed);
                    let reading = &mut gathered.reading;
                    let mut knowledge = directory.know(database, reading, &wanted, which)?;
                    let contested = std::mem::take(&mut knowledge.contested);
                    let ahead = &mut self.ahead;
                    self.import.settle_contested(
                        (database, self.agenda),
                        contested,
                        (&mut reading.planner, &mut knowledge, ahead),
                    )?;
                    knowledge
                }
            };
            gathered.reading.planner.decide(
                &mut wanted,
                &round,
                &knowledge,
                &mut changes,
                &mut problems,
            );
        }
        self.apply(changes, problems)
    }

    fn last_rows(&mut self) -> Result<(), OperationError> {
        let (changes, problems) = self.gathered.reading.planner.settle();
        if changes.is_empty() && problems.is_empty() {
            return Ok(());
        }
        self.apply(changes, problems)
    }

    fn end_file(&mut self, _file: &SourceFile, end: EndOfFile) -> Result<(), OperationError> {
        if self.gathered.refuses() {
            return Ok(());
        }
        let rejects = self.gathered.reading.take_rejects();
        self.sink.rejects(rejects.iter().map(reject).collect())?;
        self.sink.end_file(FileEnd {
            records: end.records,
            rejected: end.rejected,
        })
    }
}

impl Planning<'_, '_> {
    /// Notes problems, and sends changes on unless nothing will be written.
    fn apply(
        &mut self,
        changes: Vec<Change>,
        problems: Vec<Problem>,
    ) -> Result<(), OperationError> {
        let gathered = &mut *self.gathered;
        for problem in problems {
            gathered.conflicts += u64::from(problem.rule == Rule::Conflict);
            gathered.reading.problem(&self.import.directory, problem);
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
        if gathered.refuses() {
            gathered.reading.take_rejects();
            return Ok(());
        }
        self.sink.apply(changes)?;
        let rejects = gathered.reading.take_rejects();
        if rejects.is_empty() {
            return Ok(());
        }
        self.sink.rejects(rejects.iter().map(reject).collect())
    }
}

fn reject(rejected: &RejectedRecord) -> Reject {
    let finding = &rejected.finding;
    let place = finding.place.as_ref();
    Reject {
        record: rejected.record.as_deref().map(without_nul),
        pointer: place.and_then(|place| place.pointer.as_deref().map(without_nul)),
        line: place.and_then(|place| place.line),
        column: place.and_then(|place| place.column),
        rule: finding.rule.code(),
        message: without_nul(&finding.message),
    }
}

/// U+0000, which a member's name may have and PostgreSQL cannot store, as JSON writes it.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\\u0000")
}
