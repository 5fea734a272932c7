//! Foreign keys of the database that the layout does not have: rows of other tables, or of other columns, that refer to
//! rows of the layout's tables.

use std::ops::ControlFlow;

use crate::database::{DatabaseError, KeyedRows, ReadTransaction, ReferringKey};
use crate::layout::Layout;
use crate::model::{ForeignKey, RecordId, Table, TableIndex};

use super::shared::{SharedTransaction, lock};

/// The table of the layout with this name. Some databases do not distinguish names by case.
pub(in crate::operations) fn table_named(layout: &Layout, name: &str) -> Option<TableIndex> {
    let tables = &layout.tables;
    let exact = tables.position(|table| table.table.name == name);
    exact.or_else(|| tables.position(|table| table.table.name.eq_ignore_ascii_case(name)))
}

/// The foreign keys of the database that refer to a table of the layout, without those that the layout has.
pub(in crate::operations) fn other_keys_to(
    database: &mut ReadTransaction,
    layout: &Layout,
    table: TableIndex,
) -> Result<Vec<ReferringKey>, DatabaseError> {
    let mut keys = database
        .tables()
        .keys_that_refer_to(&layout.tables[table].table.name)?;
    keys.retain(|key| !is_of_layout(layout, table, key));
    Ok(keys)
}

/// Whether the layout has this foreign key, which refers to `table`.
pub(in crate::operations) fn is_of_layout(
    layout: &Layout,
    table: TableIndex,
    key: &ReferringKey,
) -> bool {
    let child = table_named(layout, &key.table).filter(|_| key.schema.is_none());
    let parent = &layout.tables[table].table.name;
    child.is_some_and(|child| {
        let child = &layout.tables[child].table;
        let mut own = child.foreign_keys.iter();
        own.any(|own| own.table == *parent && is_same_key(child, own, key))
    })
}

/// Whether `key`, a foreign key of `child` to the same table as `own`, has the same columns.
pub(in crate::operations) fn is_same_key(
    child: &Table,
    own: &ForeignKey,
    key: &ReferringKey,
) -> bool {
    let mut pairs = key.columns.iter().zip(&key.references);
    own.columns.len() == key.columns.len()
        && pairs.all(|(column, references)| {
            let mut own = own.columns.iter().zip(&own.references);
            own.any(|(&at, to)| {
                child.columns[at].name.eq_ignore_ascii_case(column)
                    && to.eq_ignore_ascii_case(references)
            })
        })
}

/// Calls `each` for every row that refers by `key` to one of these rows of `parent`, and is not `known` by its record id:
/// with the index of the row that it refers to, and its record id if it has one.
pub(in crate::operations) fn each_referring_row(
    database: &SharedTransaction<'_>,
    key: &ReferringKey,
    parent: &Table,
    record_ids: &[&str],
    known: &dyn Fn(&str) -> bool,
    each: &mut dyn FnMut(usize, Option<RecordId>),
) -> Result<(), DatabaseError> {
    let all = 0..record_ids.len();
    let mut portions = vec![all];
    while let Some(portion) = portions.pop() {
        let asked = &record_ids[portion.clone()];
        let rows = KeyedRows::new(parent, asked);
        let mut found = false;
        lock(database)
            .tables()
            .each_row_that_refers(key, &rows, &mut |row| {
                if row.as_deref().is_some_and(known) {
                    return ControlFlow::Continue(());
                }
                found = true;
                match asked.len() {
                    1 => {
                        each(portion.start, row);
                        ControlFlow::Continue(())
                    }
                    _ => ControlFlow::Break(()),
                }
            })?;
        if found && asked.len() > 1 {
            let middle = portion.start + asked.len() / 2;
            portions.extend([portion.start..middle, middle..portion.end]);
        }
    }
    Ok(())
}
