//! Answers the plan's queries about current rows.

use std::collections::{BTreeMap, HashMap};

use crate::database::DatabaseError;
use crate::layout::{Layout, LayoutTable};
use crate::model::{Fingerprint, Hasher, MappedRow, RecordId, TableIndex, Value};
use crate::plan::{KnownRow, ParentKey};

use super::Tables;

/// Current rows by the identity of the record that they were looked up for: record id and values.
pub type CurrentRows = HashMap<Fingerprint, (RecordId, Vec<Value>)>;

/// A current row with the same unique values as a record.
#[derive(Debug, Clone)]
pub struct SameKey {
    /// Primary key as text.
    pub record_id: RecordId,
    /// The row.
    pub values: Vec<Value>,
    /// The columns of the key or UNIQUE constraint.
    pub columns: Vec<usize>,
}

impl Tables<'_> {
    /// The rows that these records became, according to the ledger.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_by_record_id(
        &mut self,
        table: &LayoutTable,
        records: &[(Fingerprint, &KnownRow)],
    ) -> Result<CurrentRows, DatabaseError> {
        let mut found = CurrentRows::new();
        let by_id: HashMap<&str, Fingerprint> = records
            .iter()
            .map(|(identity, known)| (known.record_id.as_str(), *identity))
            .collect();
        for some in records.chunks(500) {
            let keys: Vec<_> = some
                .iter()
                .map(|(_, known)| table.table.key_from_record_id(&known.record_id))
                .collect();
            self.each_row(table, Some(&keys), &mut |values| {
                let record_id = table.table.record_id(&values);
                if let Some(identity) = by_id.get(record_id.as_str()) {
                    found.insert(*identity, (record_id, values));
                }
            })?;
        }
        Ok(found)
    }

    /// The rows with the same key as these records, or with the same values in a UNIQUE constraint: for each record
    /// every such row once, rows with the same primary key first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_by_unique_key(
        &mut self,
        table: &LayoutTable,
        rows: &[&MappedRow],
    ) -> Result<HashMap<Fingerprint, Vec<SameKey>>, DatabaseError> {
        let mut found: HashMap<Fingerprint, Vec<SameKey>> = HashMap::new();
        let constraints = std::iter::once(&table.table.primary_key).chain(&table.table.unique);
        let mapped = |columns: &&Vec<usize>| {
            !columns.is_empty() && columns.iter().all(|&column| table.mapped[column])
        };
        for columns in constraints.filter(mapped) {
            let own = |values: &[Value]| {
                columns
                    .iter()
                    .map(|&column| values[column].clone())
                    .collect::<Vec<_>>()
            };
            let asking: HashMap<Fingerprint, Fingerprint> = rows
                .iter()
                .filter(|row| {
                    columns
                        .iter()
                        .all(|&column| !matches!(row.values[column], Value::Null | Value::Default))
                })
                .map(|row| (key_fingerprint(&own(&row.values)), row.identity))
                .collect();
            let keys: Vec<_> = rows
                .iter()
                .map(|row| own(&row.values))
                .filter(|key| asking.contains_key(&key_fingerprint(key)))
                .collect();
            for some in keys.chunks(200) {
                self.rows_where(table, columns, some, &mut |values| {
                    let Some(identity) = asking.get(&key_fingerprint(&own(&values))) else {
                        return;
                    };
                    let record_id = table.table.record_id(&values);
                    let rows = found.entry(*identity).or_default();
                    if rows.iter().all(|row| row.record_id != record_id) {
                        rows.push(SameKey {
                            record_id,
                            values,
                            columns: columns.clone(),
                        });
                    }
                })?;
            }
        }
        Ok(found)
    }

    /// Returns those of these parent rows that exist.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn existing_parents(
        &mut self,
        layout: &Layout,
        parents: &[ParentKey],
    ) -> Result<Vec<ParentKey>, DatabaseError> {
        let mut asked: BTreeMap<(TableIndex, &[usize]), Vec<&ParentKey>> = BTreeMap::new();
        for parent in parents {
            let key = (parent.table, parent.columns.as_slice());
            asked.entry(key).or_default().push(parent);
        }
        let mut found = Vec::new();
        for ((table, columns), parents) in asked {
            let table = &layout.tables[table];
            let keys: Vec<_> = parents.iter().map(|one| one.values.clone()).collect();
            let mut exists = vec![false; keys.len()];
            self.rows_with(table, columns, &keys, &mut |at, _| exists[at] = true)?;
            for (at, parent) in parents.into_iter().enumerate() {
                // The database may take values for equal that differ, such as in case.
                if exists[at] || self.matches_a_row(table, columns, &keys[at..=at])? {
                    found.push(parent.clone());
                }
            }
        }
        Ok(found)
    }

    /// Whether a row has these values, by the comparison of the database.
    fn matches_a_row(
        &mut self,
        table: &LayoutTable,
        columns: &[usize],
        key: &[Vec<Value>],
    ) -> Result<bool, DatabaseError> {
        let mut found = false;
        if self.database.connection.has_table(&table.table.name)? {
            self.rows_where(table, columns, key, &mut |_| found = true)?;
        }
        Ok(found)
    }

    /// Visits the rows of `table` whose `columns` match one of `keys`: index of the key, and record id of the row. A
    /// key that contains NULL matches no row, and a table that does not exist has no rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_with(
        &mut self,
        table: &LayoutTable,
        columns: &[usize],
        keys: &[Vec<Value>],
        visit: &mut dyn FnMut(usize, RecordId),
    ) -> Result<(), DatabaseError> {
        if !self.database.connection.has_table(&table.table.name)? {
            return Ok(());
        }
        let keys = keys.iter().enumerate();
        let whole = keys.filter(|(_, key)| !key.iter().any(Value::is_null));
        let places: HashMap<Fingerprint, usize> = whole
            .clone()
            .map(|(place, key)| (key_fingerprint(key), place))
            .collect();
        let whole: Vec<Vec<Value>> = whole.map(|(_, key)| key.clone()).collect();
        for some in whole.chunks(200) {
            self.rows_where(table, columns, some, &mut |values| {
                let own: Vec<Value> = columns.iter().map(|&at| values[at].clone()).collect();
                if let Some(place) = places.get(&key_fingerprint(&own)) {
                    visit(*place, table.table.record_id(&values));
                }
            })?;
        }
        Ok(())
    }

    /// Visits the record ids of all rows; a table that does not exist has none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn each_record_id(
        &mut self,
        table: &LayoutTable,
        visit: &mut dyn FnMut(RecordId),
    ) -> Result<(), DatabaseError> {
        if !self.database.connection.has_table(&table.table.name)? {
            return Ok(());
        }
        self.each_key(table, &mut |values| visit(table.table.record_id(&values)))
    }

    /// Some columns of all rows, for parameters and references.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn column_values(
        &mut self,
        table: &LayoutTable,
        columns: &[usize],
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        let mut rows = Vec::new();
        if self.database.connection.has_table(&table.table.name)? {
            self.each_row(table, None, &mut |row| {
                rows.push(columns.iter().map(|&column| row[column].clone()).collect());
            })?;
        }
        Ok(rows)
    }
}

fn key_fingerprint(values: &[Value]) -> Fingerprint {
    let mut hasher = Hasher::new();
    values.iter().for_each(|value| value.hash_into(&mut hasher));
    hasher.fingerprint()
}
