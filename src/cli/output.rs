//! Printing. The only place that writes to standard output and standard error.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use crate::model::{Finding, Level};
use crate::report::{Style, findings_text};

use super::command_error::CommandError;
use super::options::{Format, OutputOptions};

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
    let _ = anstream::stderr().write_all(text.as_bytes());
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

    /// The result of a command.
    pub(super) fn data(&self, text: &str) {
        let mut out = anstream::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => {}
            // A reader that went away (`| head`) wants no more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => *self.unwritten.borrow_mut() = Some(error),
        }
    }

    /// Why some of the result is lost, if it is.
    pub(super) fn unwritten(&self) -> Option<CommandError> {
        self.unwritten.take().map(CommandError::Unwritten)
    }

    /// A result that has both forms.
    pub(super) fn result(
        &self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> serde_json::Value,
    ) {
        match self.format {
            Format::Text => self.data(&text()),
            Format::Json => self.data(&format!("{:#}\n", json())),
        }
    }

    /// Findings, which in JSON are part of the result.
    pub(super) fn findings(&self, findings: &[Finding], not_kept: u64) {
        if self.format == Format::Json {
            return;
        }
        let told: Vec<Finding> = findings
            .iter()
            .filter(|finding| !self.quiet || finding.level == Level::Error)
            .cloned()
            .collect();
        message(&findings_text(&told, not_kept));
    }

    /// Why the command failed.
    pub(super) fn error(&self, error: &CommandError) {
        let mut text = format!("{} {error}\n", Style::paint(Style::ERROR, "error:"));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(&format!(
                "{} {cause}\n",
                Style::paint(Style::DIM, "caused by:")
            ));
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
    }
}
