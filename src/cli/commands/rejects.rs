//! `accession rejects`.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::form::RecordOptions;
use crate::cli::options::Format;
use crate::cli::output::Output;
use crate::operations::{
    Original, Reject, RejectFilter, Settled, export_rejects, list_rejects, show_reject,
};
use crate::report::{
    REJECT_COLUMNS, reject_cells, reject_details_json, reject_details_text, reject_json,
    reject_text, rejects_count_text,
};

/// Show and export the records that `--skip-invalid` left out
///
/// They are tried again when their file changes; those that refer to records that were missing, when any file does. A
/// record is mended when a later run read its file and accepted what stands in its place.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Rejects {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what is still left out, and why
    #[command(after_help = EXIT_CODES)]
    List {
        #[command(flatten)]
        which: Which,
        /// How many are listed; all are counted
        #[arg(long, value_name = "N", default_value_t = 1000)]
        limit: usize,
    },
    /// Show one with the original text of its record, from the archive
    #[command(after_help = EXIT_CODES)]
    Show {
        /// The number in the list
        #[arg(value_parser = number)]
        id: i64,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Print the records' original texts with what is wrong, to be mended
    #[command(after_help = EXIT_CODES)]
    Export {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        form: RecordOptions,
    },
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only those of this run: its id, or its beginning if no other run has the same
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Also those that were mended or left out again since
    #[arg(long)]
    all: bool,
}

impl Rejects {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        match self.action {
            Action::List { which, limit } => list(&which, limit, output)?,
            Action::Show { id, database } => {
                let (reject, original) = show_reject(&database.url(output)?, database.wait(), id)?;
                output.result(
                    || reject_details_text(&reject, &original),
                    || reject_details_json(&reject, &original),
                );
            }
            Action::Export { which, form } => export(&which, form.format(), output)?,
        }
        Ok(Exit::Done)
    }
}

impl Which {
    fn filter(&self) -> RejectFilter {
        RejectFilter {
            run: self.run.clone(),
            settled: if self.all {
                Settled::Include
            } else {
                Settled::Omit
            },
        }
    }
}

fn list(which: &Which, limit: usize, output: &Output) -> Result<(), CommandError> {
    let (mut listed, mut more, mut records) = (Vec::new(), 0_u64, 0_u64);
    let mut last = None;
    let database = &which.database;
    list_rejects(
        &database.url(output)?,
        database.wait(),
        &which.filter(),
        &mut |reject| {
            // The faults of one record follow each other; what stands behind a fault of the file is by itself.
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
            text.push_str(&format!("and {more} more; `--limit N` lists N of them\n"));
        }
        match listed.len() as u64 + more {
            0 => text.push_str("no rejects\n"),
            faults => text.push_str(&rejects_count_text(faults, records)),
        }
        text
    };
    let json = || {
        let rejects: Vec<Value> = listed.iter().map(reject_json).collect();
        serde_json::json!({ "rejects": rejects, "rejects_not_listed": more, "records": records })
    };
    output.result(text, json);
    Ok(())
}

/// Prints record by record: there may be a million.
fn export(which: &Which, form: Format, output: &Output) -> Result<(), CommandError> {
    let (begin, end) = match form {
        Format::Json | Format::Sarif => ("[".to_owned(), "\n]\n"),
        Format::Csv => (row(&REJECT_COLUMNS), ""),
        Format::Jsonl | Format::Text | Format::Html => (String::new(), ""),
    };
    let mut has_begun = false;
    // Nothing is printed before the database was read: what fails leaves no half of a file.
    let mut print = |reject: &Reject, original: &Original| {
        let (begin, separator) = match std::mem::replace(&mut has_begun, true) {
            false => (begin.as_str(), ""),
            true => ("", ","),
        };
        let text = match form {
            Format::Json | Format::Sarif => {
                format!("{separator}\n{}", reject_details_json(reject, original))
            }
            Format::Csv => row(&reject_cells(reject, original)),
            Format::Jsonl | Format::Text | Format::Html => {
                format!("{}\n", reject_details_json(reject, original))
            }
        };
        _ = output.raw(&format!("{begin}{text}"));
    };
    let database = &which.database;
    export_rejects(
        &database.url(output)?,
        database.wait(),
        &which.filter(),
        &mut |reject, original| print(&reject, &original),
    )?;
    _ = match has_begun {
        true => output.raw(end),
        false => output.raw(&format!("{begin}{}", end.trim_start())),
    };
    Ok(())
}

/// The number of a reject.
fn number(text: &str) -> Result<i64, &'static str> {
    text.parse()
        .map_err(|_| "expected the number of a reject, as `accession rejects list` shows it")
}

/// A line of CSV as RFC 4180 has it; every cell in quotes.
fn row(cells: &[impl AsRef<str>]) -> String {
    let quoted = cells
        .iter()
        .map(|cell| format!("\"{}\"", cell.as_ref().replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}
