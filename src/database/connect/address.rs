//! The address of a database server, with everything that is needed to reach it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Which protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL, MariaDB, and what speaks their protocol.
    Mysql,
}

impl ServerKind {
    /// The port the server listens at unless told otherwise.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql => 3306,
        }
    }

    /// The scheme of its URLs.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

/// A password: never shown, not by `Debug` either.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the server alone.
    #[cfg_attr(
        not(feature = "servers"),
        expect(dead_code, reason = "nobody asks for it")
    )]
    pub(in crate::database) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// How much TLS a connection needs; the words are libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// None.
    Disable,
    /// Where the server offers it; its certificate is not looked at.
    Prefer,
    /// Always; the certificate is not looked at, so it keeps out listeners but no impostors.
    Require,
    /// Always, with a certificate that a trusted authority issued for this host.
    VerifyFull,
}

/// TLS settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How much is needed.
    pub mode: TlsMode,
    /// PEM file of the authorities to trust; Mozilla's unless given.
    pub authorities: Option<PathBuf>,
}

/// Tells people that something is tried again.
#[derive(Clone, Copy)]
pub struct Announce(pub fn(&str));

impl fmt::Debug for Announce {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Announce")
    }
}

/// Addresses are the same whoever is told.
impl PartialEq for Announce {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
impl Eq for Announce {}

/// How long, and how often, a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Bound on one attempt to connect.
    pub timeout: Duration,
    /// How often connecting is tried, and a transaction that other programs disturbed.
    pub attempts: u32,
    /// Who is told that something is tried again.
    pub announce: Announce,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            attempts: 5,
            announce: Announce(|_| {}),
        }
    }
}

/// Where a server is, and as whom to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Which protocol.
    pub kind: ServerKind,
    /// Name or IP address; for PostgreSQL also the directory of its Unix socket, for MySQL the path of the socket.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database's user.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// PostgreSQL: the schema that holds the tables, instead of the server's `search_path`.
    pub schema: Option<String>,
    /// TLS settings.
    pub tls: Tls,
    /// How long it is waited for.
    pub patience: Patience,
}

impl ServerAddress {
    /// Whether the host is the path of a Unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// The address without its password: what may be shown and stored.
impl fmt::Display for ServerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}@", self.kind.scheme(), self.user)?;
        if self.is_socket() {
            write!(out, "{}/{}", self.host.replace('/', "%2F"), self.database)?;
        } else if self.host.contains(':') {
            write!(out, "[{}]:{}/{}", self.host, self.port, self.database)?;
        } else {
            write!(out, "{}:{}/{}", self.host, self.port, self.database)?;
        }
        match &self.schema {
            Some(schema) => write!(out, "?schema={schema}"),
            None => Ok(()),
        }
    }
}
