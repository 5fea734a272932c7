//! Views as JSON, and the view of a command that failed.

use serde::Serialize;

/// A view on one line.
#[must_use]
pub fn json_line(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("a view has string keys and no errors")
}

/// A view as a document, indented, with a line end.
#[must_use]
pub fn json_document(view: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(view);
    text.expect("a view has string keys and no errors") + "\n"
}

/// The document of a command that failed before it had a result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailureView {
    /// The error.
    pub error: ErrorView,
}

/// An error, without passwords.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorView {
    /// For people; the wording can change.
    pub message: String,
    /// Messages of the causes, the nearest first.
    pub causes: Vec<String>,
    /// Further lines.
    pub details: Vec<String>,
    /// A suggested fix.
    pub hint: Option<&'static str>,
    /// [Exit code](cron-and-ci.md#exit-codes) of the command.
    pub exit_code: u8,
}
