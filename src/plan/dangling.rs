//! Foreign keys that refer to nothing, and how they are told.

use crate::layout::Layout;
use crate::model::{Origin, Rule};

use super::change::{Problem, TableColumns};

/// Why a parent row is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Neither the files nor the database have it.
    Nowhere,
    /// Its record did not change, and another program deleted it.
    Deleted,
}

/// A foreign key of a record whose parent row is not there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dangling {
    pub(super) why: Missing,
    /// The child's table and its columns.
    pub(super) columns: TableColumns,
    /// Index of the parent's table.
    pub(super) parent: usize,
}

impl Dangling {
    /// What to tell of the record at `origin`.
    pub(super) fn problem(self, layout: &Layout, origin: Origin) -> Problem {
        let parent = &layout.tables[self.parent].table.name;
        let child = &layout.tables[self.columns.table].table;
        let columns = child.names(&self.columns.columns);
        let (what, remedy) = match self.why {
            Missing::Nowhere => (
                "is neither in the files nor in the database",
                "add the missing record, or correct the reference".to_owned(),
            ),
            Missing::Deleted => (
                "is in the files, and was deleted in the database",
                format!(
                    "put that row back (`accession audit log --entries --table {parent} --action delete` shows it), or \
                     remove its record from the files, and this one"
                ),
            ),
        };
        Problem {
            origin,
            columns: Some(self.columns),
            rule: Rule::MissingReference,
            message: format!(
                "{columns} of `{}` refers to a row of `{parent}` that {what}",
                child.name
            ),
            remedy,
        }
    }
}
