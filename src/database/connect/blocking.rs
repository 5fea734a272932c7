//! An asynchronous connection as one that blocks, in a form that the connection enum takes.
//!
//! `#[derive(MultiConnection)]` asks for a trait that Diesel's own wrapper does not have, and that only a type of ours
//! can be given: hence types that hand everything on to the wrapper.

/// Its transactions are those of the connection within.
pub struct Transactions;

/// Makes `$name` hand on to `$wrapper`, a wrapped `$connection`.
macro_rules! blocking_connection {
    ($name:ident, $wrapper:ty, $connection:ty) => {
        impl diesel::connection::SimpleConnection for $name {
            fn batch_execute(&mut self, query: &str) -> diesel::QueryResult<()> {
                self.0.batch_execute(query)
            }
        }

        impl diesel::connection::ConnectionSealed for $name {}

        impl diesel::Connection for $name {
            type Backend = <$connection as diesel_async::AsyncConnectionCore>::Backend;
            type TransactionManager = $crate::database::connect::blocking::Transactions;

            /// Not how connections are made here: an address says more than a URL.
            fn establish(_url: &str) -> diesel::ConnectionResult<Self> {
                Err(diesel::ConnectionError::InvalidConnectionUrl(
                    "a server is reached by its address".to_owned(),
                ))
            }

            fn execute_returning_count<T>(&mut self, source: &T) -> diesel::QueryResult<usize>
            where
                T: diesel::query_builder::QueryFragment<Self::Backend>
                    + diesel::query_builder::QueryId,
            {
                self.0.execute_returning_count(source)
            }

            fn transaction_state(&mut self) -> &mut diesel_async::AnsiTransactionManager {
                diesel::Connection::transaction_state(&mut self.0)
            }

            fn instrumentation(&mut self) -> &mut dyn diesel::connection::Instrumentation {
                diesel::Connection::instrumentation(&mut self.0)
            }

            fn set_instrumentation(&mut self, to: impl diesel::connection::Instrumentation) {
                diesel::Connection::set_instrumentation(&mut self.0, to);
            }

            fn set_prepared_statement_cache_size(&mut self, size: diesel::connection::CacheSize) {
                diesel::Connection::set_prepared_statement_cache_size(&mut self.0, size);
            }
        }

        impl diesel::connection::LoadConnection for $name {
            type Cursor<'c, 'q> = <$wrapper as diesel::connection::LoadConnection>::Cursor<'c, 'q>;
            type Row<'c, 'q> = <$wrapper as diesel::connection::LoadConnection>::Row<'c, 'q>;

            fn load<'c, 'q, T>(&'c mut self, source: T) -> diesel::QueryResult<Self::Cursor<'c, 'q>>
            where
                T: diesel::query_builder::Query
                    + diesel::query_builder::QueryFragment<Self::Backend>
                    + diesel::query_builder::QueryId
                    + 'q,
                Self::Backend: diesel::expression::QueryMetadata<T::SqlType>,
            {
                diesel::connection::LoadConnection::load(&mut self.0, source)
            }
        }

        impl diesel::connection::TransactionManager<$name>
            for $crate::database::connect::blocking::Transactions
        {
            type TransactionStateData = diesel_async::AnsiTransactionManager;

            fn begin_transaction(connection: &mut $name) -> diesel::QueryResult<()> {
                <$wrapper as diesel::Connection>::TransactionManager::begin_transaction(
                    &mut connection.0,
                )
            }

            fn rollback_transaction(connection: &mut $name) -> diesel::QueryResult<()> {
                <$wrapper as diesel::Connection>::TransactionManager::rollback_transaction(
                    &mut connection.0,
                )
            }

            fn commit_transaction(connection: &mut $name) -> diesel::QueryResult<()> {
                <$wrapper as diesel::Connection>::TransactionManager::commit_transaction(
                    &mut connection.0,
                )
            }

            fn transaction_manager_status_mut(
                connection: &mut $name,
            ) -> &mut diesel::connection::TransactionManagerStatus {
                <$wrapper as diesel::Connection>::TransactionManager::transaction_manager_status_mut(
                    &mut connection.0,
                )
            }

            fn is_broken_transaction_manager(connection: &mut $name) -> bool {
                <$wrapper as diesel::Connection>::TransactionManager::is_broken_transaction_manager(
                    &mut connection.0,
                )
            }
        }

        impl diesel::migration::MigrationConnection for $name {
            fn setup(&mut self) -> diesel::QueryResult<usize> {
                diesel::migration::MigrationConnection::setup(&mut self.0)
            }
        }
    };
}
pub(in crate::database) use blocking_connection;
