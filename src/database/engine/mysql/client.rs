//! A blocking Diesel connection to MySQL or MariaDB over the asynchronous driver.

use std::any::Any;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DynInstrumentation,
    Instrumentation, LoadConnection, MultiConnectionHelper, SimpleConnection,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::mysql::{Mysql, MysqlQueryBuilder};
use diesel::prelude::*;
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{Query, QueryBuilder as _, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use mysql_async::prelude::Queryable as _;
use mysql_async::{BinaryProtocol, Conn, Params, QueryResult as Answer, Row};
use tracing::Span;

use super::catalog::{NameCase, names_as};
use super::failure::failed;
use super::quote::QUOTES;
use super::row::{MysqlRow, bound};
use super::skipped_tables::{catalog_rows, reads_catalog};

use crate::database::connect::runtime::wait_for;
use crate::database::engine::about_table::{AboutTable, about_table};
use crate::database::engine::known_tables::KnownTables;
use crate::database::engine::split::statements;
use crate::database::statement_span::statement_span;

/// A blocking connection to MySQL or MariaDB.
pub struct MysqlConnection {
    driver: Conn,
    name_case: NameCase,
    is_mariadb: bool,
    /// Set while a transaction that only reads is open.
    pub(super) known_tables: Option<KnownTables>,
    transactions: AnsiTransactionManager,
    instrumentation: DynInstrumentation,
}

impl MysqlConnection {
    /// Takes over a connection of the driver, which keeps prepared statements under their text.
    pub(super) fn new(driver: Conn) -> Self {
        Self {
            driver,
            name_case: NameCase::Distinguished,
            is_mariadb: false,
            known_tables: None,
            transactions: AnsiTransactionManager::default(),
            instrumentation: DynInstrumentation::none(),
        }
    }
}

impl MysqlConnection {
    /// How the server compares names of tables.
    pub(super) fn name_case(&self) -> NameCase {
        self.name_case
    }

    /// A query of the catalog about the table of this name.
    pub(super) fn about<'q>(&self, query: &'static str, table: &'q str) -> AboutTable<'q, Mysql> {
        about_table(names_as(query, self.name_case), table)
    }

    /// Whether the server is MariaDB, and not MySQL.
    pub(super) fn is_mariadb(&self) -> bool {
        self.is_mariadb
    }

    /// Sets what the server said about itself.
    pub(super) fn set_server(&mut self, name_case: NameCase, is_mariadb: bool) {
        self.name_case = name_case;
        self.is_mariadb = is_mariadb;
    }
}

impl SimpleConnection for MysqlConnection {
    fn batch_execute(&mut self, text: &str) -> QueryResult<()> {
        let mut statements = statements(text, QUOTES).into_iter();
        statements.try_for_each(|statement| {
            let _span = statement_span(statement);
            wait_for(self.driver.query_drop(statement)).map_err(failed)
        })
    }
}

impl ConnectionSealed for MysqlConnection {}

impl Connection for MysqlConnection {
    type Backend = Mysql;
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
        T: QueryFragment<Mysql> + QueryId,
    {
        let (sql, values) = statement(source)?;
        let _span = statement_span(&sql);
        wait_for(self.driver.exec_drop(sql, values)).map_err(failed)?;
        usize::try_from(self.driver.affected_rows())
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

fn statement(source: &impl QueryFragment<Mysql>) -> QueryResult<(String, Params)> {
    let mut builder = MysqlQueryBuilder::default();
    source.to_sql(&mut builder, &Mysql)?;
    let mut collected = RawBytesBindCollector::<Mysql>::new();
    source.collect_binds(&mut collected, &mut (), &Mysql)?;
    let values = collected.metadata.into_iter().zip(collected.binds);
    let values: Vec<_> = values.map(bound).collect::<QueryResult<_>>()?;
    let values = match values.is_empty() {
        true => Params::Empty,
        false => Params::Positional(values),
    };
    Ok((builder.finish(), values))
}

impl LoadConnection for MysqlConnection {
    type Cursor<'c, 'q> = Cursor<'c>;
    type Row<'c, 'q> = MysqlRow;

    fn load<'c, 'q, T>(&'c mut self, source: T) -> QueryResult<Cursor<'c>>
    where
        T: Query + QueryFragment<Mysql> + QueryId + 'q,
        Mysql: QueryMetadata<T::SqlType>,
    {
        let (sql, values) = statement(&source)?;
        let span = statement_span(&sql);
        let rows = if self.is_mariadb && reads_catalog(&sql) {
            Rows::Read(catalog_rows(&mut self.driver, &sql, &values)?.into_iter())
        } else {
            Rows::Arriving(wait_for(self.driver.exec_iter(sql, values)).map_err(failed)?)
        };
        Ok(Cursor { rows, _span: span })
    }
}

/// The rows of a query.
pub struct Cursor<'c> {
    rows: Rows<'c>,
    _span: Span,
}

enum Rows<'c> {
    Arriving(Answer<'c, 'static, BinaryProtocol>),
    Read(std::vec::IntoIter<Row>),
}

impl Iterator for Cursor<'_> {
    type Item = QueryResult<MysqlRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match &mut self.rows {
            Rows::Arriving(rows) => wait_for(rows.next()).map_err(failed).transpose(),
            Rows::Read(rows) => rows.next().map(Ok),
        };
        row.map(|row| row.map(MysqlRow))
    }
}

impl MigrationConnection for MysqlConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
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
