//! Colours as ANSI sequences; `cli` strips them where they are not supported.

use anstyle::{AnsiColor, Style as Ansi};

/// The styles used in reports.
#[derive(Debug, Clone, Copy)]
pub struct Style;

impl Style {
    /// Errors.
    pub const ERROR: Ansi = AnsiColor::Red.on_default().bold();
    /// Warnings.
    pub const WARNING: Ansi = AnsiColor::Yellow.on_default().bold();
    /// Notices and hints.
    pub const NOTICE: Ansi = AnsiColor::Cyan.on_default().bold();
    /// Success.
    pub const SUCCESS: Ansi = AnsiColor::Green.on_default().bold();
    /// An old value.
    pub const REMOVED: Ansi = AnsiColor::Red.on_default();
    /// A new value.
    pub const ADDED: Ansi = AnsiColor::Green.on_default();
    /// Less important text.
    pub const DIM: Ansi = Ansi::new().dimmed();

    /// Returns `text` in this style.
    #[must_use]
    pub fn paint(style: Ansi, text: &str) -> String {
        format!("{style}{text}{style:#}")
    }
}
