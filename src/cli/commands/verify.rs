//! `accession verify`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::environment::{interrupt_flag, now};
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{DatabaseOptions, LayoutOptions, Setting, ValueOptions};
use crate::cli::output::Output;
use crate::cli::progress::Display;
use crate::operations::Surroundings;
use crate::operations::verify::{VerifyOptions, VerifyStatus, verify};
use crate::parse::Limits;
use crate::report::{verify_json, verify_text};

/// Check that a database holds exactly what the files of a directory say
///
/// Every value of every row is compared with the files, which are read and validated as for an import. Rows that are
/// missing, differ, or were imported from records that are no longer in the files are differences; rows of other
/// directories and of other programs are only counted. Nothing is written.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Verify {
    /// The legacy directory; it is only read
    directory: PathBuf,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    layout: LayoutOptions,
    /// A parameter of the layout, as it was given to the import; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    /// The directory's name in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    values: ValueOptions,
    /// How many differences are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

impl Verify {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let layout = self.layout.load(&self.directory)?;
        let options = VerifyOptions {
            database: self.database.url()?,
            wait: self.database.wait(),
            directory: self.directory,
            source: self.source,
            parameters: self.set.into_iter().map(Setting::into_pair).collect(),
            show: self.values.show(),
            limit: self.limit,
            limits: Limits::default(),
        };
        let display = Display::new(output);
        let around = Surroundings {
            interrupted: &interrupt_flag(),
            progress: &display,
            clock: &now,
        };
        let outcome = verify(&options, &layout, around)?;
        output.findings(&outcome.findings, outcome.findings_not_kept);
        output.result(|| verify_text(&outcome), || verify_json(&outcome));
        Ok(match outcome.status {
            VerifyStatus::Equal => Exit::Done,
            VerifyStatus::Different => Exit::Difference,
            VerifyStatus::Invalid => Exit::Invalid,
        })
    }
}
