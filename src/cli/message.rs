//! Writes messages to standard error. No other module does.

use std::io::{self, IsTerminal as _, Write as _};

use super::passwords::mask_passwords;
use super::terminal::sanitize_styled;

/// Writes a diagnostic to stderr; write errors are ignored.
pub(super) fn message(text: &str) {
    let _ = anstream::stderr().write_all(sanitize_styled(&mask_passwords(text)).as_bytes());
}

/// Writes a diagnostic over the progress line, or over the `^C` that the terminal echoed.
pub(super) fn message_over_progress(text: &str) {
    let _ = anstream::stderr().write_all(format!("\r\x1b[2K{text}").as_bytes());
}

/// Whether standard error is a terminal that supports cursor movement.
pub(super) fn is_interactive() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}
