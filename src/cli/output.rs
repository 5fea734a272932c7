//! Prints results to standard output, and findings and errors by [`message`]. No other module writes to standard output.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::ops::ControlFlow;

use serde::Serialize;

use crate::model::{FindingList, Level, Timing, escape_json_controls};
use crate::report::{
    ErrorView, FailureView, FindingDetail, Style, failed_sarif, findings_text, json_document,
    sarif, timings_text, with_timings,
};

use super::command_error::CommandError;
use super::exit::Exit;
use super::log::Timings;
use super::message::{is_interactive, message};
use super::output_options::{Format, OutputOptions};
use super::passwords::mask_passwords;
use super::terminal::sanitize_styled;

/// The output settings of a command, and the state of standard output.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    quiet: bool,
    verbose: u8,
    /// Set with `--timings`.
    timings: Option<Timings>,
    /// The error that prevented a part of the result from being written.
    unwritten: RefCell<Option<io::Error>>,
}

/// Prints an argument error as JSON if JSON was requested. The options could not be parsed, so the raw arguments are
/// searched for `--format json`.
pub(super) fn print_usage_error_as_json(message: &str) {
    let words: Vec<String> = std::env::args().collect();
    let wanted = words.windows(2).any(|two| two == ["--format", "json"])
        || words.iter().any(|word| word == "--format=json");
    if wanted {
        let message = mask_passwords(message.trim_start_matches("error: ").trim_end());
        let error = ErrorView {
            message,
            causes: Vec::new(),
            details: Vec::new(),
            hint: None,
            exit_code: Exit::Usage.code(),
        };
        let text = json_document(&FailureView { error });
        let _ = anstream::stdout().write_all(escape_json_controls(&text).as_bytes());
    }
}

impl Output {
    pub(super) fn new(options: &OutputOptions, timings: Option<Timings>) -> Self {
        Self {
            format: options.format,
            quiet: options.quiet,
            verbose: options.verbose,
            timings,
            unwritten: RefCell::new(None),
        }
    }

    /// Whether progress is shown: on a terminal, without `--quiet`.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && is_interactive()
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// Whether notices are printed.
    pub(super) fn prints_notices(&self) -> bool {
        !self.quiet
    }

    /// Prints a notice: useful information that requires no action.
    pub(super) fn notice(&self, text: &str) {
        if self.prints_notices() {
            message(text);
        }
    }

    /// Prints the result of a command.
    pub(super) fn data(&self, text: &str) {
        self.write(&sanitize_styled(text));
    }

    fn write(&self, text: &str) {
        let mut out = anstream::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => {}
            // The reader has closed the pipe (`| head`), which is not an error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => *self.unwritten.borrow_mut() = Some(error),
        }
    }

    /// Writes a part of a machine-readable result unchanged; on a terminal, control characters are escaped.
    /// Breaks when the output is closed.
    pub(super) fn raw(&self, text: &str) -> ControlFlow<()> {
        let mut out = io::stdout().lock();
        let written = match out.is_terminal() {
            true => out.write_all(escape_json_controls(text).as_bytes()),
            false => out.write_all(text.as_bytes()),
        };
        match written.and_then(|()| out.flush()) {
            Ok(()) => return ControlFlow::Continue(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => *self.unwritten.borrow_mut() = Some(error),
        }
        ControlFlow::Break(())
    }

    /// Returns the error if a part of the result could not be written.
    pub(super) fn unwritten(&self) -> Option<CommandError> {
        self.unwritten.take().map(CommandError::Unwritten)
    }

    /// Prints a result as text or JSON.
    pub(super) fn result<V: Serialize>(
        &self,
        text: impl FnOnce() -> String,
        view: impl FnOnce() -> V,
    ) {
        match self.format {
            Format::Text | Format::Csv | Format::Jsonl | Format::Html => self.data(&text()),
            Format::Json | Format::Sarif => self.document(&view()),
        }
    }

    /// Prints the result of a command that checks files: as SARIF, or the findings and the summary.
    pub(super) fn print_review<V: Serialize>(
        &self,
        findings: &FindingList,
        detail: FindingDetail,
        text: impl FnOnce() -> String,
        view: impl FnOnce() -> V,
    ) {
        match self.format {
            Format::Sarif => self.document(&sarif(findings)),
            Format::Text | Format::Json | Format::Csv | Format::Jsonl | Format::Html => {
                self.findings(findings, detail);
                self.result(text, view);
            }
        }
    }

    /// Prints findings; in JSON they are part of the result.
    pub(super) fn findings(&self, findings: &FindingList, detail: FindingDetail) {
        let least = match self.prints_notices() {
            true => Level::Notice,
            false => Level::Warning,
        };
        match self.format {
            Format::Text | Format::Csv | Format::Jsonl | Format::Html => {
                message(&findings_text(findings, detail, least));
            }
            Format::Json | Format::Sarif => {}
        }
    }

    fn document(&self, view: &impl Serialize) {
        let text = match &self.timings {
            Some(timings) if self.format == Format::Json => {
                json_document(&with_timings(view, &timings.so_far()))
            }
            Some(_) | None => json_document(view),
        };
        self.write(&escape_json_controls(&text));
    }

    /// Where the time went so far, for the runs that keep it.
    pub(super) fn timings_so_far(&self) -> Box<dyn Fn() -> Vec<Timing> + Sync> {
        let timings = self.timings.clone().unwrap_or_default();
        Box::new(move || timings.so_far())
    }

    /// Prints how long each step took, unless that is part of the document.
    pub(super) fn timings(&self) {
        if let Some(timings) = &self.timings
            && self.format != Format::Json
        {
            message(&timings_text(&timings.so_far()));
        }
    }

    /// Whether the output format is SARIF.
    pub(super) fn is_sarif(&self) -> bool {
        self.format == Format::Sarif
    }

    /// Prints the error of a failed command.
    pub(super) fn error(&self, error: &CommandError) {
        let mut text = format!("{} {error}\n", Style::paint(Style::ERROR, "error:"));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let message = cause.to_string();
            // Some drivers repeat the cause in the message of the error.
            if !text.contains(&message) {
                let caused_by = Style::paint(Style::DIM, "caused by:");
                text.push_str(&format!("{caused_by} {message}\n"));
            }
            source = cause.source();
        }
        for detail in error.details() {
            text.push_str(&format!("  {detail}\n"));
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!(
                "\n{} {hint}\n",
                Style::paint(Style::NOTICE, "hint:")
            ));
        }
        message(&text);
        match self.format {
            Format::Text | Format::Csv | Format::Jsonl | Format::Html => {}
            Format::Json => self.document(&FailureView {
                error: error_view(error),
            }),
            Format::Sarif => self.document(&failed_sarif(&mask_passwords(&error.to_string()))),
        }
    }
}

fn error_view(error: &CommandError) -> ErrorView {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    ErrorView {
        message: mask_passwords(&error.to_string()),
        causes: causes
            .map(|cause| mask_passwords(&cause.to_string()))
            .collect(),
        details: error.details(),
        hint: error.hint(),
        exit_code: error.exit().code(),
    }
}
