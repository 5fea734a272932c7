//! A connection to MySQL or MariaDB.

use std::any::Any;

use diesel::connection::{MultiConnectionHelper, SimpleConnection as _};
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use mysql_async::{Conn, DriverError, Error, OptsBuilder, SslOpts};

use crate::database::DatabaseError;
use crate::database::connect::blocking::blocking_connection;
use crate::database::connect::runtime::{Started, block_on};
use crate::database::connect::tls::certificates;
use crate::database::connect::{Secret, ServerAddress, TlsMode};
use crate::database::refusal::{NotConnected, Refusal};

type Wrapper = AsyncConnectionWrapper<AsyncMysqlConnection, Started>;

/// A connection to MySQL or MariaDB that blocks.
pub struct MysqlConnection(Wrapper);

/// Refuse what does not fit instead of cutting it; a 0 in a numbered column is a 0; ask for words that can be told apart.
const SETTINGS: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
                        ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'; \
                        SET SESSION lc_messages = 'en_US'";

blocking_connection!(MysqlConnection, Wrapper, AsyncMysqlConnection);

/// Connects once.
///
/// # Errors
/// [`DatabaseError::Unreachable`] if the server is not there or not ready, else why it refused.
pub(in crate::database) fn open(address: &ServerAddress) -> Result<MysqlConnection, DatabaseError> {
    let timeout = address.patience.timeout;
    let connecting = async {
        match tokio::time::timeout(timeout, connect(address)).await {
            Ok(connected) => connected,
            Err(_) => Err(DatabaseError::timeout(address)),
        }
    };
    let connection = block_on(connecting).map_err(DatabaseError::Runtime)??;
    let mut connection = MysqlConnection(Wrapper::from(connection));
    connection.batch_execute(SETTINGS)?;
    Ok(connection)
}

async fn connect(address: &ServerAddress) -> Result<AsyncMysqlConnection, DatabaseError> {
    let builder = options(address);
    let connected = match tls(address)? {
        None => Conn::new(builder).await,
        Some(tls) => match Conn::new(builder.clone().ssl_opts(tls)).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer))
                if address.tls.mode == TlsMode::Prefer =>
            {
                Conn::new(builder).await
            }
            connected => connected,
        },
    };
    let connection = connected.map_err(|error| refused(address, error))?;
    Ok(AsyncMysqlConnection::try_from(connection).await?)
}

fn options(address: &ServerAddress) -> OptsBuilder {
    let builder = OptsBuilder::default()
        .user(Some(&address.user).filter(|user| !user.is_empty()))
        .pass(address.password.as_ref().map(Secret::reveal))
        .db_name(Some(&address.database))
        .prefer_socket(false)
        // Diesel has a cache of its own, and counts rows that were found, whether or not they changed.
        .stmt_cache_size(0)
        .client_found_rows(true);
    if address.is_socket() {
        builder.socket(Some(&address.host))
    } else {
        builder.ip_or_hostname(&address.host).tcp_port(address.port)
    }
}

fn tls(address: &ServerAddress) -> Result<Option<SslOpts>, DatabaseError> {
    // A socket of this machine needs none, and the driver would not encrypt it.
    if address.is_socket() {
        return Ok(None);
    }
    let mut options = SslOpts::default();
    match address.tls.mode {
        TlsMode::Disable => return Ok(None),
        TlsMode::Prefer | TlsMode::Require => {
            options = options
                .with_danger_accept_invalid_certs(true)
                .with_danger_skip_domain_validation(true);
        }
        TlsMode::VerifyFull => {}
    }
    if let Some(path) = &address.tls.authorities {
        // The driver reads the file too, but says nothing of one that holds no certificate.
        certificates(path)?;
        options = options
            .with_root_certs(vec![path.clone().into()])
            .with_disable_built_in_roots(true);
    }
    Ok(Some(options))
}

/// Tells a server that is not there yet from one that does not want us.
fn refused(address: &ServerAddress, error: Error) -> DatabaseError {
    /// Too many connections; shutting down.
    const PASSING: [u16; 3] = [1040, 1053, 1203];
    let passing = match &error {
        Error::Io(mysql_async::IoError::Io(error)) => {
            error.kind() != std::io::ErrorKind::InvalidData
        }
        Error::Io(mysql_async::IoError::Tls(_)) => false,
        Error::Driver(error) => matches!(error, DriverError::ConnectionClosed),
        Error::Server(error) => PASSING.contains(&error.code),
        Error::Other(_) | Error::Url(_) => false,
    };
    let reason = if passing {
        NotConnected::NotThere
    } else {
        NotConnected::Refused(refusal(&error))
    };
    let source: Box<dyn std::error::Error + Send + Sync> = match error {
        // The driver's own words say "Input/output error" twice before they come to it.
        Error::Io(mysql_async::IoError::Io(error)) => Box::new(error),
        error => Box::new(error),
    };
    DatabaseError::not_connected(address, reason, source)
}

/// What the server does not like (<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>).
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::Server(error) => match error.code {
            1045 | 1698 => Refusal::Login,
            1044 | 1049 => Refusal::NoSuchDatabase,
            _ => Refusal::Other,
        },
        Error::Io(_) => Refusal::Tls,
        Error::Driver(_) | Error::Other(_) | Error::Url(_) => Refusal::Other,
    }
}

impl MultiConnectionHelper for MysqlConnection {
    fn to_any<'a>(lookup: &mut ()) -> &mut (dyn Any + 'a) {
        lookup
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut ()> {
        lookup.downcast_mut()
    }
}
