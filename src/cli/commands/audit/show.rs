//! `accession audit show`.

use std::io::Write;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::numbers::entry;
use crate::cli::output::Output;
use crate::model::EntryId;
use crate::operations::audit::show_entry;
use crate::report::audit::{EntryDetailsView, show_csv, show_text};

/// Show one entry: actor, time, reason, and the old and new value of each column
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Show {
    /// Id of the entry
    #[arg(value_parser = entry, allow_negative_numbers = true)]
    entry: EntryId,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Show {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let details = show_entry(
            &self.database.url(output)?,
            self.database.wait(),
            self.entry,
        )?;
        let text = |out: &mut dyn Write| show_text(out, &details, self.full.cut(300));
        let json = || EntryDetailsView::from(&details);
        self.form
            .print(output, text, json, |out| show_csv(out, &details));
        Ok(Exit::Done)
    }
}
