//! Options that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use crate::database::{DatabaseError, DatabaseUrl};
use crate::model::ShowValues;

use super::command_error::CommandError;

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON document on standard output, for scripts.
    Json,
}

/// These options stand apart in every help.
const OUTPUT: &str = "Output";

/// What every command prints, and how much of it.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, global = true, help_heading = OUTPUT)]
    pub(super) format: Format,
    /// Print results and errors only: no progress, no notices
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(super) quiet: bool,
    /// Print more: every file that is read
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet", help_heading = OUTPUT)]
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

impl ArchiveOptions {
    /// The archive of `database`: where it was said to be, or beside it. Absolute, since the ledger keeps it.
    pub(super) fn directory(self, database: &DatabaseUrl) -> Result<PathBuf, CommandError> {
        absolute(self.archive.unwrap_or_else(|| database.default_archive()))
    }
}

/// Which archive.
#[derive(Debug, Args)]
pub(super) struct ArchivePlace {
    /// The archive's directory
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The database beside which the archive is, unless `--archive` says otherwise
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
}

impl ArchivePlace {
    pub(super) fn directory(self) -> Result<PathBuf, CommandError> {
        match (self.archive, self.database) {
            (Some(archive), _) => absolute(archive),
            (None, Some(url)) => absolute(DatabaseUrl::parse(&url)?.default_archive()),
            (None, None) => Err(CommandError::Usage(
                "say which archive, with `--archive DIR` or `--database URL`".to_owned(),
            )),
        }
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, CommandError> {
    std::path::absolute(&path)
        .map_err(|_| CommandError::Usage(format!("`{}` is no directory", path.display())))
}

/// What messages may tell.
#[derive(Debug, Args)]
pub(super) struct ValueOptions {
    /// Quote values of the files in messages
    #[arg(long)]
    show_values: bool,
}

impl ValueOptions {
    pub(super) fn show(&self) -> ShowValues {
        if self.show_values {
            ShowValues::Shown
        } else {
            ShowValues::Masked
        }
    }
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
    archive: Option<PathBuf>,
}

/// A `name=value` argument.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    name: String,
    value: String,
}

impl Setting {
    pub(super) fn into_pair(self) -> (String, String) {
        (self.name, self.value)
    }
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
