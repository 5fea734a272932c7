//! `accession audit seal`, `verify`, `receipt`, `reconcile`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::audit::seal::{Anchor, LogLine};
use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::numbers::how_many;
use crate::cli::options::SealOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::model::{LARGE, read_regular_text};
use crate::operations::proof::{
    AnchorSource, AuditLogStatus, CheckOptions, ReconcileOptions, check_audit_log, reconcile,
    seal_outside_changes,
};
use crate::report::{
    FindingDetail, OutsideSealView, ReconciledView, SealsView, outside_seal_text, reconciled_text,
    seals_text,
};

use super::receipt::{receipt, verify_receipt};

#[derive(Debug, Subcommand)]
pub(super) enum ProofCommand {
    /// Seal changes made by other programs
    ///
    /// Runs seal their own changes. Changes by other programs are recorded as they happen, but can be altered
    /// unnoticed until they are sealed. Run this command regularly, and keep a copy of the line it appends to
    /// `seals.log` elsewhere.
    #[command(after_help = EXIT_CODES)]
    Seal {
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
    },
    /// Write a receipt: a small file that proves the changes of a run without the database
    ///
    /// The receipt contains the files that the run read, with their hashes; counts and conversions; digests of the
    /// rows; and the Merkle root of all entries, with which it can prove any single entry. `accession audit verify
    /// --receipt FILE` checks it on any machine.
    #[command(after_help = EXIT_CODES)]
    Receipt {
        /// The run's id or a unique prefix of it
        run: String,
        #[command(flatten)]
        database: DatabaseOptions,
        /// File to write the receipt to [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Row to prove: the last change that the run made to it, with its values
        #[arg(long, num_args = 2, value_names = ["TABLE", "RECORD"])]
        record: Option<Vec<String>>,
    },
    /// Check that the rows match the audit log
    ///
    /// The audit log is replayed and compared with the rows. Every change without an entry is listed, for example by
    /// a program that dropped or disabled the triggers, by `TRUNCATE` on MySQL and MariaDB, or by an edit of the
    /// database file. Nothing is written.
    #[command(after_help = EXIT_CODES)]
    Reconcile {
        #[command(flatten)]
        database: DatabaseOptions,
        /// Maximum number of differences to list; all are counted
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = how_many)]
        limit: usize,
    },
    /// Check that the audit log matches its seals
    ///
    /// Every hash is recomputed from the rows. The first entries that were edited, deleted, inserted or reordered
    /// are listed. Without an anchor, the removal of the last seals together with their entries cannot be detected.
    /// Nothing is written.
    #[command(after_help = EXIT_CODES)]
    Verify {
        #[command(flatten)]
        database: DatabaseOptions,
        /// Check a receipt instead: whether it is consistent, and, with `--database`, whether the database has its
        /// seal; `DATABASE_URL` is ignored
        #[arg(long, value_name = "FILE", conflicts_with = "anchor")]
        receipt: Option<PathBuf>,
        /// A seal that was kept elsewhere: its hash, or a file with lines of `seals.log`; repeatable
        #[arg(long, value_name = "FILE|HASH")]
        anchor: Vec<String>,
        /// Maximum number of differences to list; all are counted
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = how_many)]
        limit: usize,
    },
}

impl ProofCommand {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self {
            Self::Seal { database, archive } => seal(&database, archive, output),
            Self::Reconcile { database, limit } => {
                let options = ReconcileOptions {
                    database: database.url(output)?,
                    wait: database.wait(),
                    limit,
                };
                reconciled(&options, output)
            }
            Self::Receipt {
                run,
                database,
                output: file,
                record,
            } => receipt(&run, &database, file.as_deref(), record.as_deref(), output),
            Self::Verify {
                database,
                receipt: Some(path),
                ..
            } => verify_receipt(&path, &database, output),
            Self::Verify {
                database,
                anchor,
                limit,
                receipt: None,
            } => {
                let options = CheckOptions {
                    database: database.url(output)?,
                    wait: database.wait(),
                    anchors: anchors(&anchor, output)?,
                    limit,
                };
                verify(&options, output)
            }
        }
    }
}

fn seal(
    database: &DatabaseOptions,
    archive: SealOptions,
    output: &Output,
) -> Result<Exit, CommandError> {
    let url = database.url(output)?;
    let place = archive.place(&url)?;
    let run = run_context(None, None)?;
    let (seal, findings) = seal_outside_changes(&url, database.wait(), &place, &run)?;
    output.findings(&findings, FindingDetail::All);
    output.result(
        || outside_seal_text(&url.to_string(), seal.as_ref()),
        || OutsideSealView::new(seal.as_ref(), &findings),
    );
    Ok(Exit::Done)
}

fn reconciled(options: &ReconcileOptions, output: &Output) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = reconcile(options, work.context())?;
    output.result(
        || reconciled_text(&outcome),
        || ReconciledView::from(&outcome),
    );
    Ok(if outcome.is_clean() {
        Exit::Done
    } else {
        Exit::Difference
    })
}

fn verify(options: &CheckOptions, output: &Output) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = check_audit_log(options, work.context())?;
    output.result(|| seals_text(&outcome), || SealsView::from(&outcome));
    Ok(match outcome.status {
        AuditLogStatus::Anchored | AuditLogStatus::SelfConsistent | AuditLogStatus::Unsealed => {
            Exit::Done
        }
        AuditLogStatus::Different => Exit::Difference,
    })
}

/// Parses hashes given as arguments, and the lines of files.
fn anchors(given: &[String], output: &Output) -> Result<Vec<(AnchorSource, Anchor)>, CommandError> {
    let mut anchors = Vec::new();
    for given in given {
        if let Ok(anchor) = given.parse() {
            anchors.push((AnchorSource::Given, anchor));
            continue;
        }
        let path = PathBuf::from(given);
        if !path.exists() {
            return Err(CommandError::Usage(format!(
                "`{given}` is neither the hash of a seal (64 hexadecimal digits) nor a file with lines of `seals.log`"
            )));
        }
        let before = anchors.len();
        for line in read_lines(&path)? {
            let parsed = line.parse();
            let parsed = parsed
                .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))?;
            let anchor = match parsed {
                LogLine::Whole(anchor) => Some(anchor),
                LogLine::Torn(appended) => {
                    output.notice(&format!(
                        "{}: a line is incomplete, because writing it was interrupted; it is not compared",
                        path.display()
                    ));
                    appended
                }
            };
            anchors.extend(anchor.map(|anchor| (AnchorSource::File(given.clone()), anchor)));
        }
        if anchors.len() == before {
            let message = format!("{}: the file has no line of `seals.log`", path.display());
            return Err(CommandError::Usage(message));
        }
    }
    Ok(anchors)
}

fn read_lines(path: &Path) -> Result<Vec<String>, CommandError> {
    let text = read_regular_text(path, LARGE).map_err(CommandError::unreadable(path))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}
