//! `accession audit export`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::FileOptions;
use crate::cli::output::Output;
use crate::cli::output_options::Format;
use crate::cli::parts::{Parts, Reader, unless_closed};
use crate::operations::audit::each_entry;
use crate::report::audit::{self, ExportForm, Numbers};

use super::filter::{FilterOptions, report_unmatched};

/// Write all entries of the audit log to standard output, oldest first
///
/// In CSV, an apostrophe is put in front of strings that a spreadsheet would run as a formula: those that begin with
/// `=`, `+`, `-`, `@`, a tab or a carriage return.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Export {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Write JSON numbers as strings, for programs that would round long ones
    #[arg(long)]
    numbers_as_strings: bool,
    #[command(flatten)]
    filter: FilterOptions,
    #[command(flatten)]
    form: FileOptions,
}

impl Export {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let form = match self.form.format() {
            Format::Jsonl | Format::Text => ExportForm::JsonLines,
            Format::Json | Format::Sarif => ExportForm::Json,
            Format::Csv => ExportForm::Csv,
            Format::Html => ExportForm::Html,
        };
        let numbers = match self.numbers_as_strings {
            true => Numbers::AsStrings,
            false => Numbers::Exact,
        };
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let query = self.filter.query()?;
        let title = "Audit log".to_owned();
        let subtitle = format!("{url} · exported {}", now());
        let mut export = audit::Export::new(form, numbers, title, subtitle);
        let (mut parts, mut written) = (Parts::new(output, Reader::Program), Ok(()));
        let found = each_entry(&url, wait, &query, &mut |entry, attribution| {
            written = export.entry(&mut parts, entry, attribution);
            unless_closed(&written)
        })?;
        let written = written.and_then(|()| export.finish(&mut parts));
        parts.finish(written);
        report_unmatched(output, &url, wait, &query, found)?;
        Ok(Exit::Done)
    }
}
