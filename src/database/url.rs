//! The address of a database: a path, a URL with a path, or the URL of a server.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::DatabaseError;
use super::connect::ServerAddress;
use super::engine::embedded::{self, link_target};
use super::engine::{Server, find_scheme, is_scheme_without_colon};

/// Separators of the parts of a default archive's name, and characters that some file system forbids in names.
const NAME: &AsciiSet = &CONTROLS
    .add(b'%')
    .add(b'@')
    .add(b'+')
    .add(b'/')
    .add(b'\\')
    .add(b':');
/// Characters that would end a word in `seals.log`.
const WORD: &AsciiSet = &CONTROLS.add(b'%').add(b' ');

/// The address of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of the embedded engine.
    File(PathBuf),
    /// A database of a server.
    Server(Box<ServerAddress>),
}

impl DatabaseUrl {
    /// Parses a path, a path after the scheme of the embedded engine, or the URL of a server. A string with another
    /// scheme, or a connection string of another program, is an error, never a file name: file names are shown, and it
    /// may contain a password.
    ///
    /// # Errors
    /// When the scheme is unknown, the path is empty, or the URL malformed. Errors do not show parts that may contain a
    /// password.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let split = text.split_once(':');
        let scheme = split.map(|(scheme, _)| scheme.to_ascii_lowercase());
        let scheme = scheme.as_deref().zip(split.map(|(_, rest)| rest));
        if let Some((scheme, rest)) = scheme
            && let Some(known) = find_scheme(scheme)
        {
            // Without the slashes it is not a URL, and must not be treated as a file name, which would be shown: it may
            // contain a
            // password.
            return match rest.starts_with("//") {
                true => server(known?, text),
                false => Err(DatabaseError::NoSlashes),
            };
        }
        let path = match scheme {
            Some((embedded::SCHEME, path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                if is_connection_string(path) {
                    return Err(DatabaseError::ConnectionString);
                }
                path
            }
            Some((scheme, rest)) if is_scheme(scheme) && rest.starts_with("//") => {
                return Err(DatabaseError::UnknownScheme(format!("{scheme}:")));
            }
            // The part before the colon may be a user, and the part after it a password.
            Some((scheme, rest))
                if is_scheme(scheme) || rest.contains('@') && !rest.starts_with('\\') =>
            {
                return Err(DatabaseError::ConnectionString);
            }
            Some(_) | None if is_connection_string(text) => {
                return Err(DatabaseError::ConnectionString);
            }
            Some(_) | None => text,
        };
        if is_scheme_without_colon(path) {
            return Err(DatabaseError::NoSlashes);
        }
        if path.is_empty() || path == ":memory:" || path.contains('\0') {
            return Err(DatabaseError::BadUrl(text.to_owned()));
        }
        Ok(Self::File(PathBuf::from(path)))
    }

    /// The default directory of archives and seals: next to the database's file (symbolic links are resolved), or for a
    /// server in the current directory, as
    /// `KIND-DATABASE[+SCHEMA]@HOST[+PORT].archive`, which differs between any two databases.
    #[must_use]
    pub fn default_archive(&self) -> PathBuf {
        match self {
            Self::File(path) => match link_target(path) {
                // Earlier versions placed the archive next to the link.
                Some(target) if !beside(path).is_dir() || beside(&target).exists() => {
                    beside(&target)
                }
                Some(_) | None => beside(path),
            },
            Self::Server(address) => {
                let part = |text: &str| utf8_percent_encode(text, NAME).to_string();
                let schema = address.schema.as_deref();
                let schema = schema.filter(|schema| *schema != "public").map(part);
                let port = (address.port != address.server.default_port).then_some(address.port);
                PathBuf::from(format!(
                    "{}-{}{}@{}{}.archive",
                    address.server.scheme,
                    part(&address.database),
                    schema.map_or(String::new(), |schema| format!("+{schema}")),
                    part(&address.host),
                    port.map_or(String::new(), |port| format!("+{port}")),
                ))
            }
        }
    }

    /// The database as one word of a line in `seals.log`: the same for every user, with the schema that contains the
    /// tables.
    #[must_use]
    pub fn log_name(&self, schema: Option<&str>) -> String {
        let name = match self {
            Self::File(path) => {
                let real = path.canonicalize();
                let real = real.or_else(|_| std::path::absolute(path));
                let path = real.unwrap_or_else(|_| path.clone());
                format!("{}:{}", embedded::SCHEME, path.display())
            }
            Self::Server(address) => {
                let (kind, host, port) = (address.server.scheme, &address.host, address.port);
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
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }
}

/// The archive next to a file.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".archive");
    path.with_file_name(name)
}

#[cfg(feature = "servers")]
fn server(server: &'static Server, text: &str) -> Result<DatabaseUrl, DatabaseError> {
    let address = super::connect::parse_url(server, text)?;
    Ok(DatabaseUrl::Server(Box::new(address)))
}

#[cfg(not(feature = "servers"))]
fn server(server: &'static Server, _text: &str) -> Result<DatabaseUrl, DatabaseError> {
    Err(DatabaseError::NotBuiltIn(server.scheme))
}

/// Whether the string looks like a server's address in another program's form: a URL, `host=… user=…` (libpq),
/// `Server=…;Pwd=…` (ADO, ODBC), `user:password@tcp(host)/database` (Go).
fn is_connection_string(text: &str) -> bool {
    const SECRETS: [&str; 3] = ["password", "passwd", "pwd"];
    const KEYS: [&str; 21] = [
        "addr",
        "address",
        "data source",
        "database",
        "datasource",
        "dbname",
        "driver",
        "dsn",
        "host",
        "hostaddr",
        "initial catalog",
        "network address",
        "passfile",
        "port",
        "server",
        "service",
        "sslmode",
        "uid",
        "user",
        "user id",
        "username",
    ];
    let text = text.to_ascii_lowercase();
    let mut parts = text.split('=');
    let first = parts.next().unwrap_or_default().trim();
    let has_value = parts.next().is_some();
    let holds = |secret: &str| {
        let mut ends = text.match_indices(secret).map(|(at, _)| at + secret.len());
        ends.any(|end| text[end..].trim_start().starts_with('='))
    };
    text.contains("://")
        || text.contains("@tcp(")
        || text.contains("@unix(")
        || has_value && KEYS.contains(&first)
        || SECRETS.into_iter().any(holds)
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
            Self::File(path) => write!(out, "{}", path.display()),
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
                DatabaseUrl::File(PathBuf::from("legacy.db"))
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
    fn blanks_around_an_address_and_capitals_in_its_scheme_mean_nothing() {
        for text in [
            " legacy.db",
            "legacy.db\n",
            "\tSQLite:legacy.db ",
            "\u{feff}legacy.db",
        ] {
            let url = DatabaseUrl::parse(text).expect(text);
            assert_eq!(url, DatabaseUrl::File(PathBuf::from("legacy.db")));
        }
        #[cfg(feature = "servers")]
        for text in [" postgres://me@db/x", "\tPostgres://me@db/x\r\n"] {
            let url = DatabaseUrl::parse(text).expect(text);
            assert_eq!(url.to_string(), "postgres://me@db:5432/x");
        }
    }

    #[test]
    fn connection_strings_of_other_programs_are_never_files_and_never_shown() {
        for text in [
            "host=127.0.0.1 user=u password=s3cr3t dbname=db",
            "user = u  password = s3cr3t",
            "dbname=x",
            "Server=db;Database=x;Uid=u;Pwd=s3cr3t;",
            "Data Source=db;Password=s3cr3t",
            "jdbc:postgresql://db/x?user=u&password=s3cr3t",
            "jdbc:mysql://u:s3cr3t@db/x",
            "u:s3cr3t@tcp(db:3306)/x",
            "u:s3cr3t@unix(/run/m.sock)/x",
            "u_1:s3cr3t@db/x",
            "u:s3cr3t@db/x",
            "s3cr3t:u@db",
            "postgresql+psycopg://u:s3cr3t@db/x",
            "mysql+pymysql://u:s3cr3t@db/x",
            "mariadb+mariadbconnector://u:s3cr3t@db/x",
            "'postgres://u:s3cr3t@db/x'",
            "DATABASE_URL=postgres://u:s3cr3t@db/x",
            "sqlite:postgres://u:s3cr3t@db/x",
            "postgres:/u:s3cr3t@db/x",
            "//u:s3cr3t@db/x",
        ] {
            let error = DatabaseUrl::parse(text).expect_err(text);
            assert!(!error.to_string().contains("s3cr3t"), "{text}: {error}");
            assert!(error.hint().is_some(), "{text}");
        }
        for text in [
            "sqlite:a:b@c.db",
            "a=b.db",
            "password.db",
            "./user.db",
            "data/host.db",
        ] {
            assert!(DatabaseUrl::parse(text).is_ok(), "{text}");
        }
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
