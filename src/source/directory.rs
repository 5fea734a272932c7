//! Walks the source directory and classifies its entries as source files or findings.
//!
//! No file is opened here. A symbolic link is followed only if it stays inside the directory; a link to a directory
//! that contains it is skipped. Entries that should not be skipped silently become findings.

use std::collections::BTreeMap;
use std::fs::FileType;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::layout::{Source, source_of, unpacked};
use crate::model::{Finding, Findings, Level, Place, Rule, SourceIndex};

use super::Obstacle;

/// A file that a source of the layout matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched {
    /// Path relative to the directory, with `/` between segments.
    pub(super) path: String,
    /// Index of the source.
    pub(super) source: SourceIndex,
    /// Values captured by the file pattern.
    pub(super) captures: Vec<String>,
}

/// Suffixes of names that suggest JSON; a matching file is never skipped silently. A log may contain JSON Lines.
const JSON_NAMES: [&str; 4] = [".json", ".jsonl", ".ndjson", LOG];
const LOG: &str = ".log";

/// Returns all files under `root` (which must be canonical) that match one of `sources`, sorted by path, and the paths
/// at which something prevented the walk from continuing.
pub(super) fn walk(
    root: &Path,
    sources: &[Source],
    findings: &mut Findings,
) -> (Vec<Matched>, BTreeMap<String, Obstacle>) {
    let mut matched = Vec::new();
    let mut obstacles = BTreeMap::new();
    let outside = each_inside(root, &mut |entry| match entry {
        Ok(entry) => {
            let name = Name::of(root, entry.path(), sources);
            if !entry.file_type().is_file() && !entry.file_type().is_dir() {
                obstacles.insert(name.path.clone(), Obstacle::OtherKind);
            }
            let (file, finding) = classify(name, entry.file_type());
            matched.extend(file);
            findings.extend(finding);
        }
        Err(error) => {
            if let Some(path) = error.path() {
                obstacles.insert(Name::of(root, path, &[]).path, obstacle(&error));
            }
            findings.push(failed(root, sources, &error));
        }
    });
    for link in &outside {
        obstacles.insert(Name::of(root, link, &[]).path, Obstacle::Link);
        findings.push(leads_out(root, link, sources));
    }
    matched.sort_by(|a, b| a.path.cmp(&b.path));
    skip_compressed_twins(&mut matched, |file| &file.path, findings);
    (matched, obstacles)
}

/// Returns why an entry cannot be read: an error, a broken link or a link loop.
fn obstacle(error: &walkdir::Error) -> Obstacle {
    let cause = error.io_error().map(std::io::Error::kind);
    match cause {
        Some(std::io::ErrorKind::NotFound) | None => Obstacle::Link,
        Some(_) => Obstacle::Unreadable,
    }
}

/// Calls `visit` with every entry under `root` and follows links that stay inside; returns the links that do not.
fn each_inside(
    root: &Path,
    visit: &mut dyn FnMut(Result<DirEntry, walkdir::Error>),
) -> Vec<PathBuf> {
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
    WalkDir::new(root)
        .min_depth(1)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(stays_inside)
        .for_each(visit);
    outside
}

/// Creates the finding for a link that points outside the directory.
fn leads_out(root: &Path, link: &Path, sources: &[Source]) -> Finding {
    let name = Name::of(root, link, sources);
    let level = match name.source {
        Some(_) => Level::Error,
        None => Level::Warning,
    };
    let message = "the symbolic link points outside the directory and was not followed";
    Finding::new(level, Rule::OutsideLink, Some(name.place()), message)
        .hint("replace the link with the file, or import the directory that contains the file")
}

/// Skips compressed files whose uncompressed form exists too, with a finding for each: both would contain the same
/// records, or two versions of them if one is older.
fn skip_compressed_twins<F>(
    files: &mut Vec<F>,
    path: impl Fn(&F) -> &str,
    findings: &mut Findings,
) {
    let is_twin = |file: &F| {
        let plain = unpacked(path(file));
        let find = |wanted: &str| files.binary_search_by(|other| path(other).cmp(wanted));
        plain != path(file) && find(plain).is_ok()
    };
    let twins: Vec<bool> = files.iter().map(is_twin).collect();
    let mut twins = twins.into_iter();
    files.retain(|file| {
        let twin = twins.next().unwrap_or(false);
        if twin {
            let plain = unpacked(path(file));
            let place = Place::file(path(file));
            let message = format!("the directory also contains its uncompressed form `{plain}`");
            let finding = Finding::error(Rule::DuplicateFile, place, message);
            findings.push(finding.hint("move the older of the two out of the directory"));
        }
        !twin
    });
}

/// Returns the relative paths of all files under `root` that have a UTF-8 name, sorted. Links are not followed.
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

/// Returns the relative paths of all files under `root` (which must be canonical) whose names suggest JSON, sorted.
pub(super) fn json_files(root: &Path, findings: &mut Findings) -> Vec<String> {
    let mut files = Vec::new();
    let outside = each_inside(root, &mut |entry| match entry {
        Ok(entry) => {
            let name = Name::of(root, entry.path(), &[]);
            if !name.looks_like_json() {
            } else if entry.file_type().is_dir() {
                let message = "a directory with the name of a JSON file";
                let finding =
                    Finding::new(Level::Warning, Rule::NotAFile, Some(name.place()), message);
                findings
                    .push(finding.hint("rename it if files with such names are to be imported"));
            } else if entry.file_type().is_file() && name.utf8 {
                files.push(name.path);
            } else {
                findings.extend(classify(name, entry.file_type()).1);
            }
        }
        Err(error) => findings.push(failed(root, &[], &error)),
    });
    findings.extend(outside.iter().map(|link| leads_out(root, link, &[])));
    files.sort();
    skip_compressed_twins(&mut files, String::as_str, findings);
    files
}

/// Whether the file name at `path` is that of a log, which may contain JSON Lines or plain text.
pub(super) fn is_log(path: &str) -> bool {
    unpacked(&path.to_ascii_lowercase()).ends_with(LOG)
}

/// The name of an entry and the source that matches it.
struct Name {
    /// Relative path with `/` between segments; lossy if the name is not UTF-8.
    path: String,
    utf8: bool,
    source: Option<(SourceIndex, Vec<String>)>,
}

impl Name {
    fn of(root: &Path, path: &Path, sources: &[Source]) -> Self {
        let relative = path.strip_prefix(root).unwrap_or(path);
        let segments: Vec<_> = relative
            .iter()
            .map(|segment| segment.to_string_lossy())
            .collect();
        let path = segments.join("/");
        let source = source_of(sources, &path);
        Self {
            path,
            utf8: relative.to_str().is_some(),
            source,
        }
    }

    fn looks_like_json(&self) -> bool {
        let name = self.path.to_ascii_lowercase();
        let name = unpacked(&name);
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
            (Some(_), true) => "the layout expects a file with this name, but it is a directory",
            (Some(_), false) => {
                "the layout expects a file with this name, but it is a device or pipe"
            }
            (None, _) => return (None, None),
        };
        let finding = Finding::error(Rule::NotAFile, place, message)
            .hint("rename it, or move it out of the directory");
        return (None, Some(finding));
    }
    if !name.utf8 && (name.source.is_some() || name.looks_like_json()) {
        let message = "the file name is not valid UTF-8, so it cannot be recorded";
        let finding = Finding::error(Rule::Unreadable, place, message)
            .hint("rename the file, or move it out of the directory");
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
            let message = "not imported: no source of the layout matches this file";
            let rule = Rule::UnmatchedFile;
            let finding = Finding::new(Level::Notice, rule, Some(place), message);
            (None, Some(finding))
        }
        None => (None, None),
    }
}

/// Creates the finding for an entry that cannot be read: missing permission, a broken link or a link loop.
fn failed(root: &Path, sources: &[Source], error: &walkdir::Error) -> Finding {
    let name = Name::of(root, error.path().unwrap_or(root), sources);
    let place = Some(name.place());
    if error.loop_ancestor().is_some() {
        let message =
            "the symbolic link points to a directory that contains it and was not followed";
        // An error if the layout expects a file here, as for a directory with that name.
        let level = match name.source {
            Some(_) => Level::Error,
            None => Level::Warning,
        };
        return Finding::new(level, Rule::OutsideLink, place, message).hint("remove the link");
    }
    let cause = error.io_error().map(std::io::Error::kind);
    if cause == Some(std::io::ErrorKind::NotFound) {
        // A broken link, or a file removed just now: an error only where the layout expects a file.
        let level = match name.source {
            Some(_) => Level::Error,
            None if name.looks_like_json() => Level::Error,
            None => Level::Warning,
        };
        let message = "the symbolic link is broken, or the file was just removed";
        return Finding::new(level, Rule::Unreadable, place, message)
            .hint("remove the link or restore its target");
    }
    let cause = error.io_error().map(ToString::to_string);
    let message = format!("cannot be read: {}", cause.unwrap_or_default());
    Finding::new(Level::Error, Rule::Unreadable, place, message)
        .hint("grant read permission to the user that runs the import")
}
