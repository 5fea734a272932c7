//! Classifies MySQL's errors by their number, because messages are in the language of the server
//! (<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>).

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use mysql_async::{DriverError, Error, IoError};

use crate::database::DatabaseError;
use crate::database::connect::ServerAddress;
use crate::database::engine::error_kind::{ErrorKind, code_of, with_code};
use crate::database::refusal::{NotConnected, Refusal};

/// Before the number after a message.
const LABEL: &str = "error";

/// The message with its number after it.
pub(super) fn numbered(message: &str, number: u16) -> String {
    with_code(message, LABEL, number)
}

/// The number after a message.
pub(super) fn number(message: &str) -> Option<u16> {
    code_of(message, LABEL)?.parse().ok()
}

/// Classifies the number after a message.
pub(in crate::database) fn error_kind(message: &str) -> Option<ErrorKind> {
    Some(match number(message)? {
        // Deadlock; changed since it was read, in snapshot isolation; a table that another import has just created.
        1213 | 1020 | 1412 => ErrorKind::Retryable,
        1205 => ErrorKind::Locked,
        // The row, or what is kept to undo its change.
        1118 | 1713 => ErrorKind::TooLong,
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 => ErrorKind::Denied,
        // `--read-only`, a transaction that only reads, `innodb_read_only`, `super_read_only`.
        1290 | 1792 | 1836 | 3100 => ErrorKind::ReadOnly,
        // Shut down or killed, or the network failed.
        1053 | 1077..=1080 | 1152..=1161 | 1184 | 1927 | 2006 | 2013 | 4031 => ErrorKind::Lost,
        _ => return None,
    })
}

/// Converts the failure of a statement to Diesel's error.
pub(super) fn failed(error: Error) -> DieselError {
    let (kind, message) = match error {
        Error::Server(error) => {
            let message = numbered(&error.message, error.code);
            (kind(error.code), message)
        }
        Error::Io(error) => (DatabaseErrorKind::UnableToSendCommand, error.to_string()),
        Error::Driver(error @ (DriverError::ConnectionClosed | DriverError::PoolDisconnected)) => {
            (DatabaseErrorKind::UnableToSendCommand, error.to_string())
        }
        error => (DatabaseErrorKind::Unknown, error.to_string()),
    };
    DieselError::DatabaseError(kind, Box::new(message))
}

fn kind(code: u16) -> DatabaseErrorKind {
    match code {
        1062 | 1586 | 1859 => DatabaseErrorKind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 | 1830 | 1834 => DatabaseErrorKind::ForeignKeyViolation,
        1792 => DatabaseErrorKind::ReadOnlyTransaction,
        1048 | 1364 => DatabaseErrorKind::NotNullViolation,
        // MySQL's number and MariaDB's.
        3819 | 4025 => DatabaseErrorKind::CheckViolation,
        _ => DatabaseErrorKind::Unknown,
    }
}

/// Distinguishes a server that is not ready from one that refuses the connection.
pub(super) fn refused(address: &ServerAddress, error: Error) -> DatabaseError {
    /// Too many connections; shutting down.
    const PASSING: [u16; 3] = [1040, 1053, 1203];
    let passing = match &error {
        Error::Io(IoError::Io(error)) => error.kind() != std::io::ErrorKind::InvalidData,
        Error::Io(IoError::Tls(_)) => false,
        Error::Driver(error) => matches!(error, DriverError::ConnectionClosed),
        Error::Server(error) => PASSING.contains(&error.code),
        Error::Other(_) | Error::Url(_) => false,
    };
    let reason = if passing {
        NotConnected::NotThere
    } else {
        NotConnected::Refused(refusal(&error))
    };
    let source: Box<dyn std::error::Error + Send + Sync> = match error {
        // The driver's message repeats "Input/output error" twice before the cause.
        Error::Io(IoError::Io(error)) => Box::new(error),
        error => Box::new(error),
    };
    DatabaseError::not_connected(address, reason, source)
}

/// The reason of the refusal.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::Server(error) => match error.code {
            1045 | 1698 => Refusal::Login,
            1044 | 1049 => Refusal::NoSuchDatabase,
            _ => Refusal::Other,
        },
        Error::Io(_) => Refusal::Tls,
        Error::Driver(_) | Error::Other(_) | Error::Url(_) => Refusal::Other,
    }
}
