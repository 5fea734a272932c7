//! `accession audit blame`.

use std::io::Write;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::operations::audit::blame;
use crate::report::audit::{blame_csv, blame_text};

/// Show the last change of each column of a row, with actor and run
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Blame {
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

impl Blame {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let blame = blame(&url, wait, &self.table, &self.record)?;
        let text =
            |out: &mut dyn Write| out.write_all(blame_text(&blame, self.full.cut(40)).as_bytes());
        self.form
            .print(output, text, || &blame, |out| blame_csv(out, &blame));
        Ok(Exit::Done)
    }
}
