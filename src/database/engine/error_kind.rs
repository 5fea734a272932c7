//! Classifies failed statements by the code of the error, because messages are in the language of the server.

use diesel::result::{DatabaseErrorKind, Error};

use crate::database::DatabaseError;

/// The kind of a failed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "servers"),
    expect(dead_code, reason = "some kinds are only reported by servers")
)]
pub(in crate::database) enum ErrorKind {
    /// Another program interfered: the whole transaction can be retried.
    Retryable,
    /// Another program holds a lock for longer than the wait time.
    Locked,
    /// The connection is lost; the server rolls the transaction back.
    Lost,
    /// The user lacks a right.
    Denied,
    /// A row is too long, or its entry in an index.
    TooLong,
    /// A policy hides rows.
    #[cfg_attr(
        all(feature = "servers", not(feature = "postgres")),
        expect(dead_code, reason = "only one server has such policies")
    )]
    HiddenRows,
    /// The server accepts no changes: it is a replica, or read-only.
    ReadOnly,
    /// The disk is full.
    DiskFull,
    /// A foreign key is violated.
    ForeignKey,
    /// Anything else: the statement itself failed.
    Other,
}

impl ErrorKind {
    pub(in crate::database) fn of(error: &Error) -> Self {
        let Error::DatabaseError(kind, information) = error else {
            return match error {
                Error::BrokenTransactionManager => Self::Lost,
                _ => Self::Other,
            };
        };
        match kind {
            DatabaseErrorKind::SerializationFailure => Self::Retryable,
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
                Self::Lost
            }
            DatabaseErrorKind::ReadOnlyTransaction => Self::ReadOnly,
            DatabaseErrorKind::ForeignKeyViolation => Self::ForeignKey,
            _ => super::error_kind(information.message()).unwrap_or(Self::Other),
        }
    }
}

/// Appends the code of the error to the message, because Diesel has no field for it. `label` names the kind of code.
#[cfg(feature = "servers")]
pub(in crate::database) fn with_code(
    message: &str,
    label: &str,
    code: impl std::fmt::Display,
) -> String {
    format!("{message} ({label} {code})")
}

/// The code after a message, if it has one with this label.
#[cfg(feature = "servers")]
pub(in crate::database) fn code_of<'m>(message: &'m str, label: &str) -> Option<&'m str> {
    let (_, last) = message.strip_suffix(')')?.rsplit_once(" (")?;
    let (found, code) = last.split_once(' ')?;
    (found == label).then_some(code)
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        // On a lost connection the rollback fails, too; only the outcome of the commit matters.
        if let Error::RollbackErrorOnCommit { commit_error, .. } = error {
            return Self::from(*commit_error);
        }
        match ErrorKind::of(&error) {
            ErrorKind::Retryable => Self::Retryable(error),
            ErrorKind::Locked => Self::Locked(error),
            ErrorKind::Lost => Self::Lost(error),
            ErrorKind::Denied => Self::Denied(error),
            ErrorKind::TooLong => Self::RowTooLong {
                table: None,
                source: error,
            },
            ErrorKind::HiddenRows => Self::HiddenRows(error),
            ErrorKind::ReadOnly => Self::ReadOnlyServer(error),
            ErrorKind::DiskFull => Self::DiskFull,
            ErrorKind::ForeignKey => Self::ForeignKey(error),
            ErrorKind::Other => Self::Statement(error),
        }
    }
}

#[cfg(all(test, feature = "postgres", feature = "mysql"))]
mod tests {
    use super::*;

    fn of(message: String) -> ErrorKind {
        ErrorKind::of(&Error::DatabaseError(
            DatabaseErrorKind::Unknown,
            Box::new(message),
        ))
    }

    #[test]
    fn codes_decide_in_any_language_and_words_do_not() {
        let german = with_code("storniere Anfrage (wegen Zeit) (x)", "SQLSTATE", "55P03");
        assert_eq!(of(german), ErrorKind::Locked);
        let german = with_code("Versuche, die Transaktion neu zu starten", "error", 1213);
        assert_eq!(of(german), ErrorKind::Retryable);
        let own = "deadlock, permission denied for (error 1205)";
        assert_eq!(of(with_code(own, "SQLSTATE", "P0001")), ErrorKind::Other);
        assert_eq!(
            of("a trigger's message: lock wait timeout exceeded".to_owned()),
            ErrorKind::Other
        );
    }
}
