//! Connects to PostgreSQL.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresConnection;
use super::failure::connect_error;
use super::tls::client_config;
use super::{identifier, literal};
use crate::database::DatabaseError;
use crate::database::connect::runtime::block_on;
use crate::database::connect::{Secret, ServerAddress, TlsMode};

/// Connects once.
///
/// # Errors
/// [`DatabaseError::Unreachable`] if the server is not running or not ready, otherwise the reason of the rejection.
pub(super) fn open(address: &ServerAddress) -> Result<PostgresConnection, DatabaseError> {
    let timeout = address.retry.timeout;
    let connecting = async {
        match tokio::time::timeout(timeout, connect(address)).await {
            Ok(connected) => connected,
            Err(_) => Err(DatabaseError::timeout(address)),
        }
    };
    let connection = block_on(connecting).map_err(DatabaseError::Runtime)??;
    set_up(connection, address)
}

/// Determines the schema, and restricts the connection to it. Unless the address names one, it is the first schema of
/// this user's default `search_path`; the current one may be another client's, if there is a pooler.
fn set_up(
    mut connection: PostgresConnection,
    address: &ServerAddress,
) -> Result<PostgresConnection, DatabaseError> {
    #[derive(QueryableByName)]
    struct ServerState {
        #[diesel(sql_type = Nullable<Text>)]
        name: Option<String>,
        #[diesel(sql_type = Bool)]
        is_replica: bool,
    }
    let query = "SELECT CASE WHEN $1 IS NULL THEN current_schema() ELSE \
                 (SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = $1) END::text AS name, \
                 pg_is_in_recovery() AS is_replica";
    connection.use_schema(String::new(), settings(None));
    let found: ServerState = diesel::sql_query(query)
        .bind::<Nullable<Text>, _>(&address.schema)
        .get_result(&mut connection)?;
    if found.is_replica {
        (address.retry.observer.0)("note: this server is a replica; recent commits may be missing");
    }
    let Some(schema) = found.name else {
        return Err(DatabaseError::NoSchema(address.schema.clone()));
    };
    let settings = settings(Some(&schema));
    connection.use_schema(schema, settings);
    Ok(connection)
}

/// Overrides the settings of a user, a database or another client of a pooler. `pg_dump` lifts the same limits, because
/// it runs long statements, too.
fn settings(schema: Option<&str>) -> String {
    const OWN_PATH: &str =
        "(SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path')";
    let path = schema.map_or(OWN_PATH.to_owned(), |schema| literal(&identifier(schema)));
    let settings = [
        ("TimeZone", "UTC"),
        ("client_min_messages", "warning"),
        // Rows that a policy hides are an error instead of missing rows.
        ("row_security", "off"),
        // The format of amounts in images.
        ("lc_monetary", "C"),
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
    ];
    let calls = settings.map(|(name, value)| {
        let (name, value) = (literal(name), literal(value));
        format!("pg_catalog.set_config({name}, {value}, true)")
    });
    format!(
        "SELECT pg_catalog.set_config('search_path', {path}, true), {}",
        calls.join(", ")
    )
}

async fn connect(address: &ServerAddress) -> Result<PostgresConnection, DatabaseError> {
    let config = config(address);
    let connect_error = |error: tokio_postgres::Error| connect_error(address, error);
    Ok(match client_config(&address.tls)? {
        None => {
            let (client, connection) = config.connect(NoTls).await.map_err(connect_error)?;
            PostgresConnection::new(client, connection)
        }
        Some(tls) => {
            let tls = MakeRustlsConnect::new(tls);
            let (client, connection) = config.connect(tls).await.map_err(connect_error)?;
            PostgresConnection::new(client, connection)
        }
    })
}

fn config(address: &ServerAddress) -> Config {
    let mut config = Config::new();
    if address.is_socket() {
        config.host_path(&address.host);
    } else {
        config.host(&address.host);
    }
    config
        .port(address.port)
        .dbname(&address.database)
        .application_name("accession")
        .connect_timeout(address.retry.timeout)
        .ssl_mode(match address.tls.mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyFull => SslMode::Require,
        });
    if !address.user.is_empty() {
        config.user(&address.user);
    }
    if let Some(password) = address.password.as_ref().map(Secret::reveal) {
        config.password(password);
    }
    config
}
