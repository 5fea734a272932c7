//! `accession audit log`.

use std::io::Write;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::TableOptions;
use crate::cli::numbers::how_many;
use crate::cli::output::Output;
use crate::cli::output_options::Format;
use crate::cli::parts::{Parts, unless_closed};
use crate::operations::audit::{log, log_entries};
use crate::report::audit::{EntriesForm, EntriesSheet, LogView, log_csv, log_text};

use super::filter::{FilterOptions, report_unmatched};

/// List changes, newest first: one line per run, and one per day for other programs
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Log {
    #[command(flatten)]
    database: DatabaseOptions,
    /// One line per entry, that is, per changed row
    #[arg(long)]
    entries: bool,
    /// Maximum number of lines; the last line shows the total
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = how_many)]
    limit: usize,
    #[command(flatten)]
    filter: FilterOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Log {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let by_entry = self.entries || self.filter.is_after();
        let query = self.filter.query()?;
        if by_entry {
            let form = match self.form.format() {
                Format::Text | Format::Jsonl | Format::Html => EntriesForm::Text,
                Format::Json | Format::Sarif => EntriesForm::Json,
                Format::Csv => EntriesForm::Csv,
            };
            let mut sheet = EntriesSheet::new(form);
            let (mut parts, mut written) = (Parts::new(output, self.form.reader()), Ok(()));
            let log = log_entries(&url, wait, &query, self.limit, &mut |entry, attribution| {
                written = sheet.entry(&mut parts, entry, attribution);
                unless_closed(&written)
            })?;
            let written = written.and_then(|()| sheet.finish(&mut parts, &log));
            parts.finish(written);
            self.form.report_omitted_rows(log.shown, log.count);
            report_unmatched(output, &url, wait, &query, log.count)?;
        } else {
            let log = log(&url, wait, &query, self.limit)?;
            let (text, json) = (
                |out: &mut dyn Write| out.write_all(log_text(&log).as_bytes()),
                || LogView::from(&log),
            );
            self.form
                .print(output, text, json, |out| log_csv(out, &log));
            self.form.report_omitted_rows(log.lines.len(), log.count);
            report_unmatched(output, &url, wait, &query, log.count)?;
        }
        Ok(Exit::Done)
    }
}
