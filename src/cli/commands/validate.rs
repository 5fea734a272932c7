//! `accession validate`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::environment::{interrupt_flag, now};
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{LayoutOptions, Setting, ValueOptions};
use crate::cli::output::Output;
use crate::cli::progress::Display;
use crate::operations::Surroundings;
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
    /// The legacy directory; it is only read
    directory: PathBuf,
    #[command(flatten)]
    layout: LayoutOptions,
    /// A parameter of the layout; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    #[command(flatten)]
    values: ValueOptions,
}

impl Validate {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let layout = self.layout.load(&self.directory)?;
        let options = ValidateOptions {
            directory: self.directory,
            parameters: self.set.into_iter().map(Setting::into_pair).collect(),
            show: self.values.show(),
            limits: Limits::default(),
        };
        let display = Display::new(output);
        let around = Surroundings {
            interrupted: &interrupt_flag(),
            progress: &display,
            clock: &now,
        };
        let outcome = validate(&options, &layout, around)?;
        output.findings(&outcome.findings, outcome.findings_not_kept);
        output.result(|| validate_text(&outcome), || validate_json(&outcome));
        Ok(match outcome.status {
            ValidateStatus::Valid => Exit::Done,
            ValidateStatus::Invalid => Exit::Invalid,
        })
    }
}
