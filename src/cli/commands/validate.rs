//! `accession validate`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::ReviewOptions;
use crate::cli::options::DirectoryOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::validate::{ValidateOptions, ValidateStatus, validate};
use crate::report::{ValidateView, validate_text};

/// Check a directory of JSON files without a database
///
/// Reads every file, validates it against its JSON Schema, and maps it to rows. Checks that need a database, such as
/// unique keys and references to other rows, are left to `accession import --dry-run`. Parameters of the layout are
/// optional here.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Validate {
    #[command(flatten)]
    read: DirectoryOptions,
    #[command(flatten)]
    form: ReviewOptions,
}

impl Validate {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let layout = self.read.layout()?;
        let options = ValidateOptions {
            parameters: self.read.parameters(),
            show: self.read.findings.show(),
            keep: self.read.findings.keep(),
            limits: self.read.size.limits(),
            directory: self.read.directory,
        };
        let work = Work::begin(output);
        let outcome = validate(&options, &layout, work.context())?;
        output.print_review(
            &outcome.findings,
            self.read.findings.detail(),
            || validate_text(&outcome),
            || ValidateView::from(&outcome),
        );
        Ok(match outcome.status {
            ValidateStatus::Valid => Exit::Done,
            ValidateStatus::Invalid => Exit::Invalid,
        })
    }
}
