//! Walks the directory and sorts its entries into source files and findings.
//!
//! Nothing is opened here. A symbolic link is followed only as long as it stays inside the directory; a link back to
//! a directory on its own path is left out. What a program should not pass over silently becomes a finding.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::layout::{Source, source_of, unpacked};
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

/// Ends of names that promise JSON, so that nobody forgets such a file; a log may hold JSON Lines.
const JSON_NAMES: [&str; 4] = [".json", ".jsonl", ".ndjson", LOG];
const LOG: &str = ".log";

/// All files under `root` (which must be canonical) that one of `sources` matches, sorted by path.
pub(super) fn walk(root: &Path, sources: &[Source], findings: &mut Findings) -> Vec<Matched> {
    let mut matched = Vec::new();
    let outside = each_inside(root, &mut |entry| match entry {
        Ok(entry) => {
            let name = Name::of(root, entry.path(), sources);
            let (file, finding) = classify(name, entry.file_type());
            matched.extend(file);
            findings.extend(finding);
        }
        Err(error) => findings.push(failed(root, sources, &error)),
    });
    findings.extend(outside.iter().map(|link| leads_out(root, link, sources)));
    matched.sort_by(|a, b| a.path.cmp(&b.path));
    leave_out_packed_twins(&mut matched, |file| &file.path, findings);
    matched
}

/// Calls `visit` with every entry under `root`, following links that stay inside; returns those that do not.
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

/// The finding for a link that leads out of the directory.
fn leads_out(root: &Path, link: &Path, sources: &[Source]) -> Finding {
    let name = Name::of(root, link, sources);
    let level = match name.source {
        Some(_) => Level::Error,
        None => Level::Warning,
    };
    let message = "the symbolic link leads out of the directory and was not followed";
    Finding::new(level, Rule::OutsideLink, Some(name.place()), message)
        .remedy("put the file itself here, or import the directory it stands in")
}

/// A file and its packed form would be the same records twice, or, if one of them is older, two versions of them.
fn leave_out_packed_twins<F>(
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
            let message = format!("`{plain}` stands beside it, and the two are one file");
            let finding = Finding::error(Rule::DuplicateFile, place, message);
            findings.push(finding.remedy("take the older of the two out of the directory"));
        }
        !twin
    });
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

/// Relative paths of all files under `root` (which must be canonical) whose names promise JSON, sorted.
pub(super) fn json_files(root: &Path, findings: &mut Findings) -> Vec<String> {
    let mut files = Vec::new();
    let outside = each_inside(root, &mut |entry| match entry {
        Ok(entry) => {
            let name = Name::of(root, entry.path(), &[]);
            if !name.looks_like_json() {
            } else if entry.file_type().is_dir() {
                let message = "a directory with the name of a file";
                let finding =
                    Finding::new(Level::Warning, Rule::NotAFile, Some(name.place()), message);
                findings.push(finding.remedy("rename it if files of such names are imported"));
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
    leave_out_packed_twins(&mut files, String::as_str, findings);
    files
}

/// Whether the file at `path` is a log by its name: one of JSON Lines, or of plain text.
pub(super) fn is_log(path: &str) -> bool {
    unpacked(&path.to_ascii_lowercase()).ends_with(LOG)
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
        // Where the layout expects a file, as bad as a directory of that name.
        let level = match name.source {
            Some(_) => Level::Error,
            None => Level::Warning,
        };
        return Finding::new(level, Rule::OutsideLink, place, message).remedy("remove the link");
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
