//! Why a server rejected a connection.

#[cfg(feature = "servers")]
use super::{DatabaseError, ServerAddress};

/// Why a server rejected a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionReason {
    /// The user or the password.
    Login,
    /// The database does not exist.
    NoSuchDatabase,
    /// The user has no access to the database.
    NoAccess,
    /// Encryption, or a certificate.
    Tls,
    /// Something else.
    Other,
}

/// Why a connection was not made.
#[cfg(feature = "servers")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotConnected {
    /// The server is not running or not ready: another attempt may succeed.
    NotThere,
    /// The server rejected the connection.
    Rejected(RejectionReason),
}

#[cfg(feature = "servers")]
impl DatabaseError {
    /// A server that did not answer in time.
    pub(super) fn timeout(address: &ServerAddress) -> Self {
        let waited = address.retry.timeout.as_secs();
        let message = format!("no answer within {waited} s");
        let source = std::io::Error::new(std::io::ErrorKind::TimedOut, message);
        Self::not_connected(address, NotConnected::NotThere, Box::new(source))
    }

    /// A server that could not be connected to.
    pub(super) fn not_connected(
        address: &ServerAddress,
        reason: NotConnected,
        source: Box<dyn std::error::Error + Send + Sync>,
    ) -> Self {
        let address = address.to_string();
        match reason {
            NotConnected::NotThere => Self::Unreachable { address, source },
            NotConnected::Rejected(reason) => Self::ConnectionRejected {
                address,
                reason,
                source,
            },
        }
    }
}
