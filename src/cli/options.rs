//! Options that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use crate::database::{DatabaseError, DatabaseUrl};

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON document on standard output, for scripts.
    Json,
}

/// What every command prints, and how much of it.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub(super) format: Format,
    /// Print results and errors only: no progress, no notices
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print more: every file that is read
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet")]
    pub(super) verbose: u8,
}

/// Which database.
#[derive(Debug, Args)]
pub(super) struct DatabaseOptions {
    /// The database: `sqlite:PATH`, or a path
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(super) database: String,
    /// How long to wait for other programs that are writing
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
}

impl DatabaseOptions {
    pub(super) fn url(&self) -> Result<DatabaseUrl, DatabaseError> {
        DatabaseUrl::parse(&self.database)
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

/// Which layout.
#[derive(Debug, Args)]
pub(super) struct LayoutOptions {
    /// Name of a built-in layout, or path of a layout directory [default: the built-in one that matches]
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) layout: Option<String>,
}

/// Where originals are kept.
#[derive(Debug, Args)]
pub(super) struct ArchiveOptions {
    /// Directory of the archived originals and backups [default: DATABASE.archive]
    #[arg(long, value_name = "DIR")]
    pub(super) archive: Option<PathBuf>,
}

/// A `name=value` argument.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: String,
}

impl std::str::FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("expected `name=value`")?;
        if name.is_empty() || value.is_empty() {
            return Err("expected `name=value`");
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}
