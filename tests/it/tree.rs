//! A snapshot of all files below a directory, for comparison with a later one.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Names, permissions and contents; modification times are separate, because reading a database may change them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<PathBuf, Entry>);

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    mode: u32,
    content: Content,
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Directory,
    File(Vec<u8>),
    Link(PathBuf),
    /// A file that must not be read, such as a pipe.
    Special,
}

impl Tree {
    pub(crate) fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        for entry in walkdir::WalkDir::new(root).min_depth(1) {
            let entry = entry.expect("a directory is read");
            let path = entry.path();
            let kind = entry.file_type();
            let content = if kind.is_dir() {
                Content::Directory
            } else if kind.is_symlink() {
                Content::Link(fs::read_link(path).expect("a link is read"))
            } else if kind.is_file() {
                Content::File(fs::read(path).expect("a file is read"))
            } else {
                Content::Special
            };
            let mode = entry.metadata().expect("metadata").permissions().mode();
            let relative = path.strip_prefix(root).expect("below the root").to_owned();
            entries.insert(relative, Entry { mode, content });
        }
        Self(entries)
    }

    /// Returns the relative paths of all entries, sorted.
    pub(crate) fn paths(&self) -> Vec<String> {
        let shown = |path: &PathBuf| path.display().to_string();
        self.0.keys().map(shown).collect()
    }

    fn differences(&self, other: &Self) -> Vec<String> {
        let mut output = Vec::new();
        for (path, entry) in &self.0 {
            match other.0.get(path) {
                None => output.push(format!("{} was removed", path.display())),
                Some(now) if now != entry => output.push(format!("{} differs", path.display())),
                Some(_) => {}
            }
        }
        let new = other.0.keys().filter(|path| !self.0.contains_key(*path));
        output.extend(new.map(|path| format!("{} is new", path.display())));
        output
    }

    /// Fails with the names of all differences.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self, now: &Self, why: impl fmt::Display) {
        let differences = self.differences(now);
        assert!(differences.is_empty(), "{}\n{why}", differences.join("\n"));
    }
}
