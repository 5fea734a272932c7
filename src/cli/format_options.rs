//! Options for the output format.

use std::io::{self, Write};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use crate::report::audit::Cut;
use crate::report::write_document;

use super::message::message;
use super::output::Output;
use super::output_options::Format;
use super::parts::{Parts, Reader};

const OUTPUT: &str = "Output";

/// Overrides the global `--format` option in commands that also print CSV. Clap also sets the global option from its
/// value.
#[derive(Debug, Args)]
pub(super) struct TableOptions {
    /// Output format
    #[arg(long, default_value = "table", value_parser = tables(), help_heading = OUTPUT)]
    format: Format,
}

/// Like [`TableOptions`], for commands that also print their findings as SARIF.
#[derive(Debug, Args)]
pub(super) struct ReviewOptions {
    /// Output format
    #[arg(long, default_value = "text", value_parser = reviews(), help_heading = OUTPUT)]
    format: Format,
}

/// Like [`TableOptions`], for commands whose output is saved to a file.
#[derive(Debug, Args)]
pub(super) struct FileOptions {
    /// File format
    #[arg(long, default_value = "jsonl", value_parser = files(), help_heading = OUTPUT)]
    format: Format,
}

/// Like [`FileOptions`], for the export of rejects.
#[derive(Debug, Args)]
pub(super) struct RecordOptions {
    /// File format
    #[arg(long, default_value = "jsonl", value_parser = records(), help_heading = OUTPUT)]
    format: Format,
}

impl RecordOptions {
    pub(super) fn format(&self) -> Format {
        self.format
    }
}

impl FileOptions {
    pub(super) fn format(&self) -> Format {
        self.format
    }
}

/// The formats of the global option.
pub(super) fn documents() -> impl TypedValueParser<Value = Format> {
    // Before the command, it is accepted for the commands that have it.
    let sarif = sarif().hide(true);
    PossibleValuesParser::new([text(), json(), sarif]).map(|name| named(&name))
}

fn reviews() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new([text(), json(), sarif()]).map(|name| named(&name))
}

fn text() -> PossibleValue {
    PossibleValue::new("text").help("Human-readable text")
}

fn json() -> PossibleValue {
    PossibleValue::new("json").help("One JSON document on standard output, for scripts")
}

fn sarif() -> PossibleValue {
    let help = "SARIF 2.1.0 on standard output, for tools that show findings next to source lines";
    PossibleValue::new("sarif").help(help)
}

fn tables() -> impl TypedValueParser<Value = Format> {
    let table = PossibleValue::new("table")
        .alias("text")
        .help("Aligned table");
    let json = PossibleValue::new("json").help("One JSON document");
    let csv = PossibleValue::new("csv").help("Comma-separated values, safe for spreadsheets");
    PossibleValuesParser::new([table, json, csv]).map(|name| named(&name))
}

fn files() -> impl TypedValueParser<Value = Format> {
    let lines = PossibleValue::new("jsonl").help("One JSON object per line");
    let json = PossibleValue::new("json").help("One JSON array");
    let csv = PossibleValue::new("csv").help("Comma-separated values, safe for spreadsheets");
    let html = PossibleValue::new("html").help("A self-contained page, for reading or printing");
    PossibleValuesParser::new([lines, json, csv, html]).map(|name| named(&name))
}

fn records() -> impl TypedValueParser<Value = Format> {
    let lines = PossibleValue::new("jsonl").help("One JSON object per line");
    let json = PossibleValue::new("json").help("One JSON array");
    let csv = PossibleValue::new("csv").help("Comma-separated values, safe for spreadsheets");
    PossibleValuesParser::new([lines, json, csv]).map(|name| named(&name))
}

fn named(name: &str) -> Format {
    match name {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "jsonl" => Format::Jsonl,
        "html" => Format::Html,
        "sarif" => Format::Sarif,
        _ => Format::Text,
    }
}

/// Whether long values are truncated.
#[derive(Debug, Args)]
pub(super) struct FullOptions {
    /// Show long values in full
    #[arg(long, help_heading = OUTPUT)]
    full: bool,
}

impl FullOptions {
    pub(super) fn cut(&self, most: usize) -> Cut {
        match self.full {
            true => Cut::Never,
            false => Cut::After(most),
        }
    }
}

impl TableOptions {
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Who reads a result in the selected format.
    pub(super) fn reader(&self) -> Reader {
        match self.format {
            Format::Text | Format::Jsonl | Format::Html => Reader::Person,
            Format::Json | Format::Sarif | Format::Csv => Reader::Program,
        }
    }

    /// Prints a result in the selected format.
    pub(super) fn print<V: Serialize>(
        &self,
        output: &Output,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        view: impl FnOnce() -> V,
        csv: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) {
        let mut parts = Parts::new(output, self.reader());
        let written = match self.format {
            Format::Text | Format::Jsonl | Format::Html => text(&mut parts),
            Format::Json | Format::Sarif => write_document(&mut parts, &view()),
            Format::Csv => csv(&mut parts),
        };
        parts.finish(written);
    }

    /// Reports on standard error how many rows were omitted from CSV, which has no summary line.
    pub(super) fn report_omitted_rows(&self, shown: usize, count: u64) {
        if self.format == Format::Csv && (shown as u64) < count {
            message(&format!(
                "{shown} of {count} rows; use `--limit N` for more\n"
            ));
        }
    }
}
