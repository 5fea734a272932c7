//! The engine for PostgreSQL and servers that use its protocol.

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
