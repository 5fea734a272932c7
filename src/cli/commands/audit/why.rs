//! `accession audit why`.

use std::error::Error as _;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::{FullOptions, TableOptions};
use crate::cli::output::Output;
use crate::cli::record_limit::RecordLimit;
use crate::layout::{self, LayoutError};
use crate::model::shell_word;
use crate::operations::audit::why::{self, WhyOptions};
use crate::report::audit::{WhyView, why_csv, why_text};

/// Show the origin of a row or value, and check it against the archived original
///
/// Shows the run, actor, time and reason; the file, line, byte range and JSON Pointer; and the conversions, with the
/// original text. The archived original is read again, its digest is checked, and its value is compared with the
/// imported one. The row is compared with its table as well.
///
/// Exits with 4 if the original cannot be read, if it differs from what the run imported, or if the table differs
/// from the audit log.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Why {
    /// Table name
    table: String,
    /// The row's primary key; write a key of several columns as a JSON array of strings
    #[arg(allow_hyphen_values = true)]
    record: String,
    /// Show only this column
    column: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
    /// Name or directory of the layout that the run used [default: the built-in layout with the same name]
    #[arg(long, value_name = "NAME|PATH")]
    layout: Option<String>,
    /// Directory of the archive [default: the one of the run, or if that is not there, DATABASE.archive]
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    #[command(flatten)]
    size: RecordLimit,
    #[command(flatten)]
    full: FullOptions,
    #[command(flatten)]
    form: TableOptions,
}

/// Why the layout given by `--layout` cannot be used.
fn unavailable(named: &str, error: &LayoutError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    let error_with_causes = format!("{error}{}", cause.unwrap_or_default());
    match error {
        LayoutError::Invalid { .. } => format!(
            "{error_with_causes}: `accession layout check {}` lists them",
            shell_word(named)
        ),
        LayoutError::Unknown { .. }
        | LayoutError::Unreadable { .. }
        | LayoutError::Occupied { .. }
        | LayoutError::Unwritable { .. } => error_with_causes,
    }
}

impl Why {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let named = self.layout;
        let find = |name: &str| {
            match &named {
                Some(named) => layout::find(named).map_err(|error| unavailable(named, &error)),
                // A directory that happens to have the name is not loaded.
                None => layout::builtin(name).map_err(|_| {
                    format!(
                        "the layout `{name}` is not built in: add `--layout DIR` with its directory"
                    )
                }),
            }
        };
        let why = why::why(&WhyOptions {
            database: self.database.url(output)?,
            wait: self.database.wait(),
            table: self.table,
            record: self.record,
            column: self.column,
            archive: self.archive,
            limits: self.size.limits(),
            layout: &find,
        })?;
        let text = |out: &mut dyn Write| why_text(out, &why, self.full.cut(120));
        let json = || WhyView::from(&why);
        self.form
            .print(output, text, json, |out| why_csv(out, &why));
        Ok(match why.is_broken() {
            true => Exit::Difference,
            false => Exit::Done,
        })
    }
}
