//! The files of a layout: built-in ones, and those in a directory.
//!
//! The only file of this stage that accesses the disk. It does not interpret the files.

#![expect(
    clippy::disallowed_methods,
    reason = "a custom layout is a directory of files"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::model::{Hasher, SMALL, Sha256, read_regular};

use super::LayoutError;

/// Each directory in it is a built-in layout; adding one needs no Rust code.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// Name of the mapping file.
pub(crate) const LAYOUT_TOML: &str = "layout.toml";
/// Name of the table definitions.
pub(crate) const TABLES_SQL: &str = "tables.sql";
/// Suffix of a JSON Schema's name.
pub(crate) const SCHEMA_SUFFIX: &str = ".schema.json";

/// The files of a layout by name. Other files in the directory (a README, for example) are ignored, so that they do
/// not change the digest.
#[derive(Debug, Clone, Default)]
pub struct LayoutFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl LayoutFiles {
    /// Returns the bytes of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns the SHA-256 of names and bytes, in the order of the names.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for (name, bytes) in &self.files {
            hasher.bytes(name.as_bytes()).bytes(bytes);
        }
        hasher.sha256()
    }

    /// Reads the layout directory `path`; subdirectories are ignored.
    ///
    /// # Errors
    /// If the directory or a file of the layout cannot be read.
    pub fn read(path: &Path) -> Result<Self, LayoutError> {
        let unreadable = |path: &Path, source: io::Error| LayoutError::Unreadable {
            path: path.display().to_string(),
            source,
        };
        let mut files = Self::default();
        for entry in fs::read_dir(path).map_err(|source| unreadable(path, source))? {
            let entry = entry.map_err(|source| unreadable(path, source))?;
            let name = entry.file_name();
            // A name that is not UTF-8 cannot occur in layout.toml.
            let Some(name) = name.to_str().filter(|name| is_part(name)) else {
                continue;
            };
            let bytes = read_regular(&entry.path(), SMALL)
                .map_err(|source| unreadable(&entry.path(), source))?;
            files.files.insert(name.to_owned(), bytes);
        }
        Ok(files)
    }

    /// Writes the layout into the directory `path`, which must be empty or not exist.
    ///
    /// # Errors
    /// If the directory is not empty, or cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), LayoutError> {
        Self::check_vacant(path)?;
        let unwritable = |path: &Path, source: io::Error| LayoutError::Unwritable {
            path: path.display().to_string(),
            source,
        };
        fs::create_dir_all(path).map_err(|source| unwritable(path, source))?;
        // The mapping is written last: without it the directory is not a layout.
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

    /// Checks that [`Self::create`] will not overwrite anything in `path`.
    ///
    /// # Errors
    /// If the directory is not empty.
    pub fn check_vacant(path: &Path) -> Result<(), LayoutError> {
        let occupied = |what| LayoutError::Occupied {
            path: path.display().to_string(),
            what,
        };
        match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(()),
            Ok(false) if path.join(LAYOUT_TOML).exists() => {
                Err(occupied("already contains a layout"))
            }
            Ok(false) => Err(occupied("is not empty")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(occupied("is not a directory"))
            }
            Err(source) => Err(LayoutError::Unwritable {
                path: path.display().to_string(),
                source,
            }),
        }
    }

    /// Returns the files of the built-in layout `name`.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        // Compared as text: a trailing slash means a directory of the user.
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

/// Returns the names of the built-in layouts, sorted.
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
    fn digest_depends_only_on_names_and_bytes() {
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
    fn unrelated_files_in_a_layout_directory_are_ignored() {
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
