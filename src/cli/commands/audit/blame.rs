//! `accession audit blame`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::operations::audit::blame;
use crate::report::audit::{blame_csv, blame_json, blame_text};

/// Show who wrote each column of a row last
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Blame {
    /// The table
    table: String,
    /// The row's primary key; several columns as a JSON array of texts
    record: String,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Blame {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let blame = blame(&url, wait, &self.table, &self.record)?;
        let text = || blame_text(&blame, self.full.cut(40));
        let (json, csv) = (|| blame_json(&blame), || blame_csv(&blame));
        self.form.print(output, text, json, csv);
        Ok(Exit::Done)
    }
}
