//! Relative paths: the only paths that a manifest may contain and a restore may write to.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::ArchiveError;

/// A path relative to a directory, with `/` between segments, that cannot point outside of it.
///
/// Symbolic links are handled elsewhere: a restore follows none, because it only enters directories it created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);

impl RelativePath {
    /// Parses a path. It must not be empty or absolute, nor contain NUL or segments that are empty, `.` or `..`.
    ///
    /// # Errors
    /// [`ArchiveError::UnsafePath`].
    pub fn parse(text: &str) -> Result<Self, ArchiveError> {
        let segments_are_names = text
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."));
        // The interpretation by the system counts too: Windows has drives and a second separator.
        let components_are_names = Path::new(text)
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
        if segments_are_names && components_are_names && !text.contains('\0') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ArchiveError::UnsafePath(text.to_owned()))
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path below `directory`.
    #[must_use]
    pub fn below(&self, directory: &Path) -> PathBuf {
        directory.join(&self.0)
    }

    /// Returns the parent directories of this path, outermost first.
    pub(super) fn parents(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_of_the_directory_are_rejected() {
        for text in [
            "", "/", "/etc/x", "..", "../x", "a/../x", "a/..", ".", "./a", "a//b", "a/", "a\0b",
        ] {
            assert!(RelativePath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ordinary_names_are_unchanged() {
        for text in ["a", "a b/é/字.json", "...", "a..b/..c", ".hidden"] {
            assert_eq!(RelativePath::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn parents_are_listed_outermost_first() {
        let path = RelativePath::parse("a/b/c.json").expect("valid");
        assert_eq!(path.parents().collect::<Vec<_>>(), ["a", "a/b"]);
    }
}
