//! Hints for imports into, and reverts of, tables that another program renamed, dropped or created again.

use super::OperationError;

impl OperationError {
    /// A suggested fix, if the error is about such a table.
    #[must_use]
    pub fn table_hint(&self) -> Option<&'static str> {
        match self {
            Self::RenamedTable { .. } => Some(RENAMED),
            Self::RowsMoved { .. } => Some(MOVED),
            Self::UnknownRows { .. } => Some(UNKNOWN_ROWS),
            Self::EmptiedTable(_) => Some(EMPTIED),
            Self::DroppedTable(_) => Some(DROPPED),
            Self::TableRenamed { .. } | Self::TableRemoved(_) => Some(NOT_REVERTIBLE),
            _ => None,
        }
    }
}

/// A table of the layout was renamed.
const RENAMED: &str = "rename it back; or record it with its new name, `accession audit enable TABLE`, and if the layout has the former name, change the layout: an import continues if the files have a key of its rows";

/// The rows of a table are in another one.
const MOVED: &str = "rename the tables back, and run `accession audit enable TABLE`; a layout with the new names is enough only for tables with a key in the files: other records would be inserted a second time";

/// A table has rows that no run imported.
const UNKNOWN_ROWS: &str = "if it is the same table, rename it back: its records have no key in the files, and would be inserted a second time; if the other table was dropped on purpose, record that with `accession audit disable TABLE`";

/// A table was created again without its rows.
const EMPTIED: &str = "restore its rows from a backup, and run `accession audit enable TABLE`: an import does not insert rows again that another program removed; if they were removed on purpose, that command records it";

/// A table of earlier imports does not exist.
const DROPPED: &str = "rename it back, or restore it from a backup: an import does not insert rows again that another program removed; if it was dropped on purpose, take it out of the layout, or if it had no rows, import with `--reread`";

/// A table of a run to revert has another name, or does not exist.
const NOT_REVERTIBLE: &str = "nothing was written; rename it back (first another table that has its name), or restore it from a backup, record it with `accession audit enable TABLE`, and revert again";
