//! Classifies SQLite's errors by their messages, because Diesel does not keep the codes. Messages are always in
//! English, and are compared as a whole, because a trigger may raise a similar one.

use std::time::Duration;

use diesel::result::Error as DieselError;

use super::PRODUCT;
use crate::database::engine::error_kind::ErrorKind;
use crate::database::{DatabaseError, DatabaseUrl};

/// Classifies a message. Errors that depend on the file are in [`explain`].
pub(in crate::database) fn error_kind(message: &str) -> Option<ErrorKind> {
    (message == "database or disk is full").then_some(ErrorKind::DiskFull)
}

/// The error in terms of the file.
pub(super) fn explain(error: DieselError, place: &DatabaseUrl, wait: Duration) -> DatabaseError {
    let (Some(path), DieselError::DatabaseError(_, information)) = (place.file(), &error) else {
        return DatabaseError::from(error);
    };
    let path = path.to_owned();
    match information.message() {
        "database is locked" => DatabaseError::Busy { path, waited: wait },
        "attempt to write a readonly database" => DatabaseError::ReadOnly(path),
        "file is not a database" => DatabaseError::NotADatabase {
            path,
            product: PRODUCT,
        },
        _ => DatabaseError::from(error),
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Engine {
                product: PRODUCT,
                source: Box::new(error),
            },
        }
    }
}
