//! The engine for MySQL, MariaDB, and servers that use their protocol.

mod cascades;
mod cast;
mod catalog;
mod client;
mod connection;
mod constrained;
mod engine;
mod failure;
mod interrupted;
mod quote;
mod recipe;
mod row;
mod row_size;
mod server;
mod skipped_tables;
mod tables;
mod transaction;
pub(in crate::database) mod triggers;
mod values;

use catalog::{CATALOG, NameCase, names_as};
pub(super) use client::MysqlConnection;
pub(super) use failure::{error_kind, has_code, hint, violation};
#[cfg(test)]
pub(super) use quote::QUOTES;
pub(in crate::database) use quote::{identifier, literal};
#[cfg(test)]
pub(in crate::database) use recipe::MysqlDialect;
pub(super) use server::SERVER;

pub(super) type Connection = MysqlConnection;
pub(super) type Backend = diesel::mysql::Mysql;
