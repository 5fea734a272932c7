//! Rows of queries with a single column, of every engine.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// A column `name`.
#[derive(QueryableByName)]
pub(in crate::database) struct Name {
    #[diesel(sql_type = Text)]
    pub(in crate::database) name: String,
}

/// A column `count`.
#[derive(QueryableByName)]
pub(in crate::database) struct Count {
    #[diesel(sql_type = BigInt)]
    pub(in crate::database) count: i64,
}
