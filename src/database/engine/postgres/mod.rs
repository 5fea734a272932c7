//! The engine for PostgreSQL and servers that use its protocol.

/// SQL for whether a row of `pg_trigger` with this alias is one of ours: by its name, or by the text of the function
/// that it calls, which keeps it known if another program renames the trigger or the function.
macro_rules! is_ours {
    ($trigger:literal) => {
        concat!(
            "(",
            $trigger,
            ".tgname LIKE 'accession\\_%' OR EXISTS (SELECT FROM pg_catalog.pg_proc f WHERE f.oid = ",
            $trigger,
            ".tgfoid AND strpos(f.prosrc, '<<accession>>') > 0))"
        )
    };
}

mod catalog;
mod client;
mod connection;
mod engine;
mod failure;
mod partitions;
mod quote;
mod recipe;
mod row;
mod row_size;
mod server;
mod statement;
mod tls;
mod transaction;
pub(in crate::database) mod triggers;
mod values;

use catalog::CATALOG;
pub(super) use client::PostgresConnection;
pub(super) use failure::{error_kind, has_code, hint, violation};
#[cfg(test)]
pub(super) use quote::QUOTES;
pub(in crate::database) use quote::{identifier, literal};
#[cfg(test)]
pub(in crate::database) use recipe::PostgresDialect;
pub(super) use server::SERVER;

pub(super) type Connection = PostgresConnection;
pub(super) type Backend = diesel::pg::Pg;
