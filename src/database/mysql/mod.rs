//! MySQL and MariaDB: how they are reached, what they are told, how values go in and come out.

mod catalog;
mod connection;
mod recipe;
mod transaction;
mod values;

pub(super) use catalog::CATALOG;
pub use connection::MysqlConnection;
pub(super) use connection::open;
pub(super) use recipe::MysqlDialect;
pub(super) use transaction::{after_transaction, begin_read, begin_write, lock};
pub(super) use values::read;
