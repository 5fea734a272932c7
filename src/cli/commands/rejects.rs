//! `accession rejects`.

use clap::{Args, Subcommand};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::RecordOptions;
use crate::cli::numbers::{how_many, reject};
use crate::cli::output::Output;
use crate::cli::output_options::Format;
use crate::cli::record_limit::RecordLimit;
use crate::operations::{
    Original, Reject, RejectFilter, ResolvedRejects, export_rejects, list_rejects, show_reject,
};
use crate::parse::Limits;
use crate::report::{
    REJECT_COLUMNS, RejectDetailsView, RejectsView, json_line, no_rejects_text, reject_cells,
    reject_details_text, reject_text, rejects_count_text,
};

/// Show and export the records that `--skip-invalid` rejected
///
/// Rejected records are tried again when their file changes; records that refer to missing records are tried again
/// when any file changes. A reject is resolved when a later run has read its file and accepted the record in its
/// place.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Rejects {
    #[command(subcommand)]
    action: RejectsCommand,
}

#[derive(Debug, Subcommand)]
enum RejectsCommand {
    /// List the records that are still rejected, with the reasons
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        which: Which,
        /// Maximum number of rejects to list; all are counted
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = how_many)]
        limit: usize,
    },
    /// Show one reject, with the original text of its record from the archive
    #[command(after_help = EXIT_CODES)]
    Show {
        /// Number of the reject, as listed by `rejects list`
        #[arg(value_parser = reject)]
        id: i64,
        #[command(flatten)]
        database: DatabaseOptions,
        #[command(flatten)]
        size: RecordLimit,
    },
    /// Export the original text of the records with their errors, to fix them
    #[command(after_help = EXIT_CODES)]
    Export {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        size: RecordLimit,
        #[command(flatten)]
        form: RecordOptions,
    },
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only rejects of this run: its id or a unique prefix of it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Also rejects that were resolved, or replaced by those of a later run
    #[arg(long)]
    all: bool,
}

impl Rejects {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            RejectsCommand::List { which, limit } => list(&which, limit, output)?,
            RejectsCommand::Show { id, database, size } => {
                let url = database.url(output)?;
                let (reject, original) = show_reject(&url, database.wait(), id, size.limits())?;
                output.result(
                    || reject_details_text(&reject, &original),
                    || RejectDetailsView::new(&reject, &original),
                );
            }
            RejectsCommand::Export { which, size, form } => {
                export(&which, size.limits(), form.format(), output)?;
            }
        }
        Ok(Exit::Done)
    }
}

impl Which {
    fn filter(&self) -> RejectFilter {
        RejectFilter {
            run: self.run.clone(),
            resolved: if self.all {
                ResolvedRejects::Include
            } else {
                ResolvedRejects::Omit
            },
        }
    }
}

fn list(which: &Which, limit: usize, output: &Output) -> Result<(), CommandError> {
    let (mut listed, mut more, mut records) = (Vec::new(), 0_u64, 0_u64);
    let mut last = None;
    let database = &which.database;
    let resolved = list_rejects(
        &database.url(output)?,
        database.wait(),
        &which.filter(),
        &mut |reject| {
            // The faults of one record are adjacent. A part of a file that could not be read counts as one record.
            let record = (reject.record.source_file_id, reject.record.record.clone());
            records += u64::from(record.1.is_none() || last.as_ref() != Some(&record));
            last = Some(record);
            if listed.len() < limit {
                listed.push(reject);
            } else {
                more += 1;
            }
        },
    )?;
    let text = || {
        let mut text: String = listed.iter().map(reject_text).collect();
        if more > 0 {
            text.push_str(&format!("and {more} more; use `--limit N` to list N\n"));
        }
        match listed.len() as u64 + more {
            0 => text.push_str(&no_rejects_text(which.run.as_deref(), resolved)),
            faults => text.push_str(&rejects_count_text(faults, records)),
        }
        text
    };
    output.result(text, || RejectsView::new(&listed, more, records));
    Ok(())
}

/// Exports record by record, since there may be millions.
fn export(
    which: &Which,
    limits: Limits,
    form: Format,
    output: &Output,
) -> Result<(), CommandError> {
    let (begin, end) = match form {
        Format::Json | Format::Sarif => ("[".to_owned(), "\n]\n"),
        Format::Csv => (row(&REJECT_COLUMNS), ""),
        Format::Jsonl | Format::Text | Format::Html => (String::new(), ""),
    };
    let mut has_begun = false;
    // Nothing is printed before the database was opened and read, so a failure leaves no partial file.
    let mut print = |reject: &Reject, original: &Original| {
        let (begin, separator) = match std::mem::replace(&mut has_begun, true) {
            false => (begin.as_str(), ""),
            true => ("", ","),
        };
        let json = || json_line(&RejectDetailsView::new(reject, original));
        let text = match form {
            Format::Json | Format::Sarif => format!("{separator}\n{}", json()),
            Format::Csv => row(&reject_cells(reject, original)),
            Format::Jsonl | Format::Text | Format::Html => format!("{}\n", json()),
        };
        _ = output.raw(&format!("{begin}{text}"));
    };
    let database = &which.database;
    export_rejects(
        &database.url(output)?,
        database.wait(),
        &which.filter(),
        limits,
        &mut |reject, original| print(&reject, &original),
    )?;
    _ = match has_begun {
        true => output.raw(end),
        false => output.raw(&format!("{begin}{}", end.trim_start())),
    };
    Ok(())
}

/// Formats a line of CSV by RFC 4180, with every cell quoted.
fn row(cells: &[impl AsRef<str>]) -> String {
    let quoted = cells
        .iter()
        .map(|cell| format!("\"{}\"", cell.as_ref().replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}
