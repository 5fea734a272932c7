//! `accession audit as-of`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::{FullOptions, Parts, TableOptions};
use crate::cli::options::Format;
use crate::cli::output::Output;
use crate::model::Timestamp;
use crate::operations::audit::{AsOfOptions, Moment, as_of, when};
use crate::report::audit::{AsOfSheet, SheetForm};

/// Show a table, or one row of it, as it was
///
/// With a time: what was committed by then; a run counts from its end on. With a run: as that run left it. The rows
/// are made from the trail, so tables that are gone can be shown as well; where rows are older than the trail, what never
/// changed is taken from the rows as they are now.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct AsOf {
    /// The table
    table: String,
    /// Only the row of this primary key; several columns as a JSON array of texts
    record: Option<String>,
    /// RFC 3339, a day (its end), `yesterday`, how long ago (`3d`, `2h`), or a run's id or its beginning
    #[arg(long, value_name = "TIME|RUN")]
    at: String,
    /// How many rows [default: 100 in a table, all in JSON and CSV]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl AsOf {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let options = AsOfOptions {
            table: self.table,
            record: self.record,
            at: moment(&self.at)?,
        };
        let (form, most) = match self.form.format() {
            Format::Text | Format::Jsonl | Format::Html => {
                (SheetForm::Text(self.full.cut(40)), 100)
            }
            Format::Json | Format::Sarif => (SheetForm::Json, usize::MAX),
            Format::Csv => (SheetForm::Csv, usize::MAX),
        };
        let limit = self.limit.unwrap_or(most);
        let mut sheet = AsOfSheet::new(form, limit);
        let mut parts = Parts::new(output);
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let outcome = as_of(&url, wait, &options, &mut |row| parts.add(&sheet.row(&row)))?;
        match form {
            SheetForm::Text(_) => output.data(&sheet.finish(&outcome)),
            SheetForm::Json | SheetForm::Csv => parts.finish(&sheet.finish(&outcome)),
        }
        let shown = usize::try_from(outcome.rows).unwrap_or(limit).min(limit);
        self.form.tell_what_is_missing(shown, outcome.rows);
        Ok(Exit::Done)
    }
}

/// A text that says a time is one; ids of runs begin with a zero, and no time does.
fn moment(text: &str) -> Result<Moment, CommandError> {
    let is_run = text.starts_with('0') && text.len() >= 4;
    if is_run && !text.contains(':') {
        return Ok(Moment::Run(text.to_owned()));
    }
    let span = when(text, now()).map_err(|error| {
        let message = format!("{error}; or a run's id or its beginning, and none begins like that");
        CommandError::Usage(message)
    })?;
    // A day is shown as it ended.
    let end = match span.from == span.to {
        true => Some(span.to),
        false => Timestamp::from_micros(span.to.micros() - 1),
    };
    Ok(Moment::Time(end.unwrap_or(span.to)))
}
