//! Rows of rejected records: they are not written, and rows that refer to them are rejected too.

use crate::model::{Origin, TableIndex, Value};
use crate::plan::layout_keys::fingerprint;

use super::{ForeignKeys, key_values};

impl ForeignKeys {
    /// Removes a recorded row: its record is rejected, so it will not be in the database, except for the keys that it
    /// has there now.
    pub(in crate::plan) fn withdraw(
        &mut self,
        table: TableIndex,
        origin: &Origin,
        values: &[Value],
        current: Option<&[Value]>,
    ) {
        self.retract(table, origin, values);
        self.record_invalid(table, origin, values);
        for columns in &self.referred[table] {
            let of = |values| key_values(columns, values);
            if current.is_some_and(|current| of(current).eq(of(values))) {
                continue;
            }
            let key = fingerprint(table, of(values));
            self.present.remove(&key);
            self.missing.insert(key);
            if let Some(late) = self.late.remove(&key) {
                self.open.insert(key, late);
            }
        }
    }

    /// Removes the requests of a row that is not written for parents in its own table, which may still follow.
    pub(in crate::plan) fn retract(
        &mut self,
        table: TableIndex,
        origin: &Origin,
        values: &[Value],
    ) {
        let own = self.checked[table].iter();
        for key in own.filter(|key| key.parent_table == table) {
            let wanted = key.wanted(values);
            for requests in [&mut self.open, &mut self.late] {
                if let Some(request) = requests.get_mut(&wanted)
                    && request.children.remove(origin).is_some()
                    && request.children.is_empty()
                {
                    requests.remove(&wanted);
                }
            }
        }
    }

    /// Records the keys of a rejected record, for the messages about records that refer to it.
    pub(in crate::plan) fn record_invalid(
        &mut self,
        table: TableIndex,
        origin: &Origin,
        values: &[Value],
    ) {
        for columns in &self.referred[table] {
            let mut own = key_values(columns, values);
            if own.all(|value| !matches!(value, Value::Null | Value::Default | Value::ParentKey(_)))
            {
                let key = fingerprint(table, key_values(columns, values));
                self.invalid.entry(key).or_insert_with(|| origin.clone());
            }
        }
    }
}
