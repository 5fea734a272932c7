//! `accession audit as-of`.

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::now;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::numbers::how_many;
use crate::cli::output::Output;
use crate::cli::output_options::Format;
use crate::cli::parts::{Parts, unless_closed};
use crate::model::Timestamp;
use crate::operations::audit::{AsOfOptions, Moment, as_of, when};
use crate::report::audit::{AsOfSheet, SheetForm};

/// Show a table, or one of its rows, at a point in time
///
/// With a time: the rows that were committed by then; the changes of a run count from the end of that run. With a
/// run: the rows as that run left them. Rows are reconstructed from the audit log, so removed tables can be shown
/// too. For rows older than the audit log, values that never changed are taken from the current rows. A row that was
/// inserted without an entry is not shown, but counted.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct AsOf {
    /// Table name
    table: String,
    /// Show only the row with this primary key; write a key of several columns as a JSON array of strings
    record: Option<String>,
    /// RFC 3339, a day (its end), `yesterday`, an age (`3d`, `2h`), or a run's id or a prefix of it
    #[arg(long, value_name = "TIME|RUN", default_value = "now")]
    at: String,
    /// Maximum number of rows [default: 100 in tables, all in JSON and CSV]
    #[arg(long, value_name = "N", value_parser = how_many)]
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
            at: parse_moment(&self.at)?,
        };
        let (form, most) = match self.form.format() {
            Format::Text | Format::Jsonl | Format::Html => {
                (SheetForm::Text(self.full.cut(40)), 100)
            }
            Format::Json | Format::Sarif => (SheetForm::Json, usize::MAX),
            Format::Csv => (SheetForm::Csv, usize::MAX),
        };
        let limit = self.limit.unwrap_or(most);
        let mut sheet = AsOfSheet::new(&options.table, form, limit);
        let (mut parts, mut written) = (Parts::new(output, self.form.reader()), Ok(()));
        let (url, wait) = (self.database.url(output)?, self.database.wait());
        let outcome = as_of(&url, wait, &options, &mut |row| {
            written = sheet.row(&mut parts, &row);
            unless_closed(&written)
        })?;
        let written = written.and_then(|()| sheet.finish(&mut parts, &outcome));
        parts.finish(written);
        let shown = usize::try_from(outcome.rows).unwrap_or(limit).min(limit);
        self.form.report_omitted_rows(shown, outcome.rows);
        Ok(Exit::Done)
    }
}

/// Parses `--at`. Ids of runs begin with a zero, and no time does.
fn parse_moment(text: &str) -> Result<Moment, CommandError> {
    let is_run = text.starts_with('0') && text.len() >= 4;
    if is_run && !text.contains(':') {
        return Ok(Moment::Run(text.to_owned()));
    }
    let span = when(text, now()).map_err(|error| {
        let message = format!("{error}; run ids begin with `0`");
        CommandError::Usage(message)
    })?;
    // A day means its end.
    let end = match span.from == span.to {
        true => Some(span.to),
        false => Timestamp::from_micros(span.to.micros() - 1),
    };
    Ok(Moment::Time(end.unwrap_or(span.to)))
}
