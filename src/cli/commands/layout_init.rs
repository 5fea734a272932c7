//! `accession layout init`.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::cli::record_limit::RecordLimit;
use crate::cli::work::Work;
use crate::layout::LayoutFiles;
use crate::operations::propose::{ProposeOptions, check_proposal, propose};
use crate::report::{FindingDetail, ProposedView, proposed_text};

/// Generate a layout for a directory that has none
///
/// Reads every JSON file and writes a layout directory: the kinds of files, a JSON Schema for each kind, tables with
/// keys and references, and the origin of each column, with comments that state the evidence. An import with the
/// unedited layout keeps every value; properties without a stable structure are stored as JSON. Review the layout and
/// improve it before the first import.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Init {
    /// The source directory; it is only read
    directory: PathBuf,
    /// Directory to write the layout to; must be new or empty [default: `NAME-layout`]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Name of the layout [default: the name of the directory]
    #[arg(long, value_parser = layout_name)]
    name: Option<String>,
    /// Report every finding instead of grouping similar ones
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    size: RecordLimit,
}

impl Init {
    pub(super) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let name = match self.name {
            Some(name) => name,
            None => name_of(&self.directory),
        };
        let path = self
            .output
            .unwrap_or_else(|| PathBuf::from(format!("{name}-layout")));
        outside(&path, &self.directory)?;
        LayoutFiles::check_vacant(&path)?;
        let detail = match self.all {
            true => FindingDetail::All,
            false => FindingDetail::Grouped,
        };
        let work = Work::begin(output);
        let options = ProposeOptions {
            directory: self.directory.clone(),
            name,
            limits: self.size.limits(),
        };
        let outcome = propose(&options, work.context())?;
        check_proposal(&outcome.proposal)?;
        outcome.proposal.files.create(&path)?;
        drop(work);
        output.findings(&outcome.findings, detail);
        let written = written(&path);
        let directory = self.directory.display().to_string();
        output.result(
            || proposed_text(&outcome, &written, &directory),
            || ProposedView::new(&outcome, &written),
        );
        Ok(Exit::Done)
    }
}

/// Returns the path in the form that `--layout` accepts: a single word would be taken for the name of a built-in
/// layout.
fn written(path: &Path) -> String {
    let relative = matches!(path.components().next(), Some(Component::Normal(_)));
    match relative {
        true => format!("./{}", path.display()),
        false => path.display().to_string(),
    }
}

/// Checks that the layout is not written into the source directory.
fn outside(path: &Path, directory: &Path) -> Result<(), CommandError> {
    let Ok(directory) = directory.canonicalize() else {
        // The operation reports this error.
        return Ok(());
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute
        .ancestors()
        .find_map(|path| path.canonicalize().ok());
    if existing.is_some_and(|existing| existing.starts_with(&directory)) {
        return Err(CommandError::Usage(format!(
            "cannot write the layout into the source directory `{}`: choose another directory with `--output PATH`",
            directory.display()
        )));
    }
    Ok(())
}

/// Returns a name for the layout of `directory`.
fn name_of(directory: &Path) -> String {
    let resolved = directory.canonicalize();
    let path = resolved.as_deref().unwrap_or(directory);
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if word(c) { c } else { '_' })
        .collect();
    match name.trim_matches('_') {
        "" => "layout".to_owned(),
        name => name.to_owned(),
    }
}

fn layout_name(text: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !text.is_empty() && text.chars().all(word) {
        true => Ok(text.to_owned()),
        false => Err("expected a name of letters, digits, `-` and `_`".to_owned()),
    }
}
