//! The files of a layout: embedded ones and those in a user's directory.
//!
//! The only file of this stage that reads from disk, or writes to it. It does not look into the files.

#![expect(
    clippy::disallowed_methods,
    reason = "a layout of one's own is a directory of files"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::model::{Hasher, Sha256};

use super::LayoutError;

/// A directory here is a built-in layout; adding one needs no line of Rust.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// Name of the mapping file.
pub(super) const LAYOUT_TOML: &str = "layout.toml";
/// Name of the table definitions.
pub(super) const TABLES_SQL: &str = "tables.sql";
/// How the name of a JSON Schema ends.
pub(super) const SCHEMA_SUFFIX: &str = ".schema.json";

/// The files of one layout by name. Files that are no part of a layout (a README) are left out, so that they
/// do not change its digest.
#[derive(Debug, Clone, Default)]
pub struct LayoutFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl LayoutFiles {
    /// The bytes of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// SHA-256 over names and bytes in the order of the names.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for (name, bytes) in &self.files {
            hasher.bytes(name.as_bytes()).bytes(bytes);
        }
        hasher.sha256()
    }

    /// Reads the layout directory `path`; directories in it are not entered.
    ///
    /// # Errors
    /// When the directory or a file of the layout cannot be read.
    pub fn read(path: &Path) -> Result<Self, LayoutError> {
        let unreadable = |path: &Path, source: io::Error| LayoutError::Unreadable {
            path: path.display().to_string(),
            source,
        };
        let mut files = Self::default();
        for entry in fs::read_dir(path).map_err(|source| unreadable(path, source))? {
            let entry = entry.map_err(|source| unreadable(path, source))?;
            let name = entry.file_name();
            // A name that is not UTF-8 cannot be one that layout.toml speaks of.
            let Some(name) = name.to_str().filter(|name| is_part(name)) else {
                continue;
            };
            let bytes =
                fs::read(entry.path()).map_err(|source| unreadable(&entry.path(), source))?;
            files.files.insert(name.to_owned(), bytes);
        }
        Ok(files)
    }

    /// Writes the layout into the directory `path`, which must not exist yet or be empty.
    ///
    /// # Errors
    /// When there is something in the directory already, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), LayoutError> {
        Self::check_vacant(path)?;
        let unwritable = |path: &Path, source: io::Error| LayoutError::Unwritable {
            path: path.display().to_string(),
            source,
        };
        fs::create_dir_all(path).map_err(|source| unwritable(path, source))?;
        // The mapping comes last: without it nothing takes the directory for a layout.
        let (mapping, others): (Vec<_>, Vec<_>) = self
            .files
            .iter()
            .partition(|(name, _)| *name == LAYOUT_TOML);
        for (name, bytes) in others.into_iter().chain(mapping) {
            let path = path.join(name);
            File::create_new(&path)
                .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
                .map_err(|source| unwritable(&path, source))?;
        }
        Ok(())
    }

    /// Sees to it that [`Self::create`] will not overwrite anything in `path`.
    ///
    /// # Errors
    /// When there is something already.
    pub fn check_vacant(path: &Path) -> Result<(), LayoutError> {
        let occupied = |what| LayoutError::Occupied {
            path: path.display().to_string(),
            what,
        };
        match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            Ok(false) if path.join(LAYOUT_TOML).exists() => Err(occupied("holds a layout already")),
            Ok(false) => Err(occupied("is not empty")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(occupied("is no directory"))
            }
            Err(source) => Err(LayoutError::Unwritable {
                path: path.display().to_string(),
                source,
            }),
        }
    }

    /// The files of the built-in layout `name`.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        // Compared as text: a path with a slash at its end means a directory of the user.
        let mut directories = BUILT_IN.dirs();
        let directory = directories.find(|dir| dir.path().to_str() == Some(name))?;
        let files = directory.files().filter_map(|file| {
            let name = file.path().file_name()?.to_str()?;
            Some((name, file.contents()))
        });
        Some(files.collect())
    }
}

impl<N: Into<String>, B: Into<Vec<u8>>> FromIterator<(N, B)> for LayoutFiles {
    fn from_iter<I: IntoIterator<Item = (N, B)>>(files: I) -> Self {
        let files = files
            .into_iter()
            .map(|(name, bytes)| (name.into(), bytes.into()))
            .filter(|(name, _)| is_part(name))
            .collect();
        Self { files }
    }
}

fn is_part(name: &str) -> bool {
    name == LAYOUT_TOML || name == TABLES_SQL || name.ends_with(SCHEMA_SUFFIX)
}

/// Names of the built-in layouts, sorted.
pub(super) fn built_in_names() -> Vec<&'static str> {
    let mut names: Vec<_> = BUILT_IN
        .dirs()
        .filter_map(|dir| dir.path().to_str())
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_depends_on_names_and_bytes_and_on_nothing_else() {
        let files = |list: &[(&str, &str)]| {
            let files: LayoutFiles = list.iter().copied().collect();
            files.digest()
        };
        let one = files(&[("layout.toml", "a"), ("tables.sql", "b")]);
        assert_eq!(
            one,
            files(&[("tables.sql", "b"), ("layout.toml", "a"), ("README", "c")])
        );
        assert_ne!(one, files(&[("layout.toml", "ab"), ("tables.sql", "")]));
    }

    #[test]
    fn a_directory_is_read_without_what_is_no_part_of_a_layout() {
        let directory = tempfile::tempdir().expect("temporary directory");
        for name in ["layout.toml", "a.schema.json", "README.md"] {
            fs::write(directory.path().join(name), name).expect("written");
        }
        let files = LayoutFiles::read(directory.path()).expect("readable");
        assert_eq!(
            files.names().collect::<Vec<_>>(),
            ["a.schema.json", "layout.toml"]
        );
        assert_eq!(files.get("layout.toml"), Some(&b"layout.toml"[..]));
    }
}
