//! Rows that the database rejects: the constraint, trigger or column type, without the values.

use std::fmt;

use diesel::result::Error;

use super::engine::find_violation;
use super::{AnyConnection, DatabaseError};
use crate::model::Origin;

/// The kind of a rule that a row violates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViolationKind {
    /// Another row has the same value.
    Unique,
    /// The row that it refers to does not exist.
    ForeignKey,
    /// Another row refers to it.
    Referenced,
    /// A column has no value.
    NotNull,
    /// A CHECK constraint.
    Check,
    /// An exclusion constraint.
    Exclusion,
    /// A trigger, or an expression of the table, raised an error.
    Raised,
    /// The type of a column does not accept a value.
    Value,
}

/// The rule that a row violates, as far as the database reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its kind.
    pub kind: ViolationKind,
    /// The table of the constraint.
    pub table: Option<String>,
    /// The name of the constraint or index.
    pub name: Option<String>,
    /// Its columns or expressions.
    pub columns: Option<String>,
}

impl Violation {
    pub(super) fn of(kind: ViolationKind) -> Self {
        Self {
            kind,
            table: None,
            name: None,
            columns: None,
        }
    }
}

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

impl ViolationKind {
    /// A suggested fix.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Unique => {
                "nothing was committed; change the value in the file, or in the row that has it. If the layout's `tables.sql` declares the constraint too, duplicates are found before anything is written"
            }
            Self::ForeignKey => {
                "nothing was committed; add the row that the record refers to, or change the record. If the layout's `tables.sql` declares the foreign key too, missing rows are found before anything is written"
            }
            Self::Referenced => {
                "nothing was committed; delete the rows that refer to it first, or import without `--prune`"
            }
            Self::NotNull => {
                "nothing was committed; map a value to the column in the layout, or give it a default in the database"
            }
            Self::Check | Self::Exclusion => {
                "nothing was committed; change the value in the file, or the constraint in the database"
            }
            Self::Raised => {
                "nothing was committed; the trigger's message says why: change the record or the trigger"
            }
            Self::Value => {
                "nothing was committed; change the value in the file, or the type of the column in the database"
            }
        }
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
