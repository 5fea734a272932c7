//! `accession audit why`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::layout;
use crate::operations::audit::why::{self, WhyOptions};
use crate::report::audit::{why_csv, why_json, why_text};

/// Show where a row or a value came from, and prove it with the archived original
///
/// The run, the person, the time and the reason; the file, line, bytes and JSON pointer; what was converted and how it
/// was written. The original is read again, its digest checked, and the value found there compared. So is the row in its
/// table.
///
/// Ends with 4 if the original cannot be read or does not say what the run imported, or if the table holds something else
/// than the trail says.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Why {
    /// The table
    table: String,
    /// The row's primary key; several columns as a JSON array of texts
    record: String,
    /// Only this column
    column: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
    /// Name or directory of the layout that the run used [default: the built-in one of the run's layout's name]
    #[arg(long, value_name = "NAME|PATH")]
    layout: Option<String>,
    /// Where the archive is, if it is not where the run made it
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

impl Why {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let named = self.layout;
        let find = |name: &str| {
            // A directory that happens to be called so is not taken for the layout.
            let found = match &named {
                Some(named) => layout::find(named),
                None => layout::builtin(name),
            };
            found.map_err(|error| format!("{error}; name it with `--layout PATH`"))
        };
        let why = why::why(&WhyOptions {
            database: self.database.url(output)?,
            wait: self.database.wait(),
            table: self.table,
            record: self.record,
            column: self.column,
            archive: self.archive,
            layout: &find,
        })?;
        let text = || why_text(&why, self.full.cut(120));
        let (json, csv) = (|| why_json(&why), || why_csv(&why));
        self.form.print(output, text, json, csv);
        Ok(match why.is_broken() {
            true => Exit::Difference,
            false => Exit::Done,
        })
    }
}
