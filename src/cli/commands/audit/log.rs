//! `accession audit log`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::TableOptions;
use crate::cli::output::Output;
use crate::operations::audit::{log, log_entries};
use crate::report::audit::{entries_csv, entries_json, entries_text, log_csv, log_json, log_text};

use super::filter::{FilterOptions, tell_unknown_names};

/// List what was changed, newest first: one line per run, and per day of other programs
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Log {
    #[command(flatten)]
    database: DatabaseOptions,
    /// One line per entry: per changed row
    #[arg(long)]
    entries: bool,
    /// How many lines; the last line tells how many there are
    #[arg(long, value_name = "N", default_value_t = 50)]
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
            let log = log_entries(&url, wait, &query, self.limit)?;
            let (text, json) = (|| entries_text(&log), || entries_json(&log));
            self.form.print(output, text, json, || entries_csv(&log));
            self.form.tell_what_is_missing(log.entries.len(), log.count);
            tell_unknown_names(output, (&url, wait), &query, log.count)?;
        } else {
            let log = log(&url, wait, &query, self.limit)?;
            let (text, json) = (|| log_text(&log), || log_json(&log));
            self.form.print(output, text, json, || log_csv(&log));
            self.form.tell_what_is_missing(log.lines.len(), log.count);
            tell_unknown_names(output, (&url, wait), &query, log.count)?;
        }
        Ok(Exit::Done)
    }
}
