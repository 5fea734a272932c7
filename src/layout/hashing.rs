//! Row digests: hashes of the columns that the layout maps, in the order of the table.

use crate::model::{DefaultValue, Fingerprint, RowHasher, Value};

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

    /// Returns a hasher for [`Self::digest`], to be created once per table.
    #[must_use]
    pub fn row_hasher(&self) -> RowHasher {
        let names = self
            .mapped_columns()
            .map(|column| self.table.columns[column].name.as_str());
        RowHasher::new(&self.table.name, names)
    }

    /// Returns the digest of a row with these `values`, one per column of the table.
    #[must_use]
    pub fn digest(&self, hasher: &RowHasher, values: &[Value]) -> Fingerprint {
        hasher.row(self.mapped_columns().map(|column| &values[column]))
    }

    /// Whether a row in the database still has the digest it was imported with.
    ///
    /// A NOT NULL column without a value in the file was hashed as "the default", but contains the time of its run.
    /// Such columns are tried both ways.
    #[must_use]
    pub fn matches(&self, hasher: &RowHasher, values: &[Value], digest: Fingerprint) -> bool {
        let timed = |&column: &usize| {
            let column = &self.table.columns[column];
            !column.nullable && column.default == Some(DefaultValue::CurrentTimestamp)
        };
        let maskable: Vec<usize> = self.mapped_columns().filter(timed).collect();
        let mut masked = values.to_vec();
        (0..1_u32 << maskable.len()).any(|choice| {
            for (bit, &column) in maskable.iter().enumerate() {
                let defaulted = choice >> bit & 1 == 1;
                masked[column] = if defaulted {
                    Value::Default
                } else {
                    values[column].clone()
                };
            }
            self.digest(hasher, &masked) == digest
        })
    }
}
