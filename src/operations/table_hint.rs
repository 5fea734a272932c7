//! Hints for imports into, and reverts of, tables that another program renamed, dropped or created again.

use crate::model::shell_word;

use super::OperationError;

impl OperationError {
    /// A suggested fix, if the error is about such a table.
    #[must_use]
    pub fn table_hint(&self) -> Option<String> {
        match self {
            Self::RenamedTable { table, .. } => Some(format!(
                "rename it back; or record it with its new name, `accession audit enable {}`, and if the layout has the former name, change the layout: an import continues if the files have a key of its rows",
                shell_word(table)
            )),
            Self::RowsMoved { table, .. } => Some(format!(
                "rename the tables back, and run `accession audit enable {}`; a layout with the new names is enough only for tables with a key in the files: other records would be inserted a second time",
                shell_word(table)
            )),
            Self::UnknownRows { missing, .. } => Some(format!(
                "if it is the same table, rename it back: its records have no key in the files, and would be inserted a second time; if the other table was dropped on purpose, record that with `accession audit disable {}`",
                shell_word(missing)
            )),
            Self::EmptiedTable(table) => Some(format!(
                "restore its rows from a backup, and run `accession audit enable {}`: an import does not insert rows again that another program removed; if they were removed on purpose, that command records it",
                shell_word(table)
            )),
            Self::DroppedTable(_) => Some(DROPPED.to_owned()),
            Self::TableRenamed { table, .. } | Self::TableRemoved(table) => Some(format!(
                "nothing was written; rename it back (first another table that has its name), or restore it from a backup, record it with `accession audit enable {}`, and revert again",
                shell_word(table)
            )),
            _ => None,
        }
    }
}

/// A table of earlier imports does not exist.
const DROPPED: &str = "rename it back, or restore it from a backup: an import does not insert rows again that another program removed; if it was dropped on purpose, take it out of the layout, or if it had no rows, import with `--reread`";
