//! Paths inside a directory: the only kind a manifest may hold and a restore may write to.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::ArchiveError;

/// A path relative to a directory, with `/` between segments, that cannot lead out of it by its text.
///
/// Symbolic links are not this type's concern: restoring follows none, as it only enters directories it made itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);

impl RelativePath {
    /// Accepts `text` unless it is empty, absolute, or has NUL or segments that are empty, `.` or `..`.
    ///
    /// # Errors
    /// [`ArchiveError::UnsafePath`].
    pub fn parse(text: &str) -> Result<Self, ArchiveError> {
        let segments_are_names = text
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."));
        // What the system makes of the text matters too: Windows knows drives and a second separator.
        let components_are_names = Path::new(text)
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
        if segments_are_names && components_are_names && !text.contains('\0') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ArchiveError::UnsafePath(text.to_owned()))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below `directory`.
    #[must_use]
    pub fn below(&self, directory: &Path) -> PathBuf {
        directory.join(&self.0)
    }

    /// The directories this path goes through, outermost first.
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
    fn paths_that_lead_out_are_refused() {
        for text in [
            "", "/", "/etc/x", "..", "../x", "a/../x", "a/..", ".", "./a", "a//b", "a/", "a\0b",
        ] {
            assert!(RelativePath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ordinary_names_are_kept_as_they_are() {
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
