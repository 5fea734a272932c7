//! Options that several commands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::database::DatabaseUrl;
use crate::layout::Layout;
use crate::model::{Keep, ShowValues};
use crate::operations::proof::SealPlace;
use crate::report::Tell;

use super::command_error::CommandError;
use super::database_options::{choose_schema, named_by_variables};
use super::output::Output;

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON document on standard output, for scripts.
    Json,
    /// Comma-separated values; where a command says so.
    #[value(skip)]
    Csv,
    /// One JSON object per line; where a command says so.
    #[value(skip)]
    Jsonl,
    /// A page; where a command says so.
    #[value(skip)]
    Html,
    /// SARIF 2.1.0 on standard output, for tools that show findings beside the lines (`import` and `validate` only).
    Sarif,
}

/// These options stand apart in every help.
const OUTPUT: &str = "Output";

/// What every command prints, and how much of it.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, global = true, help_heading = OUTPUT)]
    pub(super) format: Format,
    /// Leave out progress and notices; warnings, conflicts and errors are told all the same
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(super) quiet: bool,
    /// Print more: every file that is read
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet", help_heading = OUTPUT)]
    pub(super) verbose: u8,
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
    /// The database beside which the archive is, unless `--archive` says otherwise [default: what `DATABASE_TYPE` and
    /// the variables that go with it say]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// PostgreSQL: the schema that holds the tables, where the archive is one of its own
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
}

impl ArchivePlace {
    pub(super) fn directory(self, output: &Output) -> Result<PathBuf, CommandError> {
        let mut database = match (self.archive, self.database) {
            (Some(archive), _) => return absolute(archive),
            (None, Some(url)) => Some(DatabaseUrl::parse(&url)?),
            (None, None) => named_by_variables(output)?,
        };
        match &mut database {
            Some(database) => {
                choose_schema(database, self.schema.as_deref())?;
                absolute(database.default_archive())
            }
            None => Err(CommandError::Usage(
                "say which archive, with `--archive DIR`, `--database URL` or `DATABASE_URL`"
                    .to_owned(),
            )),
        }
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, CommandError> {
    std::path::absolute(&path)
        .map_err(|_| CommandError::Usage(format!("`{}` is no directory", path.display())))
}

/// What is told of findings.
#[derive(Debug, Args)]
pub(super) struct FindingOptions {
    /// Quote values of the files in messages
    #[arg(long)]
    show_values: bool,
    /// Tell every finding, also if thousands are alike; takes some hundred bytes of memory for each
    #[arg(long)]
    all: bool,
}

impl FindingOptions {
    pub(super) fn keep(&self) -> Keep {
        if self.all { Keep::All } else { Keep::Some }
    }

    pub(super) fn tell(&self) -> Tell {
        if self.all { Tell::All } else { Tell::Some }
    }

    pub(super) fn show(&self) -> ShowValues {
        if self.show_values {
            ShowValues::Shown
        } else {
            ShowValues::Masked
        }
    }
}

/// Which directory is read, and how: what all commands share that read one.
#[derive(Debug, Args)]
pub(super) struct DirectoryOptions {
    /// The legacy directory; it is only read
    pub(super) directory: PathBuf,
    #[command(flatten)]
    pub(super) layout: LayoutOptions,
    /// A parameter of the layout; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    #[command(flatten)]
    pub(super) findings: FindingOptions,
}

impl DirectoryOptions {
    /// The layout of the directory.
    pub(super) fn layout(&self) -> Result<Layout, CommandError> {
        self.layout.load(&self.directory)
    }

    /// The values of parameters that were given.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        self.set.iter().cloned().map(Setting::into_pair).collect()
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
    /// Directory of the archived originals and backups [default: DATABASE.archive, of a server
    /// KIND-DATABASE@HOST.archive in the current directory]
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
}

/// Where a seal is noted that no import makes.
#[derive(Debug, Args)]
pub(super) struct SealOptions {
    /// Directory of the archive whose `seals.log` notes the seal [default: that of the newest run, else DATABASE.archive, of
    /// a server KIND-DATABASE@HOST.archive in the current directory]
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
}

impl SealOptions {
    pub(super) fn place(self, database: &DatabaseUrl) -> Result<SealPlace, CommandError> {
        Ok(SealPlace {
            named: self.archive.map(absolute).transpose()?,
            usual: absolute(database.default_archive())?,
        })
    }
}

/// A `name=value` argument.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    name: String,
    value: String,
}

impl Setting {
    fn into_pair(self) -> (String, String) {
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
