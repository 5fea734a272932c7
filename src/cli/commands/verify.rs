//! `accession verify`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::DirectoryOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::verify::{VerifyOptions, VerifyStatus, verify};
use crate::parse::Limits;
use crate::report::{verify_json, verify_text};

/// Check that a database holds exactly what the files of a directory say
///
/// Every value of every row is compared with the files, which are read and validated as for an import. Rows that are
/// missing, differ, or were imported from records that are no longer in the files are differences; rows of other
/// directories and of other programs are only counted. A directory without a file of the layout is no success: there
/// was nothing to compare. Nothing is written.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    read: DirectoryOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    /// The directory's name in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// How many differences are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
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
            limits: Limits::default(),
        };
        let work = Work::begin(output);
        let outcome = verify(&options, &layout, work.surroundings())?;
        output.findings(&outcome.findings, self.read.findings.tell());
        output.result(|| verify_text(&outcome), || verify_json(&outcome));
        Ok(match outcome.status {
            VerifyStatus::Equal => Exit::Done,
            VerifyStatus::Different | VerifyStatus::Nothing => Exit::Difference,
            VerifyStatus::Invalid => Exit::Invalid,
        })
    }
}
