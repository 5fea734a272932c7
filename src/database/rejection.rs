//! Rows that the database rejects: the constraint, trigger or column type, without the values.

use std::fmt;

use diesel::result::Error;

use super::engine::{Violation, ViolationKind, find_violation};
use super::{AnyConnection, DatabaseError};
use crate::model::Origin;

/// A row that the database rejected.
#[derive(Debug)]
pub struct Rejection {
    /// The table.
    pub table: String,
    /// The rule.
    pub violation: Violation,
    /// The record that the row comes from, if it is known.
    pub origin: Option<Origin>,
    /// The error of the database, without values.
    pub source: Error,
}

/// A rule with its name and columns: `unique constraint `members_email` (email)`.
struct Rule<'v>(&'static str, &'v Violation);

impl fmt::Display for Rule<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(kind, violation) = self;
        out.write_str(kind)?;
        if let Some(name) = &violation.name {
            write!(out, " `{name}`")?;
        }
        match &violation.columns {
            Some(columns) => write!(out, " ({columns})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table, violation, ..
        } = self;
        let rule = |kind| Rule(kind, violation);
        match violation.kind {
            ViolationKind::Unique => write!(
                out,
                "a row of `{table}` violates the {}: another row has the same value",
                rule("unique constraint")
            ),
            ViolationKind::ForeignKey => write!(
                out,
                "a row of `{table}` violates the {}: the row that it refers to does not exist",
                rule("foreign key")
            ),
            ViolationKind::Referenced => {
                let other = violation.table.as_deref().unwrap_or("another table");
                let foreign_key = rule("foreign key");
                write!(
                    out,
                    "a row of `{table}` is still referenced by `{other}`: {foreign_key}"
                )
            }
            ViolationKind::NotNull => write!(
                out,
                "a row of `{table}` violates the {}",
                rule("NOT NULL constraint")
            ),
            ViolationKind::Check => write!(
                out,
                "a row of `{table}` violates the {}",
                rule("CHECK constraint")
            ),
            ViolationKind::Exclusion => write!(
                out,
                "a row of `{table}` violates the {}",
                rule("exclusion constraint")
            ),
            ViolationKind::Raised => write!(
                out,
                "a trigger of `{table}`, or an expression of the table, rejected a row"
            ),
            ViolationKind::Value => {
                write!(
                    out,
                    "a row of `{table}` has a value that its column does not accept"
                )?;
                match &violation.columns {
                    Some(columns) => write!(out, " ({columns})"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl DatabaseError {
    /// An error of a statement that creates one table, or writes to it.
    pub(super) fn of_table(name: &str, error: Error) -> Self {
        match Self::from(error) {
            Self::RowTooLong { source, .. } => Self::RowTooLong {
                table: Some(name.to_owned()),
                source,
            },
            error => error,
        }
    }

    /// An error of a statement that inserts or updates rows of one table.
    pub(super) fn of_row(table: &str, error: Error) -> Self {
        Self::of_violation(table, error, |violation| {
            let is_elsewhere = |other: &String| !other.eq_ignore_ascii_case(table);
            violation.kind == ViolationKind::ForeignKey
                && violation.table.as_ref().is_some_and(is_elsewhere)
        })
    }

    /// An error of a statement that deletes rows of one table.
    pub(super) fn of_deleted_row(table: &str, error: Error) -> Self {
        Self::of_violation(table, error, |violation| {
            violation.kind == ViolationKind::ForeignKey
        })
    }

    /// The same error with what the schema has about the rule, if it can be read.
    pub(super) fn completed(mut self, connection: &mut AnyConnection) -> Self {
        if let Self::Rejected(rejection) = &mut self {
            let Rejection {
                table, violation, ..
            } = &mut **rejection;
            let _ = connection.engine_mut().complete_violation(table, violation);
        }
        self
    }

    fn of_violation(
        table: &str,
        error: Error,
        is_referenced: impl FnOnce(&Violation) -> bool,
    ) -> Self {
        let source = match Self::of_table(table, error) {
            Self::Statement(source) | Self::ForeignKey(source) => source,
            error => return error,
        };
        let Error::DatabaseError(kind, information) = &source else {
            return Self::Statement(source);
        };
        let Some(mut violation) = find_violation(kind, &**information) else {
            return Self::Statement(source);
        };
        if is_referenced(&violation) {
            violation.kind = ViolationKind::Referenced;
        }
        Self::Rejected(Box::new(Rejection {
            table: table.to_owned(),
            violation,
            origin: None,
            source,
        }))
    }
}
