//! Does the database hold exactly what the files say? Every value of every row, not only counts.
//!
//! Files are read, validated and mapped as an import would; each row is looked up where the ledger says it is, or by
//! its unique keys, and compared column by column. Nothing is written: neither rows nor the ledger.

mod differences;
mod extra;
mod outcome;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::{Access, Database, DatabaseError, DatabaseUrl, MigrationStatus};
use crate::layout::Layout;
use crate::model::{Finding, Keep, Level, Row, Rule, ShowValues};
use crate::parse::Limits;
use crate::plan::{Comparison, ConflictPolicy, TableComparison, Wanted};

use super::directory::{
    Consumer, Directory, InvalidPolicy, LookUp, ReadOptions, Reading, SharedDatabase,
};
use super::{OperationError, Stage, Surroundings};

use extra::Extra;

pub use super::directory::FileOutcome;
pub use outcome::{
    Difference, DifferenceKind, ExtraRows, VerifiedTable, VerifyOutcome, VerifyStatus,
};

/// What to compare with what.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The legacy directory.
    pub directory: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// The directory's name in the ledger; its absolute path unless given.
    pub source: Option<String>,
    /// `--set name=value`.
    pub parameters: BTreeMap<String, String>,
    /// Whether findings and differences may quote values.
    pub show: ShowValues,
    /// How many findings are kept.
    pub keep: Keep,
    /// How many differences are listed; all are counted.
    pub limit: usize,
    /// Bounds on what is parsed.
    pub limits: Limits,
    /// How long to wait for other programs that write.
    pub wait: Duration,
}

/// Compares a directory with a database.
///
/// # Errors
/// When something fails. What is wrong with the files, or with the database's rows, is in the outcome.
pub fn verify(
    options: &VerifyOptions,
    layout: &Layout,
    around: Surroundings<'_>,
) -> Result<VerifyOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Read, options.wait)?;
    let read = ReadOptions {
        directory: &options.directory,
        source: options.source.as_deref(),
        parameters: &options.parameters,
        limits: options.limits,
        show: options.show,
        keep: options.keep,
    };
    let directory = Directory::survey(read, layout, around)?;
    let outcome = database.snapshot(|database| run(options, directory, database));
    around.progress.end();
    outcome
}

fn run(
    options: &VerifyOptions,
    directory: Directory<'_>,
    database: &mut Database,
) -> Result<VerifyOutcome, OperationError> {
    require_current_ledger(database)?;
    let target = database.inspect_tables(directory.layout)?;
    let policies = (ConflictPolicy::Report, InvalidPolicy::Refuse);
    let now = (directory.around.clock)();
    let mut reading = Reading::new(&directory, &target, policies, now);
    reading.knows_rows = database.knows_rows_of(&directory.source)?;
    if !reading.knows_rows {
        let others = directory.other_names(database)?;
        reading
            .findings
            .extend(others.iter().map(|other| moved(&other.name)));
    }
    let comparison = Comparison::new(&reading.planner, options.limit);
    let mut comparing = Comparing {
        directory: &directory,
        reading,
        comparison,
        limit: options.limit,
    };
    let files: Vec<_> = directory.survey.files.iter().map(|file| file.id).collect();
    let shared = SharedDatabase::new(&mut *database);
    directory.read(Stage::Verify, Some(&shared), &files, &mut comparing)?;
    outcome(options, comparing, database)
}

/// A verification on its way.
struct Comparing<'d, 'l> {
    directory: &'d Directory<'l>,
    reading: Reading<'l>,
    comparison: Comparison,
    limit: usize,
}

impl<'l> Consumer<'l> for Comparing<'_, 'l> {
    fn reading(&mut self) -> &mut Reading<'l> {
        &mut self.reading
    }

    fn rows(
        &mut self,
        database: Option<&SharedDatabase<'_>>,
        rows: Vec<Row>,
    ) -> Result<(), OperationError> {
        let database = database.expect("a verification has its database open");
        let mut wanted = Wanted::new(rows);
        let mut problems = Vec::new();
        while let Some(round) = self.reading.planner.next_round(&mut wanted, &mut problems) {
            let which = (&round, LookUp::All);
            let knowledge = self
                .directory
                .know(database, &mut self.reading, &wanted, which)?;
            self.reading.planner.compare(
                &mut wanted,
                &round,
                &knowledge,
                &mut self.comparison,
                &mut problems,
            );
        }
        for problem in problems {
            self.reading.problem(self.directory, problem);
        }
        Ok(())
    }
}

fn outcome(
    options: &VerifyOptions,
    comparing: Comparing<'_, '_>,
    database: &mut Database,
) -> Result<VerifyOutcome, OperationError> {
    let directory = comparing.directory;
    let mut differences = differences::differences(
        directory,
        &comparing.comparison.discrepancies,
        (options.limit, options.show),
    );
    let mut tables = Vec::new();
    let mut extra = Extra::new(&comparing, options.limit - differences.len());
    for (index, compared) in comparing.comparison.tables.iter().enumerate() {
        directory.around.check_interrupt()?;
        let (rows, gone) = extra.rows(database, index, compared)?;
        differences.extend(gone);
        tables.push(verified(directory.layout, index, compared, rows));
    }
    let Comparing { mut reading, .. } = comparing;
    reading.findings.extend(tables.iter().filter_map(foreign));
    let counted: u64 = tables.iter().map(VerifiedTable::differences).sum();
    let status = if counted > 0 {
        VerifyStatus::Different
    } else if reading.findings.count_of(Rule::NoFiles) > 0 {
        VerifyStatus::Nothing
    } else if reading.has_errors() {
        VerifyStatus::Invalid
    } else {
        VerifyStatus::Equal
    };
    Ok(VerifyOutcome {
        status,
        layout: directory.layout.name.clone(),
        source: directory.source.clone(),
        database: options.database.to_string(),
        files: reading.files,
        tables,
        rejected: reading.rejected,
        differences_not_kept: counted.saturating_sub(differences.len() as u64),
        differences,
        findings: directory.complete(reading.findings),
    })
}

fn verified(
    layout: &Layout,
    index: usize,
    compared: &TableComparison,
    extra: ExtraRows,
) -> VerifiedTable {
    let table = &layout.tables[index].table;
    let columns = table.columns.iter().zip(&compared.columns);
    VerifiedTable {
        table: table.name.clone(),
        wanted: compared.wanted.rows,
        equal: compared.equal,
        missing: compared.missing,
        different: compared.different,
        columns: columns
            .filter(|(_, count)| **count > 0)
            .map(|(column, count)| (column.name.clone(), *count))
            .collect(),
        extra,
        files_digest: compared.wanted,
        database_digest: compared.found,
    }
}

/// An application may have rows of its own: worth knowing, no difference.
fn foreign(table: &VerifiedTable) -> Option<Finding> {
    const LISTED: usize = 5;
    let extra = &table.extra;
    let mut listed: Vec<&str> = extra
        .foreign_record_ids
        .iter()
        .map(String::as_str)
        .collect();
    listed.truncate(LISTED);
    if extra.foreign > listed.len() as u64 {
        listed.push("…");
    }
    let message = format!(
        "`{}`: rows that no import wrote ({})",
        table.table,
        listed.join(", ")
    );
    let mut finding = Finding::new(Level::Notice, Rule::ForeignRow, None, message);
    finding.count = extra.foreign;
    (extra.foreign > 0).then_some(finding)
}

/// The same files under another name: their rows are there, but the ledger knows them as another directory's.
fn moved(other: &str) -> Finding {
    Finding::new(
        Level::Warning,
        Rule::MovedSource,
        None,
        format!("files with the same contents were imported from `{other}`"),
    )
    .remedy(format!(
        "if the directory was moved, verify it with `--source '{other}'`"
    ))
}

/// Refuses a ledger that this program cannot read.
fn require_current_ledger(database: &mut Database) -> Result<(), OperationError> {
    if !database.has_ledger()? {
        return Ok(());
    }
    let mut states = database.migration_states()?.into_iter();
    match states.find(|state| state.status == MigrationStatus::Pending) {
        Some(pending) => Err(DatabaseError::OlderLedger(pending.name).into()),
        None => Ok(()),
    }
}
