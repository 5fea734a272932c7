//! Walks the directory and sorts its entries into source files and findings.
//!
//! Nothing is opened here. A symbolic link is followed only as long as it stays inside the directory; a link back to
//! a directory on its own path is left out. What a program should not pass over silently becomes a finding.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::layout::Source;
use crate::model::{Finding, Findings, Level, Place, Rule};

/// A file that a source of the layout matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched {
    /// Relative to the directory, with `/`.
    pub(super) path: String,
    /// Index of the source.
    pub(super) source: usize,
    /// What the file pattern captured.
    pub(super) captures: Vec<String>,
}

/// Ends of names that promise JSON, so that nobody forgets such a file.
const JSON_NAMES: [&str; 4] = [".json", ".jsonl", ".ndjson", ".json.gz"];

/// All files under `root` (which must be canonical) that one of `sources` matches, sorted by path.
pub(super) fn walk(root: &Path, sources: &[Source], findings: &mut Findings) -> Vec<Matched> {
    let mut matched = Vec::new();
    let mut outside: Vec<PathBuf> = Vec::new();
    let stays_inside = |entry: &DirEntry| {
        let leaves = entry.path_is_symlink()
            && entry
                .path()
                .canonicalize()
                .is_ok_and(|target| !target.starts_with(root));
        if leaves {
            outside.push(entry.path().to_owned());
        }
        !leaves
    };
    let entries = WalkDir::new(root)
        .min_depth(1)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(stays_inside);
    for entry in entries {
        match entry {
            Ok(entry) => {
                let name = Name::of(root, entry.path(), sources);
                let (file, finding) = classify(name, entry.file_type());
                matched.extend(file);
                findings.extend(finding);
            }
            Err(error) => findings.push(failed(root, sources, &error)),
        }
    }
    for link in outside {
        let name = Name::of(root, &link, sources);
        let level = match name.source {
            Some(_) => Level::Error,
            None => Level::Warning,
        };
        let message = "the symbolic link leads out of the directory and was not followed";
        findings.push(
            Finding::new(level, Rule::OutsideLink, Some(name.place()), message)
                .remedy("put the file itself here, or import the directory it stands in"),
        );
    }
    matched.sort_by(|a, b| a.path.cmp(&b.path));
    matched
}

/// Relative paths of all files under `root` that have a UTF-8 name, sorted. Links are not followed.
pub(super) fn paths(root: &Path) -> Vec<String> {
    let entries = WalkDir::new(root)
        .min_depth(1)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok);
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    files
        .map(|entry| Name::of(root, entry.path(), &[]))
        .filter(|name| name.utf8)
        .map(|name| name.path)
        .collect()
}

/// An entry's name and what the layout says about it.
struct Name {
    /// Relative, with `/`; lossy if the name is not UTF-8.
    path: String,
    utf8: bool,
    source: Option<(usize, Vec<String>)>,
}

impl Name {
    fn of(root: &Path, path: &Path, sources: &[Source]) -> Self {
        let relative = path.strip_prefix(root).unwrap_or(path);
        let segments: Vec<_> = relative
            .iter()
            .map(|segment| segment.to_string_lossy())
            .collect();
        let path = segments.join("/");
        let source = sources
            .iter()
            .enumerate()
            .find_map(|(index, source)| Some((index, source.files.matches(&path)?)));
        Self {
            path,
            utf8: relative.to_str().is_some(),
            source,
        }
    }

    fn looks_like_json(&self) -> bool {
        let name = self.path.to_ascii_lowercase();
        JSON_NAMES.iter().any(|ending| name.ends_with(ending))
    }

    fn place(&self) -> Place {
        Place::file(self.path.clone())
    }
}

fn classify(name: Name, kind: FileType) -> (Option<Matched>, Option<Finding>) {
    let place = name.place();
    if !kind.is_file() {
        let message = match (&name.source, kind.is_dir()) {
            (Some(_), true) => "the layout expects a file of this name, but it is a directory",
            (Some(_), false) => {
                "the layout expects a file of this name, but it is a device or pipe"
            }
            (None, _) => return (None, None),
        };
        let finding = Finding::error(Rule::NotAFile, place, message)
            .remedy("rename it, or move it out of the directory");
        return (None, Some(finding));
    }
    if !name.utf8 && (name.source.is_some() || name.looks_like_json()) {
        let message = "the file's name is not UTF-8, so it cannot be recorded";
        let finding = Finding::error(Rule::Unreadable, place, message)
            .remedy("rename the file, or move it out of the directory");
        return (None, Some(finding));
    }
    let json = name.looks_like_json();
    match name.source {
        Some((source, captures)) => {
            let path = name.path;
            let file = Matched {
                path,
                source,
                captures,
            };
            (Some(file), None)
        }
        None if json => {
            let message = "no source of the layout matches this file: not imported";
            let rule = Rule::UnmatchedFile;
            let finding = Finding::new(Level::Notice, rule, Some(place), message);
            (None, Some(finding))
        }
        None => (None, None),
    }
}

/// An entry that could not be looked at: a directory without permission, a link to nothing, a link in a circle.
fn failed(root: &Path, sources: &[Source], error: &walkdir::Error) -> Finding {
    let name = Name::of(root, error.path().unwrap_or(root), sources);
    let place = Some(name.place());
    if error.loop_ancestor().is_some() {
        let message = "the symbolic link leads back to a directory that contains it: not followed";
        return Finding::new(Level::Warning, Rule::OutsideLink, place, message);
    }
    let cause = error.io_error().map(std::io::Error::kind);
    if cause == Some(std::io::ErrorKind::NotFound) {
        // A link to nothing, or a file removed while we looked: bad only where the layout expects a file.
        let level = match name.source {
            Some(_) => Level::Error,
            None if name.looks_like_json() => Level::Error,
            None => Level::Warning,
        };
        let message = "the symbolic link leads nowhere, or the file was removed just now";
        return Finding::new(level, Rule::Unreadable, place, message)
            .remedy("remove the link or restore what it names");
    }
    let cause = error.io_error().map(ToString::to_string);
    let message = format!("cannot be read: {}", cause.unwrap_or_default());
    Finding::new(Level::Error, Rule::Unreadable, place, message)
        .remedy("give the user who runs the import permission to read it")
}
