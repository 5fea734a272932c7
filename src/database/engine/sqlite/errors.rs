//! Classifies SQLite's errors by their messages, because Diesel does not keep the codes. Messages are always in
//! English, and are compared as a whole, because a trigger may raise a similar one.

use std::time::Duration;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::Text;

use super::{Connection, PRODUCT};
use crate::database::engine::error_kind::ErrorKind;
use crate::database::engine::{Violation, ViolationKind};
use crate::database::{DatabaseError, DatabaseUrl};

/// Classifies a message. Errors that depend on the file are in [`explain`].
pub(in crate::database) fn error_kind(message: &str) -> Option<ErrorKind> {
    (message == "database or disk is full").then_some(ErrorKind::DiskFull)
}

/// Messages of errors of the library, file or statement; any other message is one of a constraint, or was raised by a
/// trigger or a function (`sqlite3ErrStr` in `main.c`).
const OF_THE_LIBRARY: [&str; 17] = [
    "not an error",
    "SQL logic error",
    "access permission denied",
    "query aborted",
    "database is locked",
    "database table is locked",
    "out of memory",
    "attempt to write a readonly database",
    "interrupted",
    "disk I/O error",
    "database disk image is malformed",
    "unknown operation",
    "database or disk is full",
    "unable to open database file",
    "locking protocol",
    "bad parameter or other API misuse",
    "file is not a database",
];

/// The rule that a rejected row violates. Diesel classifies constraints by the extended code.
pub(in crate::database) fn violation(kind: &DatabaseErrorKind, message: &str) -> Option<Violation> {
    let (_, subject) = message.split_once(" constraint failed: ").unzip();
    let subject = subject.unwrap_or_default();
    // `table.column, table.column`
    let columns = || {
        let columns = subject
            .split(", ")
            .map(|column| match column.split_once('.') {
                Some((_, column)) => column,
                None => column,
            });
        Some(columns.collect::<Vec<_>>().join(", "))
    };
    Some(match kind {
        DatabaseErrorKind::UniqueViolation => match subject.strip_prefix("index ") {
            Some(index) => Violation {
                name: Some(index.trim_matches('\'').to_owned()),
                ..Violation::of(ViolationKind::Unique)
            },
            None => Violation {
                columns: columns(),
                ..Violation::of(ViolationKind::Unique)
            },
        },
        DatabaseErrorKind::NotNullViolation => Violation {
            columns: columns(),
            ..Violation::of(ViolationKind::NotNull)
        },
        // The text of a constraint without a name.
        DatabaseErrorKind::CheckViolation => Violation {
            name: Some(subject.to_owned()),
            ..Violation::of(ViolationKind::Check)
        },
        DatabaseErrorKind::ForeignKeyViolation => Violation::of(ViolationKind::ForeignKey),
        _ if message == "datatype mismatch" || message.starts_with("cannot store ") => {
            Violation::of(ViolationKind::Value)
        }
        _ if OF_THE_LIBRARY.contains(&message) => return None,
        _ => Violation::of(ViolationKind::Raised),
    })
}

#[derive(QueryableByName)]
struct Constraint {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    columns: String,
}

/// Indexes that CREATE INDEX made; those of constraints have no name of their own.
const UNIQUE_INDEXES: &str = "SELECT l.name, (SELECT group_concat(name, ', ') FROM \
     (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) AS columns \
     FROM pragma_index_list(?) AS l WHERE l.\"unique\" AND l.origin = 'c'";

/// Foreign keys have no names; that of the table they refer to says most.
const FOREIGN_KEYS: &str = "SELECT \"table\" AS name, group_concat(\"from\", ', ') AS columns \
     FROM pragma_foreign_key_list(?) GROUP BY id";

const REFERENCES: &str = "SELECT child.name, group_concat(\"from\", ', ') AS columns FROM sqlite_master AS child \
     JOIN pragma_foreign_key_list(child.name) WHERE child.type = 'table' AND \"table\" = ? COLLATE NOCASE \
     GROUP BY child.name, id ORDER BY child.name";

/// Adds the name of a unique index, the columns of a table's only foreign key, and the tables that refer to it.
pub(super) fn complete_violation(
    connection: &mut Connection,
    table: &str,
    violation: &mut Violation,
) -> QueryResult<()> {
    let query = match violation.kind {
        ViolationKind::Unique if violation.name.is_none() => UNIQUE_INDEXES,
        ViolationKind::ForeignKey => FOREIGN_KEYS,
        ViolationKind::Referenced => REFERENCES,
        _ => return Ok(()),
    };
    let found: Vec<Constraint> = diesel::sql_query(query)
        .bind::<Text, _>(table)
        .load(connection)?;
    match (violation.kind, &found[..]) {
        (ViolationKind::ForeignKey, [only]) => {
            violation.columns = Some(format!("{} → {}", only.columns, only.name));
        }
        (ViolationKind::Referenced, [only]) => {
            violation.table = Some(only.name.clone());
            violation.columns = Some(only.columns.clone());
        }
        (ViolationKind::Referenced, found @ [_, ..]) => {
            let mut names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
            names.dedup();
            violation.table = Some(names.join("` or `"));
        }
        (ViolationKind::Unique, found) => {
            let mut same = found
                .iter()
                .filter(|one| violation.columns.as_ref() == Some(&one.columns));
            violation.name = same.next().map(|one| one.name.clone());
        }
        _ => {}
    }
    Ok(())
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
