//! Which database: `sqlite:PATH`, or a plain path.

use std::fmt;
use std::path::{Path, PathBuf};

use super::DatabaseError;

/// The address of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Parses `sqlite:PATH` or a path. A text with another scheme is an error, never a file of that name.
    ///
    /// # Errors
    /// When the scheme is unknown or the path is empty.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            Some((scheme, _)) if is_scheme(scheme) => {
                return Err(DatabaseError::UnknownScheme(format!("{scheme}:")));
            }
            Some(_) | None => text,
        };
        if path.is_empty() || path == ":memory:" || path.contains('\0') {
            return Err(DatabaseError::BadUrl(text.to_owned()));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// Where archives and seals go unless said otherwise: beside the database.
    #[must_use]
    pub fn default_archive(&self) -> PathBuf {
        let Self::Sqlite(path) = self;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".archive");
        path.with_file_name(name)
    }

    /// The file of an embedded database.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Sqlite(path) = self;
        path
    }
}

/// RFC 3986 §3.1; one letter is a Windows drive.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Sqlite(path) = self;
        write!(out, "{}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_sqlite_urls_are_files() {
        for text in ["legacy.db", "sqlite:legacy.db", "sqlite://legacy.db"] {
            assert_eq!(
                DatabaseUrl::parse(text).expect(text),
                DatabaseUrl::Sqlite(PathBuf::from("legacy.db"))
            );
        }
        let url = DatabaseUrl::parse("sqlite:///data/legacy.db").expect("valid");
        assert_eq!(url.default_archive(), Path::new("/data/legacy.db.archive"));
    }

    #[test]
    fn an_unknown_scheme_is_never_a_new_file() {
        for text in [
            "postgres://localhost/x",
            "mysql://x",
            "oracle:x",
            "sqlite:",
            "",
            ":memory:",
        ] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }
}
