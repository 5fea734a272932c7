//! What the digest of a row covers: the columns that the layout maps, in the order of the table.

use crate::model::{Fingerprint, RowHasher, Value};

use super::LayoutTable;

impl LayoutTable {
    /// Indexes of the mapped columns.
    pub fn mapped_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.mapped
            .iter()
            .enumerate()
            .filter(|(_, mapped)| **mapped)
            .map(|(column, _)| column)
    }

    /// A hasher for [`Self::digest`], to be made once per table.
    #[must_use]
    pub fn row_hasher(&self) -> RowHasher {
        let names = self
            .mapped_columns()
            .map(|column| self.table.columns[column].name.as_str());
        RowHasher::new(&self.table.name, names)
    }

    /// The digest of a row with these `values`, one per column of the table.
    #[must_use]
    pub fn digest(&self, hasher: &RowHasher, values: &[Value]) -> Fingerprint {
        hasher.row(self.mapped_columns().map(|column| &values[column]))
    }
}
