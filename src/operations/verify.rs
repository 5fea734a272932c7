//! Compares the database with the files: every value of every row, not only counts.
//!
//! Files are read, validated and mapped as in an import. Each row is looked up by its ledger entry or by its unique
//! keys, and compared column by column. Nothing is written: neither rows nor the ledger.

mod altered;
mod differences;
mod extra;
mod outcome;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::layout::Layout;
use crate::model::{
    Finding, Keep, Level, MappedRow, RecordId, Rule, ShowValues, TableIndex, shell_quoted,
};
use crate::parse::Limits;
use crate::plan::{Comparison, ConflictPolicy, Planner, RowBatch, TableComparison};

use super::audited_tables::unfinished_findings;
use super::directory::{
    Directory, InvalidPolicy, LookupScope, Ownership, ReadEvent, ReadOptions, ReadState,
    SharedTransaction, check_scratch,
};
use super::{Context, OperationError, Stage};

use extra::Extra;

pub use super::directory::FileOutcome;
pub use outcome::{
    Difference, DifferenceKind, ExtraRows, VerifiedTable, VerifyOutcome, VerifyStatus,
};

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The source directory.
    pub directory: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// The directory's name in the ledger; by default its absolute path.
    pub source: Option<String>,
    /// `--set name=value`.
    pub parameters: BTreeMap<String, String>,
    /// Whether findings and differences may show values.
    pub show: ShowValues,
    /// How many findings to keep.
    pub keep: Keep,
    /// How many differences to list; all are counted.
    pub limit: usize,
    /// Limits of the parser.
    pub limits: Limits,
    /// How long to wait for other programs that write.
    pub wait: Duration,
}

/// Compares a directory with a database.
///
/// # Errors
/// When an operation fails. Errors of the files and differences of the rows are in the outcome.
pub fn verify(
    options: &VerifyOptions,
    layout: &Layout,
    ctx: Context<'_>,
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
    let directory = Directory::survey(read, layout, ctx)?;
    let outcome = database.snapshot(|database| run(options, directory, database));
    ctx.progress.end();
    outcome
}

fn run(
    options: &VerifyOptions,
    directory: Directory<'_>,
    database: &mut ReadTransaction,
) -> Result<VerifyOutcome, OperationError> {
    require_current_ledger(database)?;
    let mut comparing = Comparing::begin(&directory, database, options.limit)?;
    if !comparing.ownership.knows_rows {
        let others = directory.other_names(database)?;
        let findings = others.iter().map(|other| moved(&other.name));
        comparing.state.findings.extend(findings);
    }
    let altered = altered::altered_table(&directory, database)?;
    comparing.state.findings.extend(altered);
    comparing.read(&Mutex::new(&mut *database))?;
    outcome(options, comparing, database)
}

/// The first rows of a table, up to `limit`, that are missing or have different values, in an open transaction.
pub(super) fn differences_of(
    directory: &Directory<'_>,
    database: &mut ReadTransaction,
    limit: usize,
) -> Result<Vec<Difference>, OperationError> {
    let mut comparing = Comparing::begin(directory, database, limit)?;
    comparing.read(&Mutex::new(database))?;
    let found = &comparing.comparison.discrepancies;
    Ok(differences::differences(
        directory,
        found,
        limit,
        ShowValues::Masked,
    ))
}

/// A verification in progress.
struct Comparing<'d, 'l> {
    directory: &'d Directory<'l>,
    state: ReadState,
    planner: Planner<'l>,
    ownership: Ownership,
    comparison: Comparison,
    limit: usize,
}

impl<'d, 'l> Comparing<'d, 'l> {
    fn begin(
        directory: &'d Directory<'l>,
        database: &mut ReadTransaction,
        limit: usize,
    ) -> Result<Self, OperationError> {
        let target = database.tables().inspect_tables(directory.layout)?;
        let now = (directory.ctx.clock)();
        let mut ownership = Ownership::default();
        ownership.knows_rows = database.ledger().knows_rows_of(&directory.source)?;
        Ok(Self {
            directory,
            state: ReadState::new(directory, InvalidPolicy::Abort),
            planner: directory.planner(&target, ConflictPolicy::Report, now),
            ownership,
            comparison: Comparison::new(directory.layout, limit),
            limit,
        })
    }

    /// Reads all files and compares their rows.
    fn read(&mut self, database: &SharedTransaction<'_>) -> Result<(), OperationError> {
        let directory = self.directory;
        let files: Vec<_> = directory.survey.files.iter().map(|file| file.id).collect();
        let _span = tracing::info_span!("compare").entered();
        for wave in directory.waves(Stage::Verify, &files) {
            let resolved = directory.resolve(&wave, Some(&self.planner), Some(database))?;
            directory.read(&wave.files, &resolved, |events| {
                for event in events {
                    match event? {
                        ReadEvent::Begin(_) => {}
                        ReadEvent::Records(file, records) => {
                            for row in &records.invalid {
                                self.planner.record_invalid(row);
                            }
                            if let Some((rows, _memory)) = self.state.records(file, records) {
                                self.compare(database, rows)?;
                            }
                        }
                        ReadEvent::End(file, findings) => {
                            self.state.end(directory, file, findings);
                        }
                    }
                }
                check_scratch(&self.planner)
            })?;
        }
        self.state.finish(directory);
        let problems = self.planner.finish();
        self.state.late_problems(directory, problems);
        Ok(())
    }

    /// Compares some rows of a file, parents before children.
    fn compare(
        &mut self,
        database: &SharedTransaction<'_>,
        rows: Vec<MappedRow>,
    ) -> Result<(), OperationError> {
        let mut batch = RowBatch::new(rows);
        let mut problems = Vec::new();
        while let Some(round) = self.planner.next_round(&mut batch, &mut problems) {
            let lookup = self.directory.look_up(
                database,
                &self.planner,
                &mut self.ownership,
                &batch,
                &round,
                LookupScope::All,
            )?;
            self.planner.compare(
                &mut batch,
                &round,
                &lookup,
                &mut self.comparison,
                &mut problems,
            );
        }
        for problem in problems {
            self.state.problem(self.directory, problem);
        }
        Ok(())
    }
}

fn outcome(
    options: &VerifyOptions,
    comparing: Comparing<'_, '_>,
    database: &mut ReadTransaction,
) -> Result<VerifyOutcome, OperationError> {
    let directory = comparing.directory;
    let mut differences = differences::differences(
        directory,
        &comparing.comparison.discrepancies,
        options.limit,
        options.show,
    );
    let mut tables = Vec::new();
    let mut extra = Extra::new(&comparing, options.limit - differences.len());
    for (index, compared) in comparing.comparison.tables.enumerated() {
        directory.ctx.check_interrupt()?;
        let (rows, removed) = extra.rows(database, index, compared)?;
        differences.extend(removed);
        tables.push(verified(directory.layout, index, compared, rows));
    }
    let Comparing { mut state, .. } = comparing;
    state.findings.extend(tables.iter().filter_map(foreign));
    let unfinished = unfinished_findings(database, Level::Error)?;
    let is_unfinished = !unfinished.is_empty();
    let files_have_errors = state.has_errors();
    state.findings.extend(unfinished);
    let counted: u64 = tables.iter().map(VerifiedTable::differences).sum();
    let status = if counted > 0 || is_unfinished {
        VerifyStatus::Different
    } else if state.findings.count_of(Rule::NoFiles) > 0 {
        VerifyStatus::Nothing
    } else if files_have_errors {
        VerifyStatus::Invalid
    } else {
        VerifyStatus::Equal
    };
    Ok(VerifyOutcome {
        status,
        layout: directory.layout.name.clone(),
        source: directory.source.clone(),
        database: options.database.to_string(),
        files: state.files,
        tables,
        rejected: state.rejected,
        files_have_errors,
        differences_not_kept: counted.saturating_sub(differences.len() as u64),
        differences,
        findings: directory.complete(state.findings),
    })
}

fn verified(
    layout: &Layout,
    index: TableIndex,
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

/// Reports rows that no import wrote. They are not differences: an application may have rows of its own.
fn foreign(table: &VerifiedTable) -> Option<Finding> {
    const LISTED: usize = 5;
    let extra = &table.extra;
    let mut listed: Vec<&str> = extra
        .foreign_record_ids
        .iter()
        .map(RecordId::as_str)
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

/// Reports that the same files were imported under another name: the ledger has their rows as those of another
/// directory.
fn moved(other: &str) -> Finding {
    Finding::new(
        Level::Warning,
        Rule::MovedSource,
        None,
        format!("files with the same contents were imported from `{other}`"),
    )
    .hint(format!(
        "if the directory was moved, verify it with `--source {}`",
        shell_quoted(other)
    ))
}

/// Rejects a ledger that this version cannot read.
fn require_current_ledger(database: &mut ReadTransaction) -> Result<(), OperationError> {
    if !database.has_ledger()? {
        return Ok(());
    }
    super::proof::require_seals(database)
}
