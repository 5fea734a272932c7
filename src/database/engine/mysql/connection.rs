//! Connects to MySQL or MariaDB.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, SslOpts};

use super::failure::connect_error;
use super::{MysqlConnection, NameCase};
use crate::database::DatabaseError;
use crate::database::connect::runtime::block_on;
use crate::database::connect::tls::certificates;
use crate::database::connect::{Secret, ServerAddress, TlsMode};

/// Reject values that do not fit instead of truncating them; store 0 in a numbered column as 0.
pub(super) const STRICT: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
                                 ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'";

/// Store dates that do not exist, and what ENUM has for an invalid value, as other programs may have done.
pub(super) const LENIENT: &str =
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'";

/// Times are in UTC, strings in UTF-8, and no warning is discarded for the number of those before it.
const SETTINGS: &str = "SET time_zone = '+00:00', character_set_client = 'utf8mb4', \
                        character_set_connection = 'utf8mb4', character_set_results = 'utf8mb4', \
                        max_error_count = 65535";

/// Connects once.
///
/// # Errors
/// [`DatabaseError::Unreachable`] if the server is not running or not ready, otherwise the reason of the rejection.
pub(super) fn open(address: &ServerAddress) -> Result<MysqlConnection, DatabaseError> {
    let timeout = address.retry.timeout;
    let connecting = async {
        match tokio::time::timeout(timeout, connect(address)).await {
            Ok(connected) => connected,
            Err(_) => Err(DatabaseError::timeout(address)),
        }
    };
    let mut connection = block_on(connecting).map_err(DatabaseError::Runtime)??;
    connection.batch_execute(STRICT)?;
    connection.batch_execute(SETTINGS)?;
    let (name_case, is_mariadb) = server(&mut connection)?;
    connection.set_server(name_case, is_mariadb);
    if is_clustered(&mut connection)? {
        // Wait until commits of other nodes are applied before reading.
        connection.batch_execute("SET wsrep_sync_wait = 15")?;
    }
    Ok(connection)
}

/// Whether the server is a node of a Galera cluster; others need not know the variable.
fn is_clustered(connection: &mut MysqlConnection) -> Result<bool, DatabaseError> {
    #[derive(QueryableByName)]
    struct Variable {
        #[diesel(sql_type = Text, column_name = "Value")]
        value: String,
    }
    let found: Option<Variable> = diesel::sql_query("SHOW SESSION VARIABLES LIKE 'wsrep_on'")
        .get_result(connection)
        .optional()?;
    Ok(found.is_some_and(|on| on.value.eq_ignore_ascii_case("ON")))
}

/// How the server compares names of tables, and whether it is MariaDB.
fn server(connection: &mut MysqlConnection) -> Result<(NameCase, bool), DatabaseError> {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = BigInt)]
        setting: i64,
        #[diesel(sql_type = BigInt)]
        is_mariadb: i64,
    }
    let query = "SELECT CAST(@@lower_case_table_names AS SIGNED) AS setting, \
                 CAST(VERSION() LIKE '%MariaDB%' AS SIGNED) AS is_mariadb";
    let found: Setting = diesel::sql_query(query).get_result(connection)?;
    let case = match found.setting {
        0 => NameCase::Distinguished,
        _ => NameCase::Ignored,
    };
    Ok((case, found.is_mariadb != 0))
}

async fn connect(address: &ServerAddress) -> Result<MysqlConnection, DatabaseError> {
    let builder = options(address);
    let connected = match tls(address)? {
        None => Conn::new(builder).await,
        Some(tls) => match Conn::new(builder.clone().ssl_opts(tls)).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer))
                if address.tls.mode == TlsMode::Prefer =>
            {
                Conn::new(builder).await
            }
            Err(error) if address.tls.mode == TlsMode::Prefer && is_about_tls(&error) => {
                let warning = format!("warning: the connection is not encrypted: {error}");
                (address.retry.observer.0)(&warning);
                Conn::new(builder).await
            }
            connected => connected,
        },
    };
    let connection = connected.map_err(|error| connect_error(address, error))?;
    Ok(MysqlConnection::new(connection))
}

/// The driver parses every certificate, even one that it must not check, and supports X.509 version 3 only.
fn is_about_tls(error: &Error) -> bool {
    match error {
        Error::Io(IoError::Tls(_)) => true,
        Error::Io(IoError::Io(error)) => error
            .get_ref()
            .is_some_and(|cause| cause.is::<rustls::Error>()),
        Error::Driver(_) | Error::Other(_) | Error::Server(_) | Error::Url(_) => false,
    }
}

fn options(address: &ServerAddress) -> OptsBuilder {
    let builder = OptsBuilder::default()
        .user(Some(&address.user).filter(|user| !user.is_empty()))
        .pass(address.password.as_ref().map(Secret::reveal))
        .db_name(Some(&address.database))
        .prefer_socket(false)
        // Statements have many lengths; the least recently used are closed.
        .stmt_cache_size(200)
        // The server limits a value, not a row: one entry can have two values of that length.
        .max_allowed_packet(Some(1 << 30))
        // Count matched rows, whether or not they changed.
        .client_found_rows(true);
    if address.is_socket() {
        builder.socket(Some(&address.host))
    } else {
        builder.ip_or_hostname(&address.host).tcp_port(address.port)
    }
}

fn tls(address: &ServerAddress) -> Result<Option<SslOpts>, DatabaseError> {
    // A Unix socket needs no encryption, and the driver does not support it.
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
        // The driver reads the file too, but does not report a file without certificates.
        certificates(path)?;
        options = options
            .with_root_certs(vec![path.clone().into()])
            .with_disable_built_in_roots(true);
    }
    Ok(Some(options))
}
