//! `accession audit show`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::operations::audit::show_entry;
use crate::report::audit::{show_csv, show_json, show_text};

/// Show one entry: who, when, why, and each column before and after
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Show {
    /// Number of the entry
    #[arg(value_parser = number)]
    entry: i64,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

fn number(text: &str) -> Result<i64, &'static str> {
    text.parse()
        .map_err(|_| "expected the number of an entry, as `accession audit log --entries` shows it")
}

impl Show {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let details = show_entry(
            &self.database.url(output)?,
            self.database.wait(),
            self.entry,
        )?;
        let text = || show_text(&details, self.full.cut(300));
        let (json, csv) = (|| show_json(&details), || show_csv(&details));
        self.form.print(output, text, json, csv);
        Ok(Exit::Done)
    }
}
