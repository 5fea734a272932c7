//! `accession audit history`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::operations::audit::history;
use crate::report::audit::{HistoryView, history_csv, history_text};

/// Show every version of a row, oldest first, with run, actor and reason
///
/// A row whose key changed is followed back to its earlier keys. Entries that contradict earlier entries are marked.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct History {
    /// Table name
    table: String,
    /// The row's primary key; write a key of several columns as a JSON array of strings
    #[arg(allow_hyphen_values = true)]
    record: String,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl History {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let history = history(&url, wait, &self.table, &self.record)?;
        let text = || history_text(&history, self.full.cut(120));
        let (json, csv) = (|| HistoryView::from(&history), || history_csv(&history));
        self.form.print(output, text, json, csv);
        Ok(Exit::Done)
    }
}
