//! PostgreSQL: how it is reached, what it is told, how values go in and come out.

mod catalog;
mod connection;
mod recipe;
mod transaction;
mod values;

pub(super) use catalog::CATALOG;
pub use connection::PostgresConnection;
pub(super) use connection::open;
pub(super) use recipe::PostgresDialect;
pub(super) use transaction::{analyze, begin_read, begin_write, hold_tables, note_number};
pub(super) use values::read;
