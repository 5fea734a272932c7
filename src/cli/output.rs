//! Printing. The only place that writes to standard output and standard error.

use std::io::{IsTerminal as _, Write as _};

use crate::model::{Finding, Level};
use crate::report::{Style, findings_text};

use super::command_error::CommandError;
use super::options::{Format, OutputOptions};

/// Where and how a command prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) format: Format,
    quiet: bool,
    verbose: u8,
}

impl Output {
    pub(super) fn new(options: &OutputOptions) -> Self {
        Self {
            format: options.format,
            quiet: options.quiet,
            verbose: options.verbose,
        }
    }

    /// Whether progress is shown: on a terminal, unless asked not to.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// The result of a command.
    pub(super) fn data(&self, text: &str) {
        // A reader that went away (`| head`) wants no more.
        let _ = anstream::stdout().write_all(text.as_bytes());
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
        self.message(&findings_text(&told, not_kept));
    }

    /// Something to say that is not data.
    pub(super) fn message(&self, text: &str) {
        let _ = anstream::stderr().write_all(text.as_bytes());
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
        self.message(&text);
    }
}
