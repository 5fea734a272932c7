//! `accession audit where`.

use std::io::Write;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::TableOptions;
use crate::cli::numbers::how_many;
use crate::cli::output::Output;
use crate::model::Pointer;
use crate::operations::audit::rows_from_file;
use crate::report::audit::{RowsFromFileView, rows_from_file_csv, rows_from_file_text};

/// List the rows that came from a file, or from a location in it
#[derive(Debug, Args)]
#[command(name = "where", after_help = EXIT_CODES)]
pub(super) struct Where {
    /// The file, relative to the source directory
    file: String,
    /// JSON Pointer (RFC 6901) of a record, of a value in it, or of an element that contains it
    #[arg(default_value = "", hide_default_value = true)]
    pointer: String,
    /// Maximum number of rows; the last line shows the total
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = how_many)]
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
        let found = rows_from_file(&url, wait, &self.file, &self.pointer, self.limit)?;
        let (text, json) = (
            |out: &mut dyn Write| out.write_all(rows_from_file_text(&found).as_bytes()),
            || RowsFromFileView::from(&found),
        );
        self.form
            .print(output, text, json, |out| rows_from_file_csv(out, &found));
        self.form.report_omitted_rows(found.rows.len(), found.count);
        Ok(Exit::Done)
    }
}
