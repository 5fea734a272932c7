//! Classifies PostgreSQL's errors by their code, because messages are in the language of the server
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::database::connect::ServerAddress;
use crate::database::engine::error_kind::{ErrorKind, code_of, with_code};
use crate::database::engine::{Violation, ViolationKind};
use crate::database::rejected_connection::{NotConnected, RejectionReason};
use crate::database::{DatabaseError, with_causes};

/// Before the code after a message.
const LABEL: &str = "SQLSTATE";

/// The code for a missing right, where the right is to see all rows.
const ROW_SECURITY: &str = "42501, row-level security";

/// The code after a message.
pub(super) fn code(message: &str) -> Option<&str> {
    code_of(message, LABEL)
}

/// Classifies the code after a message.
pub(in crate::database) fn error_kind(message: &str) -> Option<ErrorKind> {
    Some(match code(message)? {
        // Serialization failure, deadlock.
        "40001" | "40P01" => ErrorKind::Retryable,
        // Also when `lock_timeout` has passed.
        "55P03" => ErrorKind::Locked,
        "42501" => ErrorKind::Denied,
        "53100" => ErrorKind::DiskFull,
        // Program limit exceeded.
        "54000" => ErrorKind::TooLong,
        ROW_SECURITY => ErrorKind::HiddenRows,
        "25006" => ErrorKind::ReadOnly,
        // Shut down, or ended because the session was idle for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => ErrorKind::Lost,
        code if code.starts_with("08") => ErrorKind::Lost,
        _ => return None,
    })
}

/// A suggested fix for the code after a message.
pub(in crate::database) fn hint(message: &str) -> Option<&'static str> {
    Some(match code(message)? {
        "57014" => {
            "nothing was written; an administrator or `statement_timeout` canceled the statement: raise it with `ALTER ROLE … SET statement_timeout`, or run again"
        }
        "53200" => {
            "nothing was written; the server is out of memory or locks: raise `max_locks_per_transaction` or its memory"
        }
        "53300" | "53400" => {
            "nothing was written; close other connections, or raise the server's limits"
        }
        "58030" | "58P01" | "XX001" | "XX002" => {
            "check whether the server's disk is full or failing, and its log; restore a damaged database from a backup"
        }
        _ => return None,
    })
}

/// Whether the message ends with a code of this server.
pub(in crate::database) fn has_code(message: &str) -> bool {
    code(message).is_some()
}

/// Classes of codes that are about the connection, the transaction or the server, not about a row.
const OF_THE_SERVER: [&str; 10] = ["08", "25", "40", "53", "54", "55", "57", "58", "F0", "XX"];

/// The rule that a rejected row violates. Any other code comes from a trigger or an expression of the table.
pub(in crate::database) fn violation(
    information: &dyn DatabaseErrorInformation,
) -> Option<Violation> {
    let kind = match code(information.message())? {
        "23505" => ViolationKind::Unique,
        "23503" => ViolationKind::ForeignKey,
        "23001" => ViolationKind::Referenced,
        "23502" => ViolationKind::NotNull,
        "23514" => ViolationKind::Check,
        "23P01" => ViolationKind::Exclusion,
        code if code.starts_with("22") => ViolationKind::Value,
        code if OF_THE_SERVER.iter().any(|class| code.starts_with(class)) => return None,
        _ => ViolationKind::Raised,
    };
    Some(Violation {
        kind,
        table: information.table_name().map(str::to_owned),
        name: information.constraint_name().map(str::to_owned),
        columns: information
            .column_name()
            .or_else(|| information.details().and_then(key_columns))
            .map(str::to_owned),
    })
}

/// The columns of `Key (columns)=(values) already exists.`, in any language.
fn key_columns(detail: &str) -> Option<&str> {
    let (key, _) = detail.split_once(")=(")?;
    Some(key.split_once('(')?.1)
}

/// A message about a value that does not fit its type, without the value, which is quoted in the way of the server's
/// language.
fn without_value(message: &str) -> String {
    const QUOTES: [char; 8] = ['"', '\'', '«', '»', '“', '”', '„', '‹'];
    let first = message.char_indices().find(|(_, c)| QUOTES.contains(c));
    let last = message.char_indices().rfind(|(_, c)| QUOTES.contains(c));
    match (first, last) {
        (Some((start, open)), Some((end, _))) if start < end => {
            let start = start + open.len_utf8();
            format!("{}…{}", &message[..start], &message[end..])
        }
        _ => message.to_owned(),
    }
}

/// Converts the failure of a statement to Diesel's error.
pub(super) fn failed(error: &Error) -> DieselError {
    let (kind, information) = match error.as_db_error() {
        Some(said) => (kind(said.code()), Said::new(said)),
        None => {
            let is_lost = error.is_closed() || is_passing(error);
            let kind = match is_lost {
                true => DatabaseErrorKind::UnableToSendCommand,
                false => DatabaseErrorKind::Unknown,
            };
            return DieselError::DatabaseError(kind, Box::new(with_causes(error)));
        }
    };
    DieselError::DatabaseError(kind, Box::new(information))
}

fn kind(code: &SqlState) -> DatabaseErrorKind {
    match *code {
        SqlState::UNIQUE_VIOLATION => DatabaseErrorKind::UniqueViolation,
        SqlState::FOREIGN_KEY_VIOLATION => DatabaseErrorKind::ForeignKeyViolation,
        SqlState::RESTRICT_VIOLATION => DatabaseErrorKind::RestrictViolation,
        SqlState::EXCLUSION_VIOLATION => DatabaseErrorKind::ExclusionViolation,
        SqlState::NOT_NULL_VIOLATION => DatabaseErrorKind::NotNullViolation,
        SqlState::CHECK_VIOLATION => DatabaseErrorKind::CheckViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => DatabaseErrorKind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    }
}

/// The server's error, with the code in the message, because Diesel has no field for it.
struct Said {
    message: String,
    error: DbError,
}

impl Said {
    fn new(error: &DbError) -> Self {
        // No code distinguishes it, but the name of the server's function, which is in no language.
        let code = match error.routine() {
            Some("check_enable_rls") => ROW_SECURITY,
            _ => error.code().code(),
        };
        let message = match error.code().code().starts_with("22") {
            true => without_value(error.message()),
            false => error.message().to_owned(),
        };
        Self {
            message: with_code(&message, LABEL, code),
            error: error.clone(),
        }
    }
}

impl DatabaseErrorInformation for Said {
    fn message(&self) -> &str {
        &self.message
    }

    fn details(&self) -> Option<&str> {
        self.error.detail()
    }

    fn hint(&self) -> Option<&str> {
        self.error.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.error.table()
    }

    fn column_name(&self) -> Option<&str> {
        self.error.column()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.error.constraint()
    }

    fn statement_position(&self) -> Option<i32> {
        None
    }
}

/// Distinguishes a server that is not ready from one that rejects the connection.
pub(super) fn connect_error(address: &ServerAddress, error: Error) -> DatabaseError {
    let passing = match error.code() {
        Some(code) => [
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
        ]
        .contains(code),
        None => is_passing(&error) || error.is_closed(),
    };
    let reason = if passing {
        NotConnected::NotThere
    } else {
        NotConnected::Rejected(rejection_reason(&error))
    };
    match error.as_db_error() {
        // The driver's own message is only "db error".
        Some(said) => DatabaseError::not_connected(address, reason, Box::new(said.clone())),
        None => DatabaseError::not_connected(address, reason, Box::new(error)),
    }
}

/// Whether the connection failed, so that retrying may help. An untrusted certificate, or a value that cannot be sent,
/// does not change.
fn is_passing(error: &Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &std::io::Error| !matches!(cause.kind(), InvalidData | InvalidInput))
}

/// The reason of the rejection.
fn rejection_reason(error: &Error) -> RejectionReason {
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            RejectionReason::Login
        }
        Some(&SqlState::UNDEFINED_DATABASE) => RejectionReason::NoSuchDatabase,
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => RejectionReason::NoAccess,
        Some(_) => RejectionReason::Other,
        // Without a code it is an error of the driver: it lacks a password, or does not trust the server.
        None if said_by_driver(error).contains("password") => RejectionReason::Login,
        None => RejectionReason::Tls,
    }
}

/// The message of an error of the driver with its cause.
fn said_by_driver(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}
