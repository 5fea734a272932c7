//! One suite for all databases: every case runs on each, with a database of its own.
//!
//! PostgreSQL and MySQL are those of `TEST_POSTGRES_URL` and `TEST_MYSQL_URL`, which `scripts/test` sets; without them their
//! cases say that they are skipped. What holds on SQLite alone is tested in the modules beside this one.

mod at_once;
mod connecting;
mod doctor;
mod edits;
mod existing;
mod imports;
mod keys;
mod limits;
mod proof;
mod reviewer;
mod target;
mod types;

/// Makes a test per database of each case, a function that is given the target.
macro_rules! on_every_database {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { crate::conformance::target::run(crate::conformance::target::Backend::Sqlite, super::$case); })*
        }
        mod postgres {
            $(#[test] fn $case() { crate::conformance::target::run(crate::conformance::target::Backend::Postgres, super::$case); })*
        }
        mod mysql {
            $(#[test] fn $case() { crate::conformance::target::run(crate::conformance::target::Backend::Mysql, super::$case); })*
        }
    };
}
use on_every_database;
