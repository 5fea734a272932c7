//! `accession verify`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::numbers::how_many;
use crate::cli::options::DirectoryOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::verify::{VerifyOptions, VerifyStatus, verify};
use crate::report::{VerifyView, verify_text};

/// Check that a database matches the files of a directory exactly
///
/// Compares every value of every row with the files, which are read and validated as in an import. Rows that are
/// missing, that differ, or whose records are no longer in the files are differences. Rows of other directories and
/// other programs are only counted. A directory without any file of the layout is an error, because nothing was
/// compared. Nothing is written.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    read: DirectoryOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    /// Name of the directory in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Maximum number of differences to list; all are counted
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = how_many)]
    limit: usize,
}

impl Verify {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let layout = self.read.layout()?;
        let options = VerifyOptions {
            database: self.database.url(output)?,
            wait: self.database.wait(),
            source: self.source,
            parameters: self.read.parameters(),
            show: self.read.findings.show(),
            keep: self.read.findings.keep(),
            directory: self.read.directory,
            limit: self.limit,
            limits: self.read.size.limits(),
        };
        let work = Work::begin(output);
        let outcome = verify(&options, &layout, work.context())?;
        output.findings(&outcome.findings, self.read.findings.detail());
        output.result(
            || verify_text(&outcome, options.show),
            || VerifyView::from(&outcome),
        );
        Ok(match outcome.status {
            VerifyStatus::Equal => Exit::Done,
            VerifyStatus::Different | VerifyStatus::Nothing => Exit::Difference,
            VerifyStatus::Invalid => Exit::Invalid,
        })
    }
}
