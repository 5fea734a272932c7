//! A blocking Diesel connection to PostgreSQL over the asynchronous driver.
//!
//! A pooler assigns a server connection to a client for one transaction only. So no state is left on it: every
//! statement is part of a transaction, each transaction begins with the settings that it needs, which end with it, and
//! prepared statements have no names (see [`Statement`]).

use std::any::Any;
use std::pin::Pin;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DynInstrumentation,
    Instrumentation, LoadConnection, MultiConnectionHelper, SimpleConnection,
    TransactionManager as _,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::sql_types::TypeMetadata;
use futures_core::Stream as _;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error, RowStream, Socket};
use tracing::Span;

use super::failure::failed;
use super::quote::QUOTES;
use super::row::{PostgresRow, Types};
use super::statement::{BuiltInTypes, Statement};

use crate::database::connect::runtime::wait_for;
use crate::database::engine::known_tables::KnownTables;
use crate::database::engine::split::statements;
use crate::database::statement_span::statement_span;

/// A blocking connection to PostgreSQL.
pub struct PostgresConnection {
    client: Client,
    /// The future that transfers data; it ends with the reason why the connection was lost.
    driver: Option<JoinHandle<Result<(), Error>>>,
    schema: String,
    /// The statement that follows each BEGIN.
    settings: String,
    /// Set while a transaction that only reads is open.
    pub(super) known_tables: Option<KnownTables>,
    transactions: AnsiTransactionManager,
    instrumentation: DynInstrumentation,
}

impl PostgresConnection {
    /// Takes over a connection of the driver; called within the runtime.
    pub(super) fn new<S>(client: Client, connection: tokio_postgres::Connection<Socket, S>) -> Self
    where
        S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
    {
        Self {
            client,
            driver: Some(tokio::spawn(connection)),
            schema: String::new(),
            settings: "SELECT 1".to_owned(),
            known_tables: None,
            transactions: AnsiTransactionManager::default(),
            instrumentation: DynInstrumentation::none(),
        }
    }

    /// The schema of the tables and the ledger: the only one that is searched.
    pub(in crate::database) fn schema(&self) -> &str {
        &self.schema
    }

    /// From here on each transaction begins with the statement `settings`, which restricts it to `schema`.
    pub(super) fn use_schema(&mut self, schema: String, settings: String) {
        (self.schema, self.settings) = (schema, settings);
    }

    fn is_in_transaction(&mut self) -> bool {
        let status = AnsiTransactionManager::transaction_manager_status_mut(self);
        !matches!(status.transaction_depth(), Ok(None))
    }

    /// Sends one statement without values.
    fn send(&mut self, statement: &str) -> QueryResult<()> {
        let _span = statement_span(statement);
        let sent = wait_for(self.client.batch_execute(statement));
        sent.map_err(|error| self.explain(error))
    }

    /// The driver's error only states that the connection is closed; the reason is the result of the connection's
    /// future.
    fn explain(&mut self, error: Error) -> DieselError {
        let ended = error.is_closed().then(|| self.driver.take()).flatten();
        match ended.map(wait_for) {
            Some(Ok(Err(reason))) => failed(&reason),
            Some(_) | None => failed(&error),
        }
    }
}

impl SimpleConnection for PostgresConnection {
    fn batch_execute(&mut self, text: &str) -> QueryResult<()> {
        if text.starts_with("BEGIN") {
            self.send(text)?;
            let set = self.send(&self.settings.clone());
            if set.is_err() {
                let _ = self.send("ROLLBACK");
            }
            return set;
        }
        if !self.is_in_transaction() {
            return self.transaction(|own| own.batch_execute(text));
        }
        let mut statements = statements(text, QUOTES).into_iter();
        statements.try_for_each(|statement| self.send(statement))
    }
}

impl ConnectionSealed for PostgresConnection {}

impl Connection for PostgresConnection {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    /// Unsupported: connections are made from a [`ServerAddress`](crate::database::connect::ServerAddress), which
    /// contains more than a URL.
    fn establish(_url: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::InvalidConnectionUrl(
            "connections are made from an address, not from a URL".to_owned(),
        ))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        if !self.is_in_transaction() {
            return self.transaction(|own| own.execute_returning_count(source));
        }
        let Statement { sql, values } = Statement::of(source)?;
        let _span = statement_span(&sql);
        let rows = wait_for(async {
            let mut rows = Box::pin(self.client.query_typed_raw(&sql, values).await?);
            while next(&mut rows).await.transpose()?.is_some() {}
            Ok(rows.rows_affected())
        });
        let rows = rows.map_err(|error| self.explain(error))?;
        usize::try_from(rows.unwrap_or(0))
            .map_err(|error| DieselError::DeserializationError(error.into()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, to: impl Instrumentation) {
        self.instrumentation = to.into();
    }

    fn set_prepared_statement_cache_size(&mut self, _size: CacheSize) {}
}

impl LoadConnection for PostgresConnection {
    type Cursor<'c, 'q> = Cursor<'c>;
    type Row<'c, 'q> = PostgresRow;

    fn load<'c, 'q, T>(&'c mut self, source: T) -> QueryResult<Cursor<'c>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'q,
        Pg: QueryMetadata<T::SqlType>,
    {
        if !self.is_in_transaction() {
            let statement = Statement::of(&source)?;
            let rows = self.transaction(|own| own.rows(statement)?.collect::<QueryResult<_>>());
            return Ok(Cursor::Read(Vec::into_iter(rows?)));
        }
        self.rows(Statement::of(&source)?)
    }
}

impl PostgresConnection {
    fn rows(&mut self, statement: Statement) -> QueryResult<Cursor<'_>> {
        let Statement { sql, values } = statement;
        let span = statement_span(&sql);
        match wait_for(self.client.query_typed_raw(&sql, values)) {
            Ok(rows) => Ok(Cursor::Reading {
                _span: span,
                rows: Box::pin(rows),
                types: None,
                connection: self,
            }),
            Err(error) => Err(self.explain(error)),
        }
    }
}

/// The rows of a query.
pub enum Cursor<'c> {
    /// Rows as they arrive.
    Reading {
        /// Until the last row.
        _span: Span,
        /// The remaining rows.
        rows: Pin<Box<RowStream>>,
        /// Known from the first row on.
        types: Option<Types>,
        /// The connection.
        connection: &'c mut PostgresConnection,
    },
    /// All rows, of a transaction that has ended.
    Read(std::vec::IntoIter<PostgresRow>),
}

impl Iterator for Cursor<'_> {
    type Item = QueryResult<PostgresRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Read(rows) => rows.next().map(Ok),
            Self::Reading {
                rows,
                types,
                connection,
                ..
            } => Some(match wait_for(next(rows))? {
                Ok(row) => Ok(PostgresRow::new(row, types)),
                Err(error) => Err(connection.explain(error)),
            }),
        }
    }
}

async fn next(rows: &mut Pin<Box<RowStream>>) -> Option<Result<tokio_postgres::Row, Error>> {
    std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await
}

impl MigrationConnection for PostgresConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}

type Lookup = <Pg as TypeMetadata>::MetadataLookup;

impl MultiConnectionHelper for PostgresConnection {
    fn to_any<'a>(_lookup: &mut Lookup) -> &mut (dyn Any + 'a) {
        // Diesel's own lookup cannot be turned into `Any`. This one has no size: nothing is allocated or lost.
        Box::leak(Box::new(BuiltInTypes))
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut Lookup> {
        let lookup = lookup.downcast_mut::<BuiltInTypes>()?;
        Some(lookup)
    }
}
