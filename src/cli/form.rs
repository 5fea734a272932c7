//! In which form results are printed.

use std::ops::ControlFlow;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::report::audit::Cut;

use super::options::Format;
use super::output::{Output, message};

const OUTPUT: &str = "Output";

/// Takes the place of the option that all commands have. The command line's parser gives the value back to it.
#[derive(Debug, Args)]
pub(super) struct TableOptions {
    /// How results are printed
    #[arg(long, default_value = "table", value_parser = tables(), help_heading = OUTPUT)]
    format: Format,
}

/// As [`TableOptions`], for files that are kept.
#[derive(Debug, Args)]
pub(super) struct FileOptions {
    /// The form of the file
    #[arg(long, default_value = "jsonl", value_parser = files(), help_heading = OUTPUT)]
    format: Format,
}

/// As [`FileOptions`], for what is to be mended.
#[derive(Debug, Args)]
pub(super) struct RecordOptions {
    /// The form of the file
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

fn tables() -> impl TypedValueParser<Value = Format> {
    let table = PossibleValue::new("table").alias("text").help("For people");
    let json = PossibleValue::new("json").help("One JSON document");
    let csv = PossibleValue::new("csv").help("Comma-separated values, safe for spreadsheets");
    PossibleValuesParser::new([table, json, csv]).map(|name| named(&name))
}

fn files() -> impl TypedValueParser<Value = Format> {
    let lines = PossibleValue::new("jsonl").help("One JSON object per line");
    let json = PossibleValue::new("json").help("One JSON array");
    let csv = PossibleValue::new("csv").help("Comma-separated values, safe for spreadsheets");
    let html =
        PossibleValue::new("html").help("A page that needs nothing else, to be read or printed");
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
        _ => Format::Text,
    }
}

/// Whether long values are cut.
#[derive(Debug, Args)]
pub(super) struct FullOptions {
    /// Show long values whole
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

    /// Prints a result that has all three forms.
    pub(super) fn print(
        &self,
        output: &Output,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> serde_json::Value,
        csv: impl FnOnce() -> String,
    ) {
        match self.format {
            Format::Text | Format::Jsonl | Format::Html => output.data(&text()),
            Format::Json | Format::Sarif => _ = output.raw(&format!("{:#}\n", json())),
            Format::Csv => _ = output.raw(&csv()),
        }
    }

    /// Says on standard error what a list of lines without a last line cannot say itself.
    pub(super) fn tell_what_is_missing(&self, shown: usize, count: u64) {
        if self.format == Format::Csv && (shown as u64) < count {
            message(&format!("{shown} of {count}; `--limit N` gives more\n"));
        }
    }
}

/// Collects parts of a result, so that they are not printed one by one.
pub(super) struct Parts<'o> {
    output: &'o Output,
    waiting: String,
}

impl<'o> Parts<'o> {
    pub(super) fn new(output: &'o Output) -> Self {
        Self {
            output,
            waiting: String::new(),
        }
    }

    /// Adds a part; breaks when nobody reads any more.
    pub(super) fn add(&mut self, text: &str) -> ControlFlow<()> {
        const ENOUGH: usize = 64 * 1024;
        self.waiting.push_str(text);
        match self.waiting.len() < ENOUGH {
            true => ControlFlow::Continue(()),
            false => self.output.raw(&std::mem::take(&mut self.waiting)),
        }
    }

    /// Prints what is left.
    pub(super) fn finish(self, text: &str) {
        _ = self.output.raw(&(self.waiting + text));
    }
}
