//! Finds records that would change a value of their row to which rows of the application refer: the database would
//! reject the change, or change these rows, too.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::database::ReferringKey;
use crate::model::{Fingerprint, TableIndex};
use crate::operations::OperationError;
use crate::operations::directory::{SharedTransaction, each_referring_row, lock, other_keys_to};
use crate::plan::{Lookup, Round, RowBatch};

use super::Import;

/// The foreign keys that refer to a table and that the layout does not have, for tables with changed rows.
pub(super) type OtherKeys = HashMap<TableIndex, Vec<ReferringKey>>;

impl Import<'_> {
    /// Completes [`Lookup::referred`].
    pub(super) fn find_referred(
        &self,
        database: &SharedTransaction<'_>,
        known: &mut OtherKeys,
        batch: &RowBatch,
        round: &Round,
        lookup: &mut Lookup,
    ) -> Result<(), OperationError> {
        let mut changed: BTreeMap<TableIndex, Vec<_>> = BTreeMap::new();
        for row in batch.round(round) {
            let entry = lookup.known.get(&row.identity);
            let current = lookup.current.get(&row.identity);
            if let (Some(entry), Some(current)) = (entry, current)
                && entry.digest != row.digest
            {
                changed.entry(row.table).or_default().push((row, current));
            }
        }
        let layout = self.directory.layout;
        let mut referred: HashSet<Fingerprint> = HashSet::new();
        let mut silently: HashSet<Fingerprint> = HashSet::new();
        for (table, rows) in changed {
            let keys = match known.entry(table) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    unknown.insert(other_keys_to(&mut lock(database), layout, table)?)
                }
            };
            let parent = &layout.tables[table].table;
            for key in &*keys {
                let column = |name: &String| {
                    let mut columns = parent.columns.iter();
                    columns.position(|column| column.name.eq_ignore_ascii_case(name))
                };
                let columns: Vec<usize> = key.references.iter().filter_map(column).collect();
                let rows = rows.iter();
                let rows: Vec<_> = rows
                    .filter(|(row, (_, current))| {
                        key.follows_computed || row.changes(&columns, current)
                    })
                    .collect();
                let ids: Vec<&str> = rows.iter().map(|(_, (id, _))| id.as_str()).collect();
                each_referring_row(database, key, parent, &ids, &|_| false, &mut |place, _| {
                    let identity = rows[place].0.identity;
                    referred.insert(identity);
                    silently.extend(key.updates_silently.then_some(identity));
                })?;
            }
        }
        lookup.referred = referred;
        lookup.silently_referred = silently;
        Ok(())
    }
}
