//! The foreign keys of a layout, divided into those with values from files and those inherited from an enclosing row.

use crate::layout::{Expression, Layout, LayoutTable, RecordRule};
use crate::model::{Fingerprint, Hasher, PerTable, TableIndex, Value};

/// A foreign key between two tables of the layout.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The child's columns.
    pub(super) columns: Vec<usize>,
    /// Index of the parent's table.
    pub(super) parent_table: TableIndex,
    /// The columns it refers to.
    pub(super) parent_columns: Vec<usize>,
}

impl Key {
    /// Identifies the parent row that a child with these values refers to.
    pub(super) fn wanted(&self, values: &[Value]) -> Fingerprint {
        let own = self.columns.iter().map(|&column| &values[column]);
        fingerprint(self.parent_table, own)
    }
}

/// Identifies a row of `table` by the values of a key.
pub(super) fn fingerprint<'v>(
    table: TableIndex,
    values: impl Iterator<Item = &'v Value>,
) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.fixed(&(usize::from(table) as u64).to_le_bytes());
    values.for_each(|value| value.hash_into(&mut hasher));
    hasher.fingerprint()
}

/// Per table, the foreign keys that every rule inherits from the enclosing parent row, and the others.
pub(super) fn split(layout: &Layout) -> (PerTable<Vec<Key>>, PerTable<Vec<Key>>) {
    let tables = layout.tables.enumerated();
    let keys = tables.map(|(child, table)| {
        let keys = keys_of(layout, table);
        keys.partition(|key| inherited(layout, child, key))
    });
    let (inherited, checked): (Vec<_>, Vec<_>) = keys.unzip();
    (inherited.into(), checked.into())
}

fn keys_of<'l>(layout: &'l Layout, table: &'l LayoutTable) -> impl Iterator<Item = Key> {
    table.table.foreign_keys.iter().filter_map(|key| {
        let parent_table = layout
            .tables
            .position(|table| table.table.name == key.table)?;
        let parent = &layout.tables[parent_table].table;
        let columns = key.references.iter();
        Some(Key {
            columns: key.columns.clone(),
            parent_table,
            parent_columns: columns.filter_map(|name| parent.column(name)).collect(),
        })
    })
}

/// Per table, the columns that these foreign keys refer to.
pub(super) fn parents(keys: &PerTable<Vec<Key>>) -> PerTable<Vec<Vec<usize>>> {
    let mut parents = PerTable::from(vec![Vec::new(); keys.len()]);
    for key in keys.iter().flatten() {
        parents[key.parent_table].push(key.parent_columns.clone());
    }
    parents.iter_mut().for_each(|columns| {
        columns.sort();
        columns.dedup();
    });
    parents
}

/// Whether every rule of the child's table takes the key's columns from the enclosing parent row.
fn inherited(layout: &Layout, child: TableIndex, key: &Key) -> bool {
    fn all(
        rules: &[RecordRule],
        outer: &mut Vec<TableIndex>,
        child: TableIndex,
        key: &Key,
    ) -> bool {
        rules.iter().all(|rule| {
            let own = rule.table != child
                || key
                    .columns
                    .iter()
                    .zip(&key.parent_columns)
                    .all(|(&own, &parent)| {
                        rule.columns
                            .iter()
                            .filter(|column| column.column == own)
                            .any(|column| {
                                matches!(column.expression, Expression::Parent { levels, column }
                                    if column == parent
                                        && outer.len().checked_sub(levels).map(|at| outer[at])
                                            == Some(key.parent_table))
                            })
                    });
            outer.push(rule.table);
            let inner = all(&rule.records, outer, child, key);
            outer.pop();
            own && inner
        })
    }
    layout
        .sources
        .iter()
        .all(|source| all(&source.records, &mut Vec::new(), child, key))
}
