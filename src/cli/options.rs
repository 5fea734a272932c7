//! Options that several commands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::database::DatabaseUrl;
use crate::layout::Layout;
use crate::model::{Keep, ShowValues};
use crate::operations::proof::SealPlace;
use crate::report::FindingDetail;

use super::command_error::CommandError;
use super::database_options::{choose_schema, url_from_variables};
use super::output::Output;
use super::record_limit::RecordLimit;

impl ArchiveOptions {
    /// Returns the directory of the archive: the given one, or the default for `database`. The path is absolute
    /// because the ledger stores it.
    pub(super) fn directory(self, database: &DatabaseUrl) -> Result<PathBuf, CommandError> {
        absolute(self.archive.unwrap_or_else(|| database.default_archive()))
    }

    /// Returns the archive and the database, each derived from the other if only one is given. The database of a
    /// given archive is the SQLite file next to it, if it exists.
    pub(super) fn with_database(
        self,
        database: Option<DatabaseUrl>,
    ) -> Result<(PathBuf, Option<DatabaseUrl>), CommandError> {
        match (self.archive, database) {
            (None, None) => Err(no_archive()),
            (None, Some(database)) => Ok((absolute(database.default_archive())?, Some(database))),
            (Some(archive), database) => {
                let archive = absolute(archive)?;
                let adjacent = DatabaseUrl::File(archive.with_extension(""));
                let is_its = adjacent.default_archive() == archive
                    && adjacent.file().is_some_and(|file| file.is_file());
                Ok((archive, database.or(is_its.then_some(adjacent))))
            }
        }
    }
}

fn no_archive() -> CommandError {
    let which = "no archive: set `--archive DIR`, `--database URL` or `DATABASE_URL`";
    CommandError::Usage(which.to_owned())
}

/// Options that select an archive.
#[derive(Debug, Args)]
pub(super) struct ArchivePlace {
    /// Directory of the archive
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The database that the archive belongs to, unless `--archive` is given [default: `DATABASE_URL`, or from
    /// `DATABASE_TYPE` and the variables that go with it]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// PostgreSQL: the schema of the tables, if it has its own archive
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
}

impl ArchivePlace {
    pub(super) fn directory(self, output: &Output) -> Result<PathBuf, CommandError> {
        let mut database = match (self.archive, self.database) {
            (Some(archive), _) => return absolute(archive),
            (None, Some(url)) => Some(DatabaseUrl::parse(&url)?),
            (None, None) => url_from_variables(output)?,
        };
        match &mut database {
            Some(database) => {
                choose_schema(database, self.schema.as_deref())?;
                absolute(database.default_archive())
            }
            None => Err(no_archive()),
        }
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, CommandError> {
    std::path::absolute(&path)
        .map_err(|_| CommandError::Usage(format!("`{}` is not a valid path", path.display())))
}

/// Options that control how findings are printed.
#[derive(Debug, Args)]
pub(super) struct FindingOptions {
    /// Show values from the files in messages instead of masking them
    #[arg(long)]
    show_values: bool,
    /// Report every finding instead of grouping similar ones; needs a few hundred bytes of memory for each
    #[arg(long)]
    all: bool,
}

impl FindingOptions {
    pub(super) fn keep(&self) -> Keep {
        if self.all { Keep::All } else { Keep::Some }
    }

    pub(super) fn detail(&self) -> FindingDetail {
        if self.all {
            FindingDetail::All
        } else {
            FindingDetail::Grouped
        }
    }

    pub(super) fn show(&self) -> ShowValues {
        if self.show_values {
            ShowValues::Shown
        } else {
            ShowValues::Masked
        }
    }
}

/// Options of all commands that read a directory.
#[derive(Debug, Args)]
pub(super) struct DirectoryOptions {
    /// The source directory; it is only read
    pub(super) directory: PathBuf,
    #[command(flatten)]
    pub(super) layout: LayoutOptions,
    /// Set a parameter of the layout; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    #[command(flatten)]
    pub(super) size: RecordLimit,
    #[command(flatten)]
    pub(super) findings: FindingOptions,
}

impl DirectoryOptions {
    /// Returns the layout of the directory.
    pub(super) fn layout(&self) -> Result<Layout, CommandError> {
        self.layout.load(&self.directory)
    }

    /// Returns the values given by `--set`.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        self.set.iter().cloned().map(Setting::into_pair).collect()
    }
}

/// Options that select the layout.
#[derive(Debug, Args)]
pub(super) struct LayoutOptions {
    /// Name of a built-in layout, or path of a layout directory [default: the built-in layout that matches]
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) layout: Option<String>,
}

/// Options that locate the archive.
#[derive(Debug, Args)]
pub(super) struct ArchiveOptions {
    /// Directory of the archived originals and backups [default: DATABASE.archive; for a server,
    /// KIND-DATABASE@HOST.archive in the current directory]
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
}

/// Options that locate the `seals.log` for seals that are not made by an import.
#[derive(Debug, Default, Args)]
pub(super) struct SealOptions {
    /// Archive directory whose `seals.log` records the seal [default: the archive of the newest run, else
    /// DATABASE.archive; for a server, KIND-DATABASE@HOST.archive in the current directory]
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

/// A `NAME=VALUE` argument.
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
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            Some(_) | None => Err("expected `NAME=VALUE`, such as `profile=mei`"),
        }
    }
}
