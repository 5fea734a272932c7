//! `accession validate`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::DirectoryOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::validate::{ValidateOptions, ValidateStatus, validate};
use crate::parse::Limits;
use crate::report::{validate_json, validate_text};

/// Check a directory of JSON files without a database
///
/// Reads every file, checks it against its JSON Schema and maps it to rows. What needs a database is left to
/// `accession import --dry-run`: whether keys are unique, and whether rows that are referred to exist. Parameters of the
/// layout need not be given.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Validate {
    #[command(flatten)]
    read: DirectoryOptions,
}

impl Validate {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let layout = self.read.layout()?;
        let options = ValidateOptions {
            parameters: self.read.parameters(),
            show: self.read.findings.show(),
            keep: self.read.findings.keep(),
            limits: Limits::default(),
            directory: self.read.directory,
        };
        let work = Work::begin(output);
        let outcome = validate(&options, &layout, work.surroundings())?;
        output.reviewed(
            (&outcome.findings, self.read.findings.tell()),
            || validate_text(&outcome),
            || validate_json(&outcome),
        );
        Ok(match outcome.status {
            ValidateStatus::Valid => Exit::Done,
            ValidateStatus::Invalid => Exit::Invalid,
        })
    }
}
