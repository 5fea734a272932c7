//! The survey: assigns the files of a directory to the sources of a layout and hashes them.
//!
//! Files are sorted by path, so that the same directory always gives the same survey.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::layout::Layout;
use crate::model::{FileId, Finding, Findings, Level, Place, Rule, Timestamp};

use super::directory::{is_log, json_files, paths, walk};
use super::hash::hash_all;
use super::observer::Observer;
use super::reader::{open_unhashed, unreadable};
use super::source_file::SourceFile;
use super::{Obstacle, SourceError};

/// The contents of a directory.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The absolute path of the directory, without symbolic links.
    pub root: PathBuf,
    /// The readable files that a source matches, sorted by path.
    pub files: Vec<SourceFile>,
    /// Problems found during the survey.
    pub findings: Findings,
    /// The relative paths at which the walk could not continue, and why.
    pub obstacles: BTreeMap<String, Obstacle>,
}

impl Survey {
    /// Whether the directory has a file at this relative path, which is not one of [`Self::files`].
    #[must_use]
    pub fn has_other_file(&self, path: &str) -> bool {
        let found = self.files.binary_search_by(|file| (*file.path).cmp(path));
        found.is_err() && self.root.join(path).is_file()
    }
}

/// Finds and hashes the files in `root` that belong to `layout`.
///
/// # Errors
/// When `root` is not a readable directory, or the interrupt flag was set. Everything else is in [`Survey::findings`].
pub fn survey(root: &Path, layout: &Layout, observer: Observer<'_>) -> Result<Survey, SourceError> {
    let root = directory(root)?;
    let mut findings = Findings::default();
    let (matched, mut obstacles) = walk(&root, &layout.sources, &mut findings);
    let paths: Vec<&str> = matched.iter().map(|file| file.path.as_str()).collect();
    let hashed = hash_all(&root, &paths, observer).ok_or(SourceError::Interrupted)?;
    let mut files = Vec::with_capacity(matched.len());
    for (file, hashed) in matched.into_iter().zip(hashed) {
        match hashed {
            Ok(hashed) => {
                let id = u32::try_from(files.len()).map_err(|_| SourceError::TooManyFiles)?;
                files.push(SourceFile {
                    id: FileId(id),
                    path: file.path,
                    source: file.source,
                    captures: file.captures,
                    bytes: hashed.bytes,
                    modified: Timestamp::of_system(hashed.modified),
                    sha256: hashed.sha256,
                });
            }
            Err(error) => {
                findings.push(unreadable(&file.path, &error));
                obstacles.insert(file.path, Obstacle::Unreadable);
            }
        }
    }
    Ok(Survey {
        root,
        files,
        findings,
        obstacles,
    })
}

/// Returns the relative paths of all files in `root`, for finding the layout that matches the directory.
///
/// # Errors
/// When `root` is not a readable directory.
pub fn list(root: &Path) -> Result<Vec<String>, SourceError> {
    let root = directory(root)?;
    Ok(paths(&root))
}

/// The files of a directory whose names suggest JSON.
#[derive(Debug, Clone)]
pub struct JsonFiles {
    /// The absolute path of the directory, without symbolic links.
    pub root: PathBuf,
    /// Relative paths with `/` between segments, sorted.
    pub paths: Vec<String>,
    /// Problems found while searching.
    pub findings: Findings,
}

/// Finds the JSON files in `root`, for a directory without a known layout.
///
/// # Errors
/// When `root` is not a readable directory.
pub fn find_json(root: &Path) -> Result<JsonFiles, SourceError> {
    let root = directory(root)?;
    let mut findings = Findings::default();
    let (paths, text): (Vec<String>, Vec<String>) = json_files(&root, &mut findings)
        .into_iter()
        .partition(|path| !is_log(path) || begins_like_json(&root, path));
    findings.extend(text.into_iter().map(|path| {
        let message = "skipped: does not begin like JSON Lines";
        let place = Some(Place::file(path));
        Finding::new(Level::Notice, Rule::UnmatchedFile, place, message)
    }));
    Ok(JsonFiles {
        root,
        paths,
        findings,
    })
}

/// Whether the file begins with an object or an array. An unreadable file counts as JSON, so that it is reported later.
fn begins_like_json(root: &Path, path: &str) -> bool {
    let mut beginning = Vec::new();
    let read =
        open_unhashed(root, path).map(|file| file.take(4096).read_to_end(&mut beginning).is_ok());
    let first = beginning.iter().find(|byte| !byte.is_ascii_whitespace());
    read != Ok(true) || matches!(first, Some(b'{' | b'['))
}

fn directory(root: &Path) -> Result<PathBuf, SourceError> {
    let path = root.to_owned();
    let found = root.canonicalize().and_then(|root| {
        let kind = fs::metadata(&root)?.file_type();
        if kind.is_dir() {
            fs::read_dir(&root)?;
        }
        Ok((root, kind))
    });
    match found {
        Ok((root, kind)) if kind.is_dir() => Ok(root),
        Ok(_) => Err(SourceError::NotADirectory { path }),
        Err(cause) => Err(match cause.kind() {
            io::ErrorKind::NotFound => SourceError::NoSuchDirectory { path },
            io::ErrorKind::NotADirectory => SourceError::NotADirectory { path },
            _ => SourceError::Unreadable { path, cause },
        }),
    }
}

#[cfg(all(test, unix))]
mod tests;
