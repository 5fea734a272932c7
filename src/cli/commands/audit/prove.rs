//! `accession audit seal`, `verify`, `receipt`, `reconcile`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::audit::seal::Anchor;
use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::SealOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::proof::{
    AnchorSource, CheckOptions, ReconcileOptions, TrailStatus, check_trail, reconcile,
    seal_outside_changes,
};
use crate::report::{
    Tell, outside_seal_json, outside_seal_text, reconciled_json, reconciled_text, trail_json,
    trail_text,
};

use super::receipt::{receipt, verify_receipt};

#[derive(Debug, Subcommand)]
pub(super) enum Prove {
    /// Seal the changes that other programs made
    ///
    /// Runs seal their own changes. Changes by other programs are recorded as they happen, and can be altered unnoticed
    /// until they are sealed: run this from time to time, and keep the line it adds to `seals.log` elsewhere.
    #[command(after_help = EXIT_CODES)]
    Seal {
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        archive: SealOptions,
    },
    /// Write a small file that proves what a run did, without the database
    ///
    /// It has the files that the run read with their hashes, counts, conversions, digests of the rows, and the root over
    /// all entries, and can prove any one entry. `accession audit verify --receipt FILE` checks it anywhere.
    #[command(after_help = EXIT_CODES)]
    Receipt {
        /// The run's id, or its beginning if no other run has the same
        run: String,
        #[command(flatten)]
        database: DatabaseOptions,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// A row to prove: what the run did to it last, with its values
        #[arg(long, num_args = 2, value_names = ["TABLE", "RECORD"])]
        record: Option<Vec<String>>,
    },
    /// Check that the rows are what the audit trail says
    ///
    /// The trail is replayed and compared with the rows. Whatever changed without an entry is listed: by programs that
    /// dropped the triggers, by `REPLACE` with SQLite's default settings, by `TRUNCATE`, by an editor of files. Nothing
    /// is written.
    #[command(after_help = EXIT_CODES)]
    Reconcile {
        #[command(flatten)]
        database: DatabaseOptions,
        /// How many differences are listed; all are counted
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
    /// Check that the audit trail is what was sealed
    ///
    /// Every hash is computed anew from the rows. The first entries that were edited, deleted, inserted or reordered are
    /// named. Without an anchor, cutting off the last seals with their entries cannot be noticed. Nothing is written.
    #[command(after_help = EXIT_CODES)]
    Verify {
        #[command(flatten)]
        database: DatabaseOptions,
        /// Check a receipt instead: that it holds together, and, given `--database`, that this has its seal; the
        /// database that `DATABASE_URL` names is not asked
        #[arg(long, value_name = "FILE", conflicts_with = "anchor")]
        receipt: Option<PathBuf>,
        /// A seal that was kept elsewhere: its hash, or a file of lines of `seals.log`; may be repeated
        #[arg(long, value_name = "FILE|HASH")]
        anchor: Vec<String>,
        /// How many differences are listed; all are counted
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
}

impl Prove {
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
                    anchors: anchors(&anchor)?,
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
    let seal = seal_outside_changes(&url, database.wait(), &place, now())?;
    if let Some(seal) = &seal {
        output.findings(&seal.findings, Tell::All);
    }
    output.result(
        || outside_seal_text(&url.to_string(), seal.as_ref()),
        || outside_seal_json(seal.as_ref()),
    );
    Ok(Exit::Done)
}

fn reconciled(options: &ReconcileOptions, output: &Output) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = reconcile(options, work.surroundings())?;
    output.result(|| reconciled_text(&outcome), || reconciled_json(&outcome));
    Ok(if outcome.is_clean() {
        Exit::Done
    } else {
        Exit::Difference
    })
}

fn verify(options: &CheckOptions, output: &Output) -> Result<Exit, CommandError> {
    let work = Work::begin(output);
    let outcome = check_trail(options, work.surroundings())?;
    output.result(|| trail_text(&outcome), || trail_json(&outcome));
    Ok(match outcome.status {
        TrailStatus::Anchored | TrailStatus::SelfConsistent | TrailStatus::Unsealed => Exit::Done,
        TrailStatus::Different => Exit::Difference,
    })
}

/// Hashes as they are given, and those that files hold, one per line.
fn anchors(given: &[String]) -> Result<Vec<(AnchorSource, Anchor)>, CommandError> {
    let mut anchors = Vec::new();
    for given in given {
        if let Ok(anchor) = given.parse() {
            anchors.push((AnchorSource::Given, anchor));
            continue;
        }
        let path = PathBuf::from(given);
        if !path.exists() {
            return Err(CommandError::Usage(format!(
                "`{given}` is neither the hash of a seal (64 hexadecimal digits) nor a file of lines of `seals.log`"
            )));
        }
        for line in read_lines(&path)? {
            let anchor = line.parse();
            let anchor = anchor
                .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))?;
            anchors.push((AnchorSource::File(given.clone()), anchor));
        }
    }
    Ok(anchors)
}

fn read_lines(path: &Path) -> Result<Vec<String>, CommandError> {
    let text = std::fs::read_to_string(path).map_err(CommandError::unreadable(path))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}
