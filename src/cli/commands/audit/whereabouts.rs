//! `accession audit where`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::TableOptions;
use crate::cli::output::Output;
use crate::model::Pointer;
use crate::operations::audit::whereabouts;
use crate::report::audit::{whereabouts_csv, whereabouts_json, whereabouts_text};

/// List the rows that came from a file, or from a place in it
#[derive(Debug, Args)]
#[command(name = "where", after_help = EXIT_CODES)]
pub(super) struct Where {
    /// The file, relative to the legacy directory
    file: String,
    /// JSON Pointer (RFC 6901): a record, or something in it or around it
    #[arg(default_value = "", hide_default_value = true)]
    pointer: String,
    /// How many rows; the last line tells how many there are
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Where {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        Pointer::parse(&self.pointer).map_err(|error| CommandError::Usage(error.to_string()))?;
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let found = whereabouts(&url, wait, &self.file, &self.pointer, self.limit)?;
        let (text, json) = (|| whereabouts_text(&found), || whereabouts_json(&found));
        self.form
            .print(output, text, json, || whereabouts_csv(&found));
        self.form
            .tell_what_is_missing(found.rows.len(), found.count);
        Ok(Exit::Done)
    }
}
