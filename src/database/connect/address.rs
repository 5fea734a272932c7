//! The address of a database server, with everything that is needed to reach it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::Server;

/// A password. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password, to be sent to the server.
    #[cfg_attr(
        not(feature = "servers"),
        expect(dead_code, reason = "used by server engines only")
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

/// The required level of TLS, with the names of libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// None.
    Disable,
    /// If the server offers it; its certificate is not checked.
    Prefer,
    /// Always; the certificate is not checked, so this protects against eavesdropping, but not against impersonation.
    Require,
    /// Always, with a certificate that a trusted authority issued for this host.
    VerifyFull,
}

/// TLS settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The required level.
    pub mode: TlsMode,
    /// PEM file of trusted certificate authorities; by default Mozilla's list.
    pub authorities: Option<PathBuf>,
}

/// Called with a message for each further attempt.
#[derive(Clone, Copy)]
pub struct RetryObserver(pub fn(&str));

impl fmt::Debug for RetryObserver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RetryObserver")
    }
}

/// Observers are ignored: addresses that differ only in them are equal.
impl PartialEq for RetryObserver {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
impl Eq for RetryObserver {}

/// The timeout of an attempt, and the number of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Timeout of one attempt to connect.
    pub timeout: Duration,
    /// Maximum attempts to connect, and to retry a transaction after a deadlock or serialization failure.
    pub attempts: u32,
    /// Called for each further attempt.
    pub observer: RetryObserver,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            attempts: 5,
            observer: RetryObserver(|_| {}),
        }
    }
}

/// The address of a server's database, and the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// The kind of server.
    pub server: &'static Server,
    /// Host name, IP address, or the path of a Unix socket or of its directory.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database's user.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// The schema that holds the tables, instead of the server's `search_path`.
    pub schema: Option<String>,
    /// TLS settings.
    pub tls: Tls,
    /// Timeout and number of attempts.
    pub retry: RetryPolicy,
}

impl ServerAddress {
    /// Whether the host is the path of a Unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// The address without its password, which may be shown and stored.
impl fmt::Display for ServerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}@", self.server.scheme, self.user)?;
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
