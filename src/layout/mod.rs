//! Layouts: descriptions of the files in a kind of source directory, loaded from data and checked.
//!
//! A layout consists of three kinds of files (`layout.toml`, `tables.sql`, JSON Schemas). This stage parses and
//! checks them; it does not read source files. Loading is a pipeline of small parts:
//!
//! ```text
//! files ─┬─ layout.toml → written ─┐
//!        ├─ tables.sql  → tables  ─┼─ compile → rules::Layout
//!        └─ *.schema.json → schema ┘
//! ```
//!
//! Only `files` accesses the disk. Every [`Layout`] value has passed all checks.

mod compile;
mod describe;
mod detect;
mod files;
mod hashing;
mod literal;
mod pattern;
mod problem;
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
pub(crate) use files::{LAYOUT_TOML, SCHEMA_SUFFIX, TABLES_SQL};
pub use pattern::{FilePattern, PatternError};
pub use problem::LayoutProblem;
pub use rules::{
    As, ColumnRule, EachToken, Expression, IdentityRule, Layout, LayoutTable, Parameter,
    ParameterDefault, RecordRule, Reference, Source, Unmapped, UuidName,
};
pub(crate) use schema::{
    is_light, names_are_matched_slowly, options_for as schema_options_for, steps_per_member,
};
pub(crate) use tables::{is_plain_identifier, is_reserved_relation};

/// The reason why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// Neither a built-in layout nor a directory.
    #[error(
        "`{name}` is neither a built-in layout ({}) nor a directory",
        problem::quoted(.built_in.iter().copied())
    )]
    Unknown {
        /// The given name or path.
        name: String,
        /// Names of the built-in layouts.
        built_in: Vec<&'static str>,
    },
    /// The directory or a file in it cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// The directory or file.
        path: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A new layout would overwrite something.
    #[error("`{path}` {what}")]
    Occupied {
        /// The directory.
        path: String,
        /// The reason why the directory cannot be used.
        what: &'static str,
    },
    /// The directory or a file in it cannot be written.
    #[error("{path}: cannot be written")]
    Unwritable {
        /// The directory or file.
        path: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The files have errors.
    #[error("the layout has {}", errors(.problems.len()))]
    Invalid {
        /// The errors, sorted by place.
        problems: Vec<LayoutProblem>,
    },
}

fn errors(count: usize) -> String {
    match count {
        1 => "an error".to_owned(),
        more => format!("{more} errors"),
    }
}

/// A valid layout, with warnings.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The layout.
    pub layout: Layout,
    /// Possible mistakes, such as tables that are not filled or parameters that are not used.
    pub warnings: Vec<LayoutProblem>,
}

/// Loads and checks the layout in `files`.
///
/// # Errors
/// All errors in the files.
pub fn check(files: &LayoutFiles) -> Result<Checked, LayoutError> {
    let mut problems = problem::Problems::default();
    let layout = compile::compile(files, &mut problems);
    let warnings = problems
        .finish()
        .map_err(|problems| LayoutError::Invalid { problems })?;
    let layout = layout.expect("compile reports a problem if it returns no layout");
    Ok(Checked { layout, warnings })
}

/// Loads the built-in layout `name`.
///
/// # Errors
/// If there is no layout of this name.
pub fn builtin(name: &str) -> Result<Layout, LayoutError> {
    let files = LayoutFiles::built_in(name).ok_or_else(|| unknown(name))?;
    check(&files).map(|checked| checked.layout)
}

/// Loads the layout in the directory `path`.
///
/// # Errors
/// If it cannot be read; all errors in its files.
pub fn load_directory(path: &Path) -> Result<Layout, LayoutError> {
    let checked = check(&LayoutFiles::read(path)?)?;
    Ok(Layout {
        reference: path.display().to_string(),
        ..checked.layout
    })
}

/// Returns the files of the layout given by `--layout`: a built-in one, or a directory.
///
/// The name of a built-in layout takes precedence; `./name` is always a directory.
///
/// # Errors
/// If neither exists, or the directory cannot be read.
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

/// Loads the layout given by `--layout` (see [`find_files`]).
///
/// # Errors
/// Those of [`find_files`]; all errors in the files.
pub fn find(name_or_path: &str) -> Result<Layout, LayoutError> {
    let checked = check(&find_files(name_or_path)?)?;
    Ok(Layout {
        reference: name_or_path.to_owned(),
        ..checked.layout
    })
}

fn unknown(name: &str) -> LayoutError {
    LayoutError::Unknown {
        name: name.to_owned(),
        built_in: Layout::builtin_names(),
    }
}

impl Layout {
    /// Returns the names of the built-in layouts, sorted.
    #[must_use]
    pub fn builtin_names() -> Vec<&'static str> {
        files::built_in_names()
    }
}
