//! Fills in the values of a row that its file leaves to the default.

use crate::layout::LayoutTable;
use crate::model::{DefaultValue, MappedRow, Timestamp, Value};

use super::Planner;
use super::row_batch::keep_defaults;

impl Planner<'_> {
    /// Replaces [`Value::Default`]; returns whether a mapped column had it.
    pub(super) fn fill_defaults(&mut self, row: &mut MappedRow) -> bool {
        let table = &self.layout.tables[row.table];
        let generated = table.table.generated_key();
        let mut timed = false;
        for (column, value) in row.values.iter_mut().enumerate() {
            if *value != Value::Default {
                continue;
            }
            timed |= table.mapped[column];
            *value = if generated == Some(column) {
                Value::Integer(self.tables[row.table].state.take_key())
            } else {
                default_value(table, column, self.now)
            };
        }
        timed
    }

    /// The values that a row will have: values that the file leaves to the default are those of the existing row, if
    /// there is one.
    pub(super) fn stored_values(&self, row: &MappedRow, current: Option<&[Value]>) -> Vec<Value> {
        let mut values = row.values.clone();
        if let Some(current) = current {
            keep_defaults(&mut values, current);
            return values;
        }
        let table = &self.layout.tables[row.table];
        for (column, value) in values.iter_mut().enumerate() {
            if *value == Value::Default {
                *value = if table.table.generated_key() == Some(column) {
                    Value::Integer(self.tables[row.table].state.next_key)
                } else {
                    default_value(table, column, self.now)
                };
            }
        }
        values
    }
}

fn default_value(table: &LayoutTable, column: usize, now: Timestamp) -> Value {
    match &table.table.columns[column].default {
        Some(DefaultValue::Value(value)) => value.clone(),
        Some(DefaultValue::CurrentTimestamp) => Value::Timestamp(now),
        None => Value::Null,
    }
}
