//! The rules that a row can violate.

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
    pub(in crate::database) fn of(kind: ViolationKind) -> Self {
        Self {
            kind,
            table: None,
            name: None,
            columns: None,
        }
    }
}

impl ViolationKind {
    /// A suggested fix.
    pub(in crate::database) fn hint(self) -> &'static str {
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
