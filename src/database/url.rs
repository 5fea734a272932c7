//! The address of a database: a path, a URL with a path, or the URL of a server.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

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
    /// Parses a path, a path after the scheme of the embedded engine, or the URL of a server.
    ///
    /// File names are shown and a connection string of another program may contain a password, so such a string is an
    /// error, never a file name: a path that begins with neither `/`, `./`, `../` nor the scheme may contain only
    /// characters of usual file names (see [`is_usual_name`]).
    ///
    /// # Errors
    /// When the scheme is unknown, the path is empty, or the URL malformed. Errors do not show parts that may contain a
    /// password.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if text.is_empty() || text == ":memory:" {
            return Err(DatabaseError::BadUrl(text.to_owned()));
        }
        if is_scheme_without_colon(text) {
            return Err(DatabaseError::NoSlashes);
        }
        let scheme = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme));
        let scheme = scheme.map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let path = match &scheme {
            None => text,
            Some((scheme, rest)) => match (find_scheme(scheme), rest.starts_with("//")) {
                (Some(known), true) => return server(known?, text),
                (Some(_), false) => return Err(DatabaseError::NoSlashes),
                (None, _) if scheme == embedded::SCHEME => rest.strip_prefix("//").unwrap_or(rest),
                (None, true) => return Err(DatabaseError::UnknownScheme(format!("{scheme}:"))),
                (None, false) => return Err(DatabaseError::ConnectionString),
            },
        };
        if path.is_empty() {
            return Err(DatabaseError::BadUrl(text.to_owned()));
        }
        // A password in the address of a server, which a wrong scheme or none makes a path.
        let slashes = scheme
            .as_ref()
            .is_some_and(|(_, rest)| rest.starts_with("//") && !rest.starts_with("///"));
        if has_login(path, slashes) {
            return Err(DatabaseError::ConnectionString);
        }
        let is_path = scheme.is_some()
            || ["./", "../"].iter().any(|start| path.starts_with(start))
            || path.starts_with('/') && !path.starts_with("//");
        match is_path && !has_secret(path) || is_usual_name(path) {
            true => Ok(Self::File(PathBuf::from(path))),
            false => Err(DatabaseError::ConnectionString),
        }
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

/// Whether the string has only characters of usual file names: letters, digits, and `/ . _ - + , ~ ( )`. A connection
/// string has others: `host=… password=…`, `Server=…;Pwd=…`, `user:password@host`, `{"password": …}`, `mysql -p…`.
#[must_use]
pub fn is_usual_name(text: &str) -> bool {
    let is_usual = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "/._-+,~()".contains(c),
        false => !c.is_whitespace() && !c.is_control(),
    };
    !text.starts_with('-') && !text.starts_with("//") && text.chars().all(is_usual)
}

/// Whether a path begins like `USER:PASSWORD@HOST/`, or, after `//`, like `USER@HOST`.
fn has_login(path: &str, slashes: bool) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let Some((login, host)) = decoded.trim_start_matches('/').split_once('@') else {
        return false;
    };
    // A password may contain slashes; the first directory of a path has a colon seldom.
    let user = login.split([':', '/']).next().unwrap_or_default();
    let has_password = login[user.len()..].starts_with(':') && host.contains('/');
    !user.is_empty() && (has_password || slashes && user.len() == login.len())
}

/// Whether a string that is written as a path is the address of a server nevertheless.
fn has_secret(path: &str) -> bool {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let path = path.to_ascii_lowercase();
    let has_value = |name: &str| {
        let mut ends = path.match_indices(name).map(|(at, _)| at + name.len());
        ends.any(|end| path[end..].trim_start().starts_with(['=', ':']))
    };
    path.contains("://")
        || path.contains('\0')
        || ["password", "passwd", "pwd", "passphrase", "secret", "token"]
            .into_iter()
            .any(has_value)
        || ["?", "&", ";"].into_iter().any(|start| {
            let mut names = ["key", "hexkey", "pass", "pw"].into_iter();
            names.any(|name| has_value(&format!("{start}{name}")))
        })
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
            "./postgres://u:s3cr3t@db/x",
            "sqlite:host=db password=s3cr3t",
            "postgres%3A%2F%2Fu%3As3cr3t%40db%2Fx",
            "db.example:5432:db:u:s3cr3t",
            "*:*:*:*:s3cr3t",
            "{\"host\": \"db\", \"password\": \"s3cr3t\"}",
            "{'ENGINE': 'django.db.backends.mysql', 'PASSWORD': 's3cr3t'}",
            "host: db\npassword: s3cr3t",
            "mysql -u root -ps3cr3t db",
            "mysql\t-uroot\t-ps3cr3t\tdb",
            "psql postgres://u:s3cr3t@db/x",
            "PGPASSWORD=s3cr3t psql -h db x",
            "machine db login u password s3cr3t",
            "Driver={PostgreSQL Unicode};Server=db;Uid=u;Pwd=s3cr3t",
            "Host=db;Username=u;Password=s3cr3t",
            "scott/s3cr3t@db",
            "-ps3cr3t",
            "\"postgres://u:s3cr3t@db/x\"",
            "\u{201c}postgres://u:s3cr3t@db/x\u{201d}",
            "export DATABASE_URL=postgres://u:s3cr3t@db/x",
            "jdbc:mysql:u:s3cr3t@db/x",
            "file:u:s3cr3t@db/x",
            "sqlite://u:s3cr3t@db/x",
            "sqlite://u:s3cr3t@db/x?mode=ro",
            "sqlite://s3cr3t@db/x",
            "sqlite:u:s3cr3t@db/x",
            "sqlite:/u:s3cr3t@db/x",
            "sqlite:///u:s3cr3t@db/x",
            "sqlite://u:p/s3cr3t@db/x",
            "sqlite://u%3As3cr3t%40db/x",
            "sqlite:x.db?password=s3cr3t",
            "sqlite:x.db?pass%77ord=s3cr3t",
            "sqlite:x.db?key=s3cr3t",
            "sqlite:x.db?mode=ro&hexkey=s3cr3t",
            "./x.db?token=s3cr3t",
            "/u:s3cr3t@db/x",
            "sqlite3://u:s3cr3t@db/x",
            "postgres://u:s3cr3t@db:s3cr3t/x",
            "mysql://u:s3cr3t@[::1/x",
        ] {
            let error = DatabaseUrl::parse(text).expect_err(text);
            assert!(!error.to_string().contains("s3cr3t"), "{text}: {error}");
            assert!(error.hint().is_some(), "{text}");
        }
    }

    #[test]
    fn every_file_name_can_be_written() {
        for (text, path) in [
            ("password.db", "password.db"),
            ("data/host-1_(2),+~.db", "data/host-1_(2),+~.db"),
            ("œuvre.db", "œuvre.db"),
            ("./a=b; c@d: {e} 'f'.db", "./a=b; c@d: {e} 'f'.db"),
            ("../my choir.db", "../my choir.db"),
            ("/data/a:b@c.db", "/data/a:b@c.db"),
            ("sqlite:a:b@c.db", "a:b@c.db"),
            ("sqlite:my choir.db", "my choir.db"),
        ] {
            let url = DatabaseUrl::parse(text).expect(text);
            assert_eq!(url, DatabaseUrl::File(PathBuf::from(path)), "{text}");
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
