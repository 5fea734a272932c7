//! SQLite: how it is opened, what it is told, how values go in and come out.

mod backup;
mod catalog;
mod frozen;
mod new_database;
mod open;
mod recipe;
mod values;
mod wal_keeper;

pub use backup::Backup;
pub(super) use catalog::CATALOG;
pub(super) use frozen::{Frozen, open_to_read};
pub use new_database::{NewDatabase, Opened};
pub(super) use open::{Mode, is_read_only, open};
pub(super) use recipe::SqliteDialect;
pub(super) use values::read;
pub(super) use wal_keeper::WalKeeper;
