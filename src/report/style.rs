//! Colours, as ANSI sequences; whoever prints removes them where they do not belong.

use anstyle::{AnsiColor, Style as Ansi};

/// The few styles the reports use.
#[derive(Debug, Clone, Copy)]
pub struct Style;

impl Style {
    /// Something failed.
    pub const ERROR: Ansi = AnsiColor::Red.on_default().bold();
    /// Something to look at.
    pub const WARNING: Ansi = AnsiColor::Yellow.on_default().bold();
    /// Something to know.
    pub const NOTICE: Ansi = AnsiColor::Cyan.on_default().bold();
    /// It worked.
    pub const SUCCESS: Ansi = AnsiColor::Green.on_default().bold();
    /// A value that was.
    pub const REMOVED: Ansi = AnsiColor::Red.on_default();
    /// A value that is.
    pub const ADDED: Ansi = AnsiColor::Green.on_default();
    /// Less important.
    pub const DIM: Ansi = Ansi::new().dimmed();

    /// `text` in this style.
    #[must_use]
    pub fn paint(style: Ansi, text: &str) -> String {
        format!("{style}{text}{style:#}")
    }
}
