//! Which database: `sqlite:PATH`, a plain path, or the URL of a server.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::DatabaseError;
use super::connect::{ServerAddress, ServerKind};

/// What stands between the parts of a default archive's name, and what no file's name can have everywhere.
const NAME: &AsciiSet = &CONTROLS
    .add(b'%')
    .add(b'@')
    .add(b'+')
    .add(b'/')
    .add(b'\\')
    .add(b':');
/// What would end a word of a line.
const WORD: &AsciiSet = &CONTROLS.add(b'%').add(b' ');

/// The address of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a server.
    Server(Box<ServerAddress>),
}

impl DatabaseUrl {
    /// Parses `sqlite:PATH`, a path, `postgres://…` or `mysql://…`. A text with another scheme is an error, never a file
    /// of that name.
    ///
    /// # Errors
    /// When the scheme is unknown, the path is empty, or the URL malformed. What looks like a URL of a server without its
    /// colon or slashes is not shown either.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            // Without the slashes it is no URL, and must not be taken for a name that may be shown: it may hold a password.
            Some(("postgres" | "postgresql" | "mysql" | "mariadb", rest))
                if !rest.starts_with("//") =>
            {
                return Err(DatabaseError::NoSlashes);
            }
            Some(("postgres" | "postgresql", _)) => {
                return server(ServerKind::Postgres, text);
            }
            Some(("mysql" | "mariadb", _)) => return server(ServerKind::Mysql, text),
            Some((scheme, _)) if is_scheme(scheme) => {
                return Err(DatabaseError::UnknownScheme(format!("{scheme}:")));
            }
            Some(_) | None => text,
        };
        let servers = ["postgres//", "postgresql//", "mysql//", "mariadb//"];
        if servers.iter().any(|start| path.starts_with(start)) {
            return Err(DatabaseError::NoSlashes);
        }
        if path.is_empty() || path == ":memory:" || path.contains('\0') {
            return Err(DatabaseError::BadUrl(text.to_owned()));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// Where archives and seals go unless said otherwise: beside the database's file, or in the current directory, as
    /// `KIND-DATABASE[+SCHEMA]@HOST[+PORT].archive`, which no two addresses of different databases have in common.
    #[must_use]
    pub fn default_archive(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => {
                let mut name = path.file_name().unwrap_or_default().to_os_string();
                name.push(".archive");
                path.with_file_name(name)
            }
            Self::Server(address) => {
                let part = |text: &str| utf8_percent_encode(text, NAME).to_string();
                let schema = address.schema.as_deref();
                let schema = schema.filter(|schema| *schema != "public").map(part);
                let port = (address.port != address.kind.default_port()).then_some(address.port);
                PathBuf::from(format!(
                    "{}-{}{}@{}{}.archive",
                    address.kind.scheme(),
                    part(&address.database),
                    schema.map_or(String::new(), |schema| format!("+{schema}")),
                    part(&address.host),
                    port.map_or(String::new(), |port| format!("+{port}")),
                ))
            }
        }
    }

    /// The database as one word of a line in `seals.log`: the same whoever opens it, with the schema in which the tables
    /// really are.
    #[must_use]
    pub fn log_name(&self, schema: Option<&str>) -> String {
        let name = match self {
            Self::Sqlite(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                format!("sqlite:{}", path.display())
            }
            Self::Server(address) => {
                let (kind, host, port) = (address.kind.scheme(), &address.host, address.port);
                let schema = schema.map_or(String::new(), |schema| format!("?schema={schema}"));
                format!("{kind}://{host}:{port}/{}{schema}", address.database)
            }
        };
        utf8_percent_encode(&name, WORD).to_string()
    }

    /// The file of an embedded database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Server(_) => None,
        }
    }
}

#[cfg(feature = "servers")]
fn server(kind: ServerKind, text: &str) -> Result<DatabaseUrl, DatabaseError> {
    Ok(DatabaseUrl::Server(Box::new(super::connect::parse_url(
        kind, text,
    )?)))
}

#[cfg(not(feature = "servers"))]
fn server(kind: ServerKind, _text: &str) -> Result<DatabaseUrl, DatabaseError> {
    Err(DatabaseError::NotBuiltIn(kind.scheme()))
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
        match self {
            Self::Sqlite(path) => write!(out, "{}", path.display()),
            Self::Server(address) => write!(out, "{address}"),
        }
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

    #[cfg(feature = "servers")]
    #[test]
    fn databases_of_servers_have_an_archive_each() {
        for (text, archive) in [
            (
                "postgres://me@db-1.example/nu",
                "postgres-nu@db-1.example.archive",
            ),
            (
                "postgres://me@db/nu?schema=public",
                "postgres-nu@db.archive",
            ),
            (
                "postgres://me@db/nu?schema=second",
                "postgres-nu+second@db.archive",
            ),
            ("postgres://me@db:5433/nu", "postgres-nu@db+5433.archive"),
            (
                "postgres://me@[::1]/a%2Bb",
                "postgres-a%2Bb@%3A%3A1.archive",
            ),
            ("mysql://me@db:3306/nu", "mysql-nu@db.archive"),
            (
                "mysql://me@%2Frun%2Fs.sock/nu",
                "mysql-nu@%2Frun%2Fs.sock.archive",
            ),
        ] {
            let url = DatabaseUrl::parse(text).expect(text);
            assert_eq!(url.default_archive(), Path::new(archive), "{text}");
        }
    }

    #[test]
    fn a_name_in_the_log_is_one_word() {
        let url = DatabaseUrl::parse("/data/my legacy.db").expect("valid");
        assert_eq!(url.log_name(None), "sqlite:/data/my%20legacy.db");
    }

    #[test]
    fn an_unknown_scheme_is_never_a_new_file() {
        for text in [
            "postgres://localhost",
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
