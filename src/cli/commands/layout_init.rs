//! `accession layout init`.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use crate::cli::command_error::CommandError;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::layout::LayoutFiles;
use crate::operations::propose::{ProposeOptions, check_proposal, propose};
use crate::parse::Limits;
use crate::report::{Tell, proposed_json, proposed_text};

/// Propose a layout for a directory that has none
///
/// Reads every JSON file and writes an ordinary layout directory: which files are of one kind, a JSON Schema for each
/// kind, tables with keys and references, and where each column comes from, with comments that say what speaks for it.
/// An import with it works as it is and loses nothing; what has no stable shape is kept as JSON. It is meant to be
/// read and improved.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Init {
    /// The legacy directory; it is only read
    directory: PathBuf,
    /// Directory to write the layout to; must not exist yet or be empty [default: `NAME-layout`]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Name of the layout [default: that of the directory]
    #[arg(long, value_parser = layout_name)]
    name: Option<String>,
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
        let work = Work::begin(output);
        let options = ProposeOptions {
            directory: self.directory.clone(),
            name,
            limits: Limits::default(),
        };
        let outcome = propose(&options, work.surroundings())?;
        check_proposal(&outcome.proposal)?;
        outcome.proposal.files.create(&path)?;
        drop(work);
        output.findings(&outcome.findings, Tell::Some);
        output.result(
            || {
                proposed_text(
                    &outcome,
                    &written(&path),
                    &self.directory.display().to_string(),
                )
            },
            || proposed_json(&outcome, &written(&path)),
        );
        Ok(Exit::Done)
    }
}

/// The path as it must be given to `--layout`, which takes a bare word for the name of a built-in layout.
fn written(path: &Path) -> String {
    let relative = matches!(path.components().next(), Some(Component::Normal(_)));
    match relative {
        true => format!("./{}", path.display()),
        false => path.display().to_string(),
    }
}

/// The legacy directory is never written to.
fn outside(path: &Path, directory: &Path) -> Result<(), CommandError> {
    let Ok(directory) = directory.canonicalize() else {
        // The operation tells what is wrong with it.
        return Ok(());
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute
        .ancestors()
        .find_map(|path| path.canonicalize().ok());
    if existing.is_some_and(|existing| existing.starts_with(&directory)) {
        return Err(CommandError::Usage(format!(
            "the layout cannot be written into `{}`, which is only read: name another directory with `--output PATH`",
            directory.display()
        )));
    }
    Ok(())
}

/// A name for the layout of `directory`.
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
        false => Err("a name has letters, digits, `-` and `_`".to_owned()),
    }
}
