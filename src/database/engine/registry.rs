//! The list of engines: one line for each.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::deserialize;
use diesel::query_builder::{QueryBuilder as _, QueryFragment};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

use super::{Engine, Server, StoredValue, Values};
use crate::database::engine::Violation;
use crate::database::engine::error_kind::ErrorKind;
use crate::model::Value;

/// A kind of server that accession supports, built in or not.
pub(super) struct KnownServer {
    /// The schemes of its URLs, the canonical one first.
    pub(super) schemes: &'static [&'static str],
    /// `None` without its feature.
    pub(super) server: Option<&'static Server>,
}

/// Defines [`AnyConnection`] and the functions that dispatch on its variant. The `Connection` of each module implements
/// [`Engine`].
macro_rules! engines {
    (
        embedded $embedded:ident in $file:ident;
        $(server $variant:ident in $module:ident, feature $feature:tt, schemes $schemes:tt;)*
    ) => {
        /// An open connection, a variant for each engine.
        ///
        /// It is a Diesel connection. Do not match on it: differences between databases are methods of `Engine`, which
        /// documents how to add a database.
        #[derive(diesel::MultiConnection)]
        #[cfg_attr(
            all(feature = "postgres", not(feature = "mysql")),
            expect(clippy::large_enum_variant, reason = "a session has one or two")
        )]
        pub enum AnyConnection {
            /// The engine of databases that are files.
            $embedded($crate::database::engine::$file::Connection),
            $(
                #[doc = concat!("The server `", $feature, "`.")]
                #[cfg(feature = $feature)]
                $variant($crate::database::engine::$module::Connection),
            )*
        }

        impl AnyConnection {
            pub(in crate::database) fn engine(&self) -> &dyn Engine {
                match self {
                    Self::$embedded(connection) => connection,
                    $(
                        #[cfg(feature = $feature)]
                        Self::$variant(connection) => connection,
                    )*
                }
            }

            pub(in crate::database) fn engine_mut(&mut self) -> &mut dyn Engine {
                match self {
                    Self::$embedded(connection) => connection,
                    $(
                        #[cfg(feature = $feature)]
                        Self::$variant(connection) => connection,
                    )*
                }
            }
        }

        /// For each engine, what its backend can execute; everything, without its feature.
        mod executable {
            use diesel::query_builder::QueryFragment;

            pub(in crate::database) trait $embedded: QueryFragment<super::super::$file::Backend> {}
            impl<T: QueryFragment<super::super::$file::Backend>> $embedded for T {}
            $(
                #[cfg(feature = $feature)]
                pub(in crate::database) trait $variant: QueryFragment<super::super::$module::Backend> {}
                #[cfg(feature = $feature)]
                impl<T: QueryFragment<super::super::$module::Backend>> $variant for T {}
                #[cfg(not(feature = $feature))]
                pub(in crate::database) trait $variant {}
                #[cfg(not(feature = $feature))]
                impl<T> $variant for T {}
            )*
        }

        /// A statement that every engine can execute.
        pub(in crate::database) trait Statement: executable::$embedded $(+ executable::$variant)* {}
        impl<T: executable::$embedded $(+ executable::$variant)*> Statement for T {}

        impl AnyConnection {
            /// The text of a statement.
            pub(in crate::database) fn text_of(
                &self,
                statement: &impl Statement,
            ) -> QueryResult<String> {
                match self {
                    Self::$embedded(_) => text::<super::$file::Backend>(statement),
                    $(
                        #[cfg(feature = $feature)]
                        Self::$variant(_) => text::<super::$module::Backend>(statement),
                    )*
                }
            }
        }

        impl MultiRawValue<'_> {
            /// The value as it is stored.
            pub(in crate::database) fn read(self) -> deserialize::Result<Value> {
                match self {
                    Self::$embedded(value) => <super::$file::Backend as Values>::read(value),
                    $(
                        #[cfg(feature = $feature)]
                        Self::$variant(value) => <super::$module::Backend as Values>::read(value),
                    )*
                }
            }

            /// Passes the value of an entry of the audit log to `take` without copying it.
            pub(in crate::database) fn visit(
                self,
                take: impl FnOnce(StoredValue<'_>),
            ) -> deserialize::Result<()> {
                match self {
                    Self::$embedded(value) => {
                        <super::$file::Backend as Values>::visit(value, take)
                    }
                    $(
                        #[cfg(feature = $feature)]
                        Self::$variant(value) => {
                            <super::$module::Backend as Values>::visit(value, take)
                        }
                    )*
                }
            }
        }

        /// Classifies a failed statement by the code in its message.
        pub(in crate::database) fn error_kind(message: &str) -> Option<ErrorKind> {
            let kind = super::$file::error_kind(message);
            $(
                #[cfg(feature = $feature)]
                let kind = kind.or_else(|| super::$module::error_kind(message));
            )*
            kind
        }

        /// A suggested fix for the code in a message.
        #[cfg_attr(not(feature = "servers"), expect(unused_variables, reason = "only servers have codes"))]
        pub(in crate::database) fn code_hint(message: &str) -> Option<&'static str> {
            let hint = None;
            $(
                #[cfg(feature = $feature)]
                let hint = hint.or_else(|| super::$module::hint(message));
            )*
            hint
        }

        /// The rule because of which a row was rejected. Errors of the embedded engine have no code, so it is asked
        /// last.
        pub(in crate::database) fn find_violation(
            kind: &DatabaseErrorKind,
            information: &dyn DatabaseErrorInformation,
        ) -> Option<Violation> {
            $(
                #[cfg(feature = $feature)]
                if super::$module::has_code(information.message()) {
                    return super::$module::violation(information);
                }
            )*
            super::$file::violation(kind, information.message())
        }

        pub(super) static KNOWN: &[KnownServer] = &[$(
            KnownServer {
                schemes: &$schemes,
                server: {
                    #[cfg(feature = $feature)]
                    {
                        Some(&super::$module::SERVER)
                    }
                    #[cfg(not(feature = $feature))]
                    {
                        None
                    }
                },
            },
        )*];
    };
}

fn text<DB>(statement: &impl QueryFragment<DB>) -> QueryResult<String>
where
    DB: Backend<QueryBuilder: Default> + Default,
{
    let mut text = DB::QueryBuilder::default();
    statement.to_sql(&mut text, &DB::default())?;
    Ok(text.finish())
}

engines! {
    embedded Sqlite in sqlite;
    server Postgres in postgres, feature "postgres", schemes ["postgres", "postgresql"];
    server Mysql in mysql, feature "mysql", schemes ["mysql", "mariadb"];
}
