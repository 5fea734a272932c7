//! Options that control what is printed, and how.

use clap::{ArgAction, Args};

use super::format_options::documents;

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Human-readable text.
    Text,
    /// One JSON document on standard output, for scripts.
    Json,
    /// Comma-separated values, for commands that support it.
    Csv,
    /// One JSON object per line, for commands that support it.
    Jsonl,
    /// An HTML page, for commands that support it.
    Html,
    /// SARIF 2.1.0 on standard output, for `import` and `validate`.
    Sarif,
}

/// Heading of these options in `--help`.
const OUTPUT: &str = "Output";

/// Options that control what is printed.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// Output format
    #[arg(long, default_value = "text", value_parser = documents(), global = true, help_heading = OUTPUT)]
    pub(super) format: Format,
    /// Suppress progress and notices; warnings, conflicts and errors are still printed
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(super) quiet: bool,
    /// Print every file that is read; `-vv` prints each step with its time, `-vvv` also each SQL statement, without its
    /// values. `ACCESSION_LOG` is a filter by level and module, for example `accession::database=trace`
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet", help_heading = OUTPUT)]
    pub(super) verbose: u8,
    /// Print how long each step took; in JSON it is the property `timings`. The run stores it (`runs show`)
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(super) timings: bool,
}
