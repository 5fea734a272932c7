//! Foreign keys of the database that have no action.

use crate::model::{ForeignKey, Table};

/// A foreign key of the database whose rows keep the row that they refer to from being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) struct RestrictingKey {
    /// The table that it refers to.
    pub(in crate::database) parent: String,
    /// Its columns, each with the one that it refers to.
    pub(in crate::database) columns: Vec<(String, String)>,
}

impl RestrictingKey {
    /// Whether it is this foreign key of a table of the layout.
    pub(in crate::database) fn is(&self, table: &Table, key: &ForeignKey) -> bool {
        let wanted = key
            .columns
            .iter()
            .map(|&column| &table.columns[column].name);
        let wanted = wanted.zip(&key.references);
        let mut names = wanted.zip(&self.columns);
        self.parent.eq_ignore_ascii_case(&key.table)
            && self.columns.len() == key.columns.len()
            && names.all(|((column, referred), (own, parent))| {
                column.eq_ignore_ascii_case(own) && referred.eq_ignore_ascii_case(parent)
            })
    }
}
