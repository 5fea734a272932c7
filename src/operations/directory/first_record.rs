//! Finds the first of two records with the same identity or the same unique values.
//!
//! While records are planned only hashes of the earlier ones are kept, so the files are read again to find its place:
//! only if there are such records.

use std::collections::{BTreeMap, BTreeSet};

use crate::map::Resolved;
use crate::model::{Findings, FirstRecord, MappedRow, SharedKey, Value};
use crate::operations::OperationError;
use crate::source::SourceFile;

use super::Directory;
use super::events::ReadEvent;

impl Directory<'_> {
    /// Adds the place of the first record to findings about two records, if it is in one of these files.
    pub(in crate::operations) fn find_first_records(
        &self,
        findings: &mut Findings,
        files: &[&SourceFile],
        resolved: &Resolved<'_>,
    ) -> Result<(), OperationError> {
        let mut wanted: BTreeMap<SharedKey, Vec<&mut Option<FirstRecord>>> = BTreeMap::new();
        for finding in findings.kept_mut() {
            if let Some(FirstRecord::With(key)) = &finding.first {
                wanted
                    .entry(key.clone())
                    .or_default()
                    .push(&mut finding.first);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let keys = wanted.keys();
        let kinds = keys.map(|key| (key.table, key.columns.clone()));
        let kinds: BTreeSet<_> = kinds.collect();
        let _span = tracing::debug_span!("first records").entered();
        self.read(files, resolved, |events| {
            for event in events {
                let ReadEvent::Records(_, records) = event? else {
                    continue;
                };
                for row in &records.rows {
                    let kinds = kinds.iter().filter(|(table, _)| *table == row.table);
                    for found in kinds.filter_map(|(_, columns)| wanted.remove(&key(row, columns)))
                    {
                        let place = self.place_of(&row.origin);
                        for first in found {
                            *first = Some(FirstRecord::At(place.clone()));
                        }
                    }
                }
                if wanted.is_empty() {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// The identity of a row, or the digest of these columns. One that depends on the generated key of another row is not
/// known yet, and matches nothing.
fn key(row: &MappedRow, columns: &Option<Vec<usize>>) -> SharedKey {
    let values = columns.iter().flatten().map(|&column| &row.values[column]);
    SharedKey {
        table: row.table,
        columns: columns.clone(),
        key: match columns {
            None => row.identity,
            Some(_) => Value::fingerprint(values),
        },
    }
}
