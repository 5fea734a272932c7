//! Layouts: what is known about one kind of legacy directory, loaded from data and checked.
//!
//! A layout is three kinds of file (`layout.toml`, `tables.sql`, JSON Schemas). This stage parses and checks them;
//! it does not look at source files. Loading is a line of small parts:
//!
//! ```text
//! files ─┬─ layout.toml → written ─┐
//!        ├─ tables.sql  → tables  ─┼─ compile → rules::Layout
//!        └─ *.schema.json → schema ┘
//! ```
//!
//! For a directory without a layout, `propose` makes one up. Only `files` reads from disk and writes to it. A [`Layout`] that exists has passed every check.

mod compile;
mod describe;
mod detect;
mod files;
mod hashing;
mod literal;
mod pattern;
mod problem;
mod propose;
mod rules;
mod schema;
mod tables;
#[cfg(test)]
mod tests;
mod walk;
mod written;

use std::io;
use std::path::Path;

pub use describe::describe;
pub use detect::{Ambiguity, detect, source_of, unpacked};
pub use files::LayoutFiles;
pub use pattern::{FilePattern, PatternError};
pub use problem::Problem;
pub use propose::{Collector, DocumentShape, Outline, Proposal, ProposedKind, ProposedTable};
pub(crate) use propose::{Sketch, kinds};
pub use rules::{
    As, ColumnRule, EachToken, Expression, IdentityRule, Layout, LayoutTable, Parameter,
    ParameterDefault, RecordRule, Reference, Source, Unmapped, UuidName,
};

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// Neither a built-in layout nor a directory.
    #[error(
        "`{name}` is neither a built-in layout ({}) nor a directory",
        problem::quoted(.built_in.iter().copied())
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names of the built-in layouts.
        built_in: Vec<&'static str>,
    },
    /// The directory or a file in it cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// The directory or file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A new layout would have to be written over something.
    #[error("`{path}` {what}")]
    Occupied {
        /// The directory.
        path: String,
        /// What is the matter with it.
        what: &'static str,
    },
    /// The directory or a file in it cannot be written.
    #[error("{path}: cannot be written")]
    Unwritable {
        /// The directory or file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The files have errors.
    #[error("the layout has {}", errors(.problems.len()))]
    Invalid {
        /// The errors, sorted by place.
        problems: Vec<Problem>,
    },
}

fn errors(count: usize) -> String {
    match count {
        1 => "an error".to_owned(),
        more => format!("{more} errors"),
    }
}

/// A layout that passed its checks, and what somebody should look at all the same.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The layout.
    pub layout: Layout,
    /// What is doubtful: tables that nothing fills, parameters that nothing uses.
    pub warnings: Vec<Problem>,
}

/// Loads and checks the layout in `files`.
///
/// # Errors
/// All that is wrong with them.
pub fn check(files: &LayoutFiles) -> Result<Checked, LayoutError> {
    let mut problems = problem::Problems::default();
    let layout = compile::compile(files, &mut problems);
    let warnings = problems
        .finish()
        .map_err(|problems| LayoutError::Invalid { problems })?;
    let layout = layout.expect("compile reports a problem whenever it gives no layout");
    Ok(Checked { layout, warnings })
}

/// The built-in layout `name`.
///
/// # Errors
/// When there is none of this name.
pub fn builtin(name: &str) -> Result<Layout, LayoutError> {
    let files = LayoutFiles::built_in(name).ok_or_else(|| unknown(name))?;
    check(&files).map(|checked| checked.layout)
}

/// The layout in the directory `path`.
///
/// # Errors
/// When it cannot be read, or all that is wrong with its files.
pub fn load_directory(path: &Path) -> Result<Layout, LayoutError> {
    check(&LayoutFiles::read(path)?).map(|checked| checked.layout)
}

/// The files of the layout that `--layout` names: a built-in one, or a directory.
///
/// A built-in name wins; `./name` is always the directory.
///
/// # Errors
/// When there is neither, or the directory cannot be read.
pub fn find_files(name_or_path: &str) -> Result<LayoutFiles, LayoutError> {
    if let Some(files) = LayoutFiles::built_in(name_or_path) {
        return Ok(files);
    }
    match LayoutFiles::read(Path::new(name_or_path)) {
        Err(LayoutError::Unreadable { source, .. })
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Err(unknown(name_or_path))
        }
        other => other,
    }
}

/// The layout that `--layout` names (see [`find_files`]).
///
/// # Errors
/// Those of [`find_files`], and all that is wrong with the files.
pub fn find(name_or_path: &str) -> Result<Layout, LayoutError> {
    check(&find_files(name_or_path)?).map(|checked| checked.layout)
}

fn unknown(name: &str) -> LayoutError {
    LayoutError::Unknown {
        name: name.to_owned(),
        built_in: Layout::builtin_names(),
    }
}

impl Layout {
    /// Names of the built-in layouts, sorted.
    #[must_use]
    pub fn builtin_names() -> Vec<&'static str> {
        files::built_in_names()
    }
}
