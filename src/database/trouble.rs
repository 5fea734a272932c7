//! Which failures of a statement are passing, and which lost the connection.
//!
//! Diesel keeps the server's words and little of its codes, so the words are looked at; MySQL is asked for English ones
//! when it is reached.

use diesel::result::{DatabaseErrorKind, Error};

/// What a failed statement means for the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another program was in the way: the whole transaction may be tried again.
    Disturbed,
    /// Somebody holds a lock for longer than we wait.
    Locked,
    /// The connection is gone; the server undoes the transaction.
    Lost,
    /// The user lacks a right.
    Denied,
    /// The statement itself.
    Other,
}

const DISTURBED: [&str; 5] = [
    "deadlock",
    "could not serialize access",
    // MySQL and MariaDB 11 in snapshot isolation.
    "record has changed since last read",
    "restart transaction",
    // MySQL's, of a table that another import has just made.
    "table definition has changed",
];
const LOCKED: [&str; 2] = ["due to lock timeout", "lock wait timeout exceeded"];
const DENIED: [&str; 3] = [
    "permission denied for",
    "command denied to user",
    "access denied",
];
const LOST: [&str; 10] = [
    "connection closed",
    "connection reset",
    "broken pipe",
    "server closed the connection",
    "unexpected end of file",
    "terminating connection",
    "input/output error",
    "connection was killed",
    "server shutdown in progress",
    "error communicating with the server",
];

impl Trouble {
    pub(super) fn of(error: &Error) -> Self {
        let Error::DatabaseError(kind, information) = error else {
            return match error {
                Error::BrokenTransactionManager => Self::Lost,
                _ => Self::Other,
            };
        };
        match kind {
            DatabaseErrorKind::SerializationFailure => return Self::Disturbed,
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
                return Self::Lost;
            }
            _ => {}
        }
        let text = information.message().to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&DISTURBED) {
            Self::Disturbed
        } else if says(&LOCKED) {
            Self::Locked
        } else if says(&LOST) {
            Self::Lost
        } else if says(&DENIED) {
            Self::Denied
        } else {
            Self::Other
        }
    }
}
