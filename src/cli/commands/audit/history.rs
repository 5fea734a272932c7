//! `accession audit history`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::cli::output_options::Format;
use crate::cli::parts::{Parts, unless_closed};
use crate::operations::audit::history;
use crate::report::audit::{HistoryForm, HistorySheet};

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
        let form = match self.form.format() {
            Format::Text | Format::Jsonl | Format::Html => HistoryForm::Text(self.full.cut(120)),
            Format::Json | Format::Sarif => HistoryForm::Json,
            Format::Csv => HistoryForm::Csv,
        };
        let mut sheet = HistorySheet::new(form);
        let (mut parts, mut written) = (Parts::new(output, self.form.reader()), Ok(()));
        let history = history(
            &url,
            wait,
            &self.table,
            &self.record,
            &mut |history, version| {
                written = sheet.version(&mut parts, history, &version);
                unless_closed(&written)
            },
        )?;
        let written = written.and_then(|()| sheet.finish(&mut parts, &history));
        parts.finish(written);
        Ok(Exit::Done)
    }
}
