//! A connection to PostgreSQL.

use std::any::Any;

use diesel::connection::{MultiConnectionHelper, SimpleConnection as _};
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, TypeMetadata};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database::DatabaseError;
use crate::database::connect::blocking::blocking_connection;
use crate::database::connect::runtime::{Started, block_on};
use crate::database::connect::tls::client_config;
use crate::database::connect::{Secret, ServerAddress, TlsMode};
use crate::database::refusal::{NotConnected, Refusal};

type Wrapper = AsyncConnectionWrapper<AsyncPgConnection, Started>;

/// A connection to PostgreSQL that blocks.
pub struct PostgresConnection(Wrapper, Schema);

/// The schema that the tables and the ledger stand in.
struct Schema(String);

impl PostgresConnection {
    /// The schema that the tables and the ledger stand in: the only one that is looked at.
    pub(in crate::database) fn schema(&self) -> &str {
        &self.1.0
    }
}

blocking_connection!(PostgresConnection, Wrapper, AsyncPgConnection);

/// Connects once.
///
/// # Errors
/// [`DatabaseError::Unreachable`] if the server is not there or not ready, else why it refused.
pub(in crate::database) fn open(
    address: &ServerAddress,
) -> Result<PostgresConnection, DatabaseError> {
    let timeout = address.patience.timeout;
    let connecting = async {
        match tokio::time::timeout(timeout, connect(address)).await {
            Ok(connected) => connected,
            Err(_) => Err(DatabaseError::timeout(address)),
        }
    };
    let connection = block_on(connecting).map_err(DatabaseError::Runtime)??;
    set_up(Wrapper::from(connection), address)
}

/// Settles which schema is meant, and that no other is looked at.
fn set_up(
    mut wrapper: Wrapper,
    address: &ServerAddress,
) -> Result<PostgresConnection, DatabaseError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<Text>)]
        name: Option<String>,
    }
    let query = "SELECT CASE WHEN $1 IS NULL THEN current_schema() ELSE \
                 (SELECT nspname FROM pg_namespace WHERE nspname = $1) END::text AS name";
    let found: Found = diesel::sql_query(query)
        .bind::<Nullable<Text>, _>(&address.schema)
        .get_result(&mut wrapper)?;
    let Some(schema) = found.name else {
        return Err(DatabaseError::NoSchema(address.schema.clone()));
    };
    diesel::sql_query("SELECT set_config('search_path', quote_ident($1), false)")
        .bind::<Text, _>(&schema)
        .execute(&mut wrapper)?;
    wrapper.batch_execute("SET client_min_messages = warning")?;
    Ok(PostgresConnection(wrapper, Schema(schema)))
}

async fn connect(address: &ServerAddress) -> Result<AsyncPgConnection, DatabaseError> {
    let config = config(address);
    let refused = |error: tokio_postgres::Error| refused(address, error);
    let wrapped = match client_config(&address.tls)? {
        None => {
            let (client, connection) = config.connect(NoTls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
        Some(tls) => {
            let tls = MakeRustlsConnect::new(tls);
            let (client, connection) = config.connect(tls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
    };
    Ok(wrapped?)
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
        .connect_timeout(address.patience.timeout)
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

/// Tells a server that is not there yet from one that does not want us.
fn refused(address: &ServerAddress, error: tokio_postgres::Error) -> DatabaseError {
    let passing = match error.code() {
        Some(code) => [
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
        ]
        .contains(code),
        None => {
            std::error::Error::source(&error).is_some_and(|cause| {
                // A certificate that is not trusted stays so.
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|cause| cause.kind() != std::io::ErrorKind::InvalidData)
            }) || error.is_closed()
        }
    };
    let reason = if passing {
        NotConnected::NotThere
    } else {
        NotConnected::Refused(refusal(&error))
    };
    match error.as_db_error() {
        // The driver's own words are only "db error".
        Some(said) => DatabaseError::not_connected(address, reason, Box::new(said.clone())),
        None => DatabaseError::not_connected(address, reason, Box::new(error)),
    }
}

/// What the server does not like (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn refusal(error: &tokio_postgres::Error) -> Refusal {
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            Refusal::Login
        }
        Some(&SqlState::UNDEFINED_DATABASE | &SqlState::INSUFFICIENT_PRIVILEGE) => {
            Refusal::NoSuchDatabase
        }
        Some(_) => Refusal::Other,
        // Without a code it is the driver that gives up: it lacks a password, or does not trust the server.
        None if error.to_string().contains("password") => Refusal::Login,
        None => Refusal::Tls,
    }
}

/// Stands in where Diesel would ask the server for the numbers of types; the types used here have fixed ones.
struct BuiltInTypes;

impl PgMetadataLookup for BuiltInTypes {
    /// The server finds out by itself.
    fn lookup_type(&mut self, _name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }

    fn as_any<'a>(&mut self) -> &mut (dyn Any + 'a)
    where
        Self: 'a,
    {
        self
    }
}

type Lookup = <Pg as TypeMetadata>::MetadataLookup;

impl MultiConnectionHelper for PostgresConnection {
    fn to_any<'a>(_lookup: &mut Lookup) -> &mut (dyn Any + 'a) {
        // The driver's own lookup cannot be turned into `Any`. This one has no size: nothing is allocated or lost.
        Box::leak(Box::new(BuiltInTypes))
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut Lookup> {
        let lookup = lookup.downcast_mut::<BuiltInTypes>()?;
        Some(lookup)
    }
}
