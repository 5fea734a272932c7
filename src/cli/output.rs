//! Printing. The only place that writes to standard output and standard error.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::ops::ControlFlow;

use serde_json::{Value, json};

use crate::model::{FindingList, Level};
use crate::report::{Style, Tell, failed_sarif, findings_text, sarif};

use super::command_error::CommandError;
use super::exit::Exit;
use super::options::{Format, OutputOptions};
use super::terminal::{escaped, tamed};

/// Where and how a command prints.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    quiet: bool,
    verbose: u8,
    /// Why some of the result is lost.
    unwritten: RefCell<Option<io::Error>>,
}

/// Something to say that is not data. Nobody can be told that it could not be said.
pub(super) fn message(text: &str) {
    let _ = anstream::stderr().write_all(tamed(text).as_bytes());
}

/// The same over the line of progress that the terminal shows, or over the `^C` that it wrote.
pub(super) fn message_over_progress(text: &str) {
    let _ = anstream::stderr().write_all(format!("\r\x1b[2K{text}").as_bytes());
}

/// That the command was not understood, for a program that asked for JSON: the options are not known then, so the
/// words are looked at.
pub(super) fn usage_error_as_data(message: &str) {
    let words: Vec<String> = std::env::args().collect();
    let wanted = words.windows(2).any(|two| two == ["--format", "json"])
        || words.iter().any(|word| word == "--format=json");
    if wanted {
        let message = message.trim_start_matches("error: ").trim_end();
        let error = json!({"message": message, "causes": [], "details": [], "hint": null, "exit_code": Exit::Usage.code()});
        let text = format!("{:#}\n", json!({ "error": error }));
        let _ = anstream::stdout().write_all(escaped(&text).as_bytes());
    }
}

/// Whether somebody watches standard error on a terminal that can move its cursor.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

impl Output {
    pub(super) fn new(options: &OutputOptions) -> Self {
        Self {
            format: options.format,
            quiet: options.quiet,
            verbose: options.verbose,
            unwritten: RefCell::new(None),
        }
    }

    /// Whether progress is shown: on a terminal, unless asked not to.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && is_watched()
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// Whether notices are told, besides what has to be.
    pub(super) fn tells_notices(&self) -> bool {
        !self.quiet
    }

    /// Something worth knowing that asks nothing of anybody.
    pub(super) fn notice(&self, text: &str) {
        if self.tells_notices() {
            message(text);
        }
    }

    /// The result of a command.
    pub(super) fn data(&self, text: &str) {
        self.write(&tamed(text));
    }

    fn write(&self, text: &str) {
        let mut out = anstream::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => {}
            // A reader that went away (`| head`) wants no more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => *self.unwritten.borrow_mut() = Some(error),
        }
    }

    /// A part of a result that programs read: written as it is, but for what would move the cursor of a terminal. Breaks
    /// when no more can be written.
    pub(super) fn raw(&self, text: &str) -> ControlFlow<()> {
        let mut out = io::stdout().lock();
        let written = match out.is_terminal() {
            true => out.write_all(escaped(text).as_bytes()),
            false => out.write_all(text.as_bytes()),
        };
        match written.and_then(|()| out.flush()) {
            Ok(()) => return ControlFlow::Continue(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => *self.unwritten.borrow_mut() = Some(error),
        }
        ControlFlow::Break(())
    }

    /// Why some of the result is lost, if it is.
    pub(super) fn unwritten(&self) -> Option<CommandError> {
        self.unwritten.take().map(CommandError::Unwritten)
    }

    /// A result that has both forms.
    pub(super) fn result(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) {
        match self.format {
            Format::Text | Format::Csv | Format::Jsonl | Format::Html => self.data(&text()),
            Format::Json | Format::Sarif => self.document(&json()),
        }
    }

    /// The result of a review of files: its findings, and what else there is to tell.
    pub(super) fn reviewed(
        &self,
        (findings, tell): (&FindingList, Tell),
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) {
        match self.format {
            Format::Sarif => self.document(&sarif(findings)),
            Format::Text | Format::Json | Format::Csv | Format::Jsonl | Format::Html => {
                self.findings(findings, tell);
                self.result(text, json);
            }
        }
    }

    /// Findings, which in data are part of the result.
    pub(super) fn findings(&self, findings: &FindingList, tell: Tell) {
        let least = match self.tells_notices() {
            true => Level::Notice,
            false => Level::Warning,
        };
        match self.format {
            Format::Text | Format::Csv | Format::Jsonl | Format::Html => {
                message(&findings_text(findings, tell, least));
            }
            Format::Json | Format::Sarif => {}
        }
    }

    fn document(&self, document: &Value) {
        self.write(&escaped(&format!("{document:#}\n")));
    }

    /// Whether findings are printed as SARIF, and nothing else.
    pub(super) fn is_sarif(&self) -> bool {
        self.format == Format::Sarif
    }

    /// Why the command failed.
    pub(super) fn error(&self, error: &CommandError) {
        let mut text = format!("{} {error}\n", Style::paint(Style::ERROR, "error:"));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let told = cause.to_string();
            // Drivers say in an error what its cause says again.
            if !text.contains(&told) {
                let caused_by = Style::paint(Style::DIM, "caused by:");
                text.push_str(&format!("{caused_by} {told}\n"));
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
            Format::Json => self.document(&json!({ "error": error_json(error) })),
            Format::Sarif => self.document(&failed_sarif(&error.to_string())),
        }
    }
}

/// The error as data; `docs/json.md` describes it.
fn error_json(error: &CommandError) -> Value {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    json!({
        "message": error.to_string(),
        "causes": causes.map(ToString::to_string).collect::<Vec<_>>(),
        "details": error.details(),
        "hint": error.hint(),
        "exit_code": error.exit().code(),
    })
}
