//! Foreign keys whose parent row is missing, and the problems that report them.

use crate::layout::Layout;
use crate::model::{Origin, Rule, TableIndex, shell_word};

use super::change::{RowProblem, TableColumns};

/// Why a parent row is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is neither in the files nor in the database.
    Nowhere,
    /// Its record, at this place, is rejected.
    Invalid(Origin),
    /// Its record did not change, but another program deleted the row.
    Deleted,
}

/// A foreign key of a record whose parent row is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dangling {
    pub(super) why: Missing,
    /// The child's table and its columns.
    pub(super) columns: TableColumns,
    /// Index of the parent's table.
    pub(super) parent: TableIndex,
}

impl Dangling {
    /// The problem to report for the record at `origin`.
    pub(super) fn problem(self, layout: &Layout, origin: Origin) -> RowProblem {
        let parent = &layout.tables[self.parent].table.name;
        let child = &layout.tables[self.columns.table].table;
        let columns = child.names(&self.columns.columns);
        let mut cause = None;
        let (what, hint) = match self.why {
            Missing::Nowhere => (
                "that is neither in the files nor in the database",
                "add the missing record, or fix the reference".to_owned(),
            ),
            Missing::Invalid(origin) => {
                cause = Some(Box::new(origin));
                ("whose record is invalid", "fix that record".to_owned())
            }
            Missing::Deleted => (
                "that is in the files, but was deleted in the database",
                format!(
                    "restore that row (`accession audit log --entries --table {} --action delete` shows it), or \
                     remove both its record and this one from the files",
                    shell_word(parent)
                ),
            ),
        };
        RowProblem {
            origin,
            columns: Some(Box::new(self.columns)),
            shared: None,
            cause,
            rule: Rule::MissingReference,
            message: format!(
                "{columns} of `{}` refers to a row of `{parent}` {what}",
                child.name
            ),
            hint,
        }
    }
}
