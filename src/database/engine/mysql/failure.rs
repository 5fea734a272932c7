//! Classifies MySQL's errors by their number, because messages are in the language of the server
//! (<https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>).

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use mysql_async::{DriverError, Error, IoError};

use crate::database::DatabaseError;
use crate::database::connect::ServerAddress;
use crate::database::engine::error_kind::{ErrorKind, code_of, with_code};
use crate::database::engine::{Violation, ViolationKind};
use crate::database::rejected_connection::{NotConnected, RejectionReason};

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
        // Deadlock; changed since it was read, in snapshot isolation; a table that another import has just created, or
        // whose definition another program changes.
        1213 | 1020 | 1412 | 1684 => ErrorKind::Retryable,
        1205 => ErrorKind::Locked,
        // The disk, the tablespace.
        1021 | 1114 => ErrorKind::DiskFull,
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

/// A suggested fix for the number after a message.
pub(in crate::database) fn hint(message: &str) -> Option<&'static str> {
    Some(match number(message)? {
        1418 | 1419 => {
            "the server writes a binary log: an administrator must set `log_bin_trust_function_creators = 1`, see docs/servers.md"
        }
        1153 => "nothing was written; raise the server's `max_allowed_packet`",
        1206 => {
            "nothing was written; raise the server's `innodb_buffer_pool_size`, or import fewer files at once"
        }
        1226 => "an administrator limits this account; run again later, or have its limits raised",
        1317 | 1969 | 3024 | 3169 => {
            "nothing was written; an administrator or a time limit ended the statement: raise `max_statement_time` or `max_execution_time`, or run again"
        }
        1030 | 1877 => "check whether the server's disk is full or failing, and its error log",
        _ => return None,
    })
}

/// Whether the message ends with a number of this server.
pub(in crate::database) fn has_code(message: &str) -> bool {
    number(message).is_some()
}

/// The rule that a rejected row violates. The names are in the message, quoted in every language.
pub(in crate::database) fn violation(
    information: &dyn DatabaseErrorInformation,
) -> Option<Violation> {
    let message = information.message();
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let name = |at: usize| names.get(at).map(|&name| name.to_owned());
    let quoted = || message.split('\'').nth(1).map(str::to_owned);
    Some(match number(message)? {
        1062 | 1586 | 1859 => Violation {
            name: quoted(),
            ..Violation::of(ViolationKind::Unique)
        },
        // `database`.`table`, CONSTRAINT `name` FOREIGN KEY (`columns`) …
        1216 | 1452 => Violation {
            name: name(2),
            columns: name(3),
            ..Violation::of(ViolationKind::ForeignKey)
        },
        1217 | 1451 => Violation {
            table: name(1),
            name: name(2),
            columns: name(3),
            ..Violation::of(ViolationKind::Referenced)
        },
        1048 | 1364 => Violation {
            columns: quoted(),
            ..Violation::of(ViolationKind::NotNull)
        },
        // MySQL's number and MariaDB's, which names the table after the constraint.
        3819 | 4025 => Violation {
            name: name(0).or_else(quoted),
            ..Violation::of(ViolationKind::Check)
        },
        1264 | 1265 | 1406 => Violation {
            columns: quoted(),
            ..Violation::of(ViolationKind::Value)
        },
        number if WITH_VALUE.contains(&number) => Violation {
            columns: name(2),
            ..Violation::of(ViolationKind::Value)
        },
        // SIGNAL; a column, table or routine that a trigger uses does not exist, or it changes its own table.
        1644 | 1054 | 1146 | 1305 | 1318 | 1442 | 1365 => Violation::of(ViolationKind::Raised),
        _ => return None,
    })
}

/// Numbers of errors whose messages quote a value that does not fit its type.
const WITH_VALUE: [u16; 9] = [1292, 1366, 1367, 1411, 1525, 1526, 1690, 3140, 3141];

/// A message without the value that it quotes. What is left of a duplicate entry is the name of the key.
fn without_value(message: &str, number: u16) -> String {
    let quoted = message.find('\'').zip(message.rfind('\''));
    match (number, quoted) {
        (1062 | 1586 | 1859, Some((_, end))) => {
            let key = message[..end].rsplit('\'').next().unwrap_or_default();
            format!("duplicate entry for key '{key}'")
        }
        (number, Some((start, end))) if WITH_VALUE.contains(&number) => {
            format!("{}'…{}", &message[..start], &message[end..])
        }
        _ => message.to_owned(),
    }
}

/// Converts the failure of a statement to Diesel's error.
pub(super) fn failed(error: Error) -> DieselError {
    let (kind, message) = match error {
        Error::Server(error) => {
            let message = without_value(&error.message, error.code);
            let message = numbered(&message, error.code);
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

/// Distinguishes a server that is not ready from one that rejects the connection.
pub(super) fn connect_error(address: &ServerAddress, error: Error) -> DatabaseError {
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
        NotConnected::Rejected(rejection_reason(&error))
    };
    let source: Box<dyn std::error::Error + Send + Sync> = match error {
        // The driver's message repeats "Input/output error" twice before the cause.
        Error::Io(IoError::Io(error)) => Box::new(error),
        error => Box::new(error),
    };
    DatabaseError::not_connected(address, reason, source)
}

/// The reason of the rejection.
fn rejection_reason(error: &Error) -> RejectionReason {
    match error {
        Error::Server(error) => match error.code {
            1045 | 1698 => RejectionReason::Login,
            1044 => RejectionReason::NoAccess,
            1049 => RejectionReason::NoSuchDatabase,
            _ => RejectionReason::Other,
        },
        Error::Io(_) => RejectionReason::Tls,
        Error::Driver(_) | Error::Other(_) | Error::Url(_) => RejectionReason::Other,
    }
}
