//! Finds out which value from before a run the database does not accept, and checks that it stored the accepted ones.

use std::collections::HashMap;

use diesel::connection::{Connection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error};
use serde_json::Value as Json;

use crate::audit::revert::Undo;
use crate::audit::{Image, Key};
use crate::model::Value;

use super::pages::Room;
use super::restored_table::RestoredTable;
use super::{AnyConnection, Database, DatabaseError, RowUndo, ViolationKind};

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// A row that cannot have its values from before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Primary key as text.
    pub record_id: String,
    /// The columns whose values are rejected or changed; empty if no single column is the reason.
    pub columns: Vec<String>,
    /// Whether the database stored another value, instead of rejecting the statement.
    pub is_changed: bool,
    /// Whether the reason can be something that the application does on purpose: a trigger, or another expression of a
    /// computed column.
    pub is_intended: bool,
}

impl Database {
    /// Applies these changes, in order, and compares the rows with them. Returns the rows that differ, or the one that
    /// the database rejects; then nothing of `undos` is written.
    ///
    /// # Errors
    /// When the database reports an error that is not about values.
    pub fn restore_rows(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<Vec<RejectedRow>, DatabaseError> {
        if undos.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.tentatively(|database| database.undo_rows(table, undos))?;
        match all {
            Ok(()) => self.changed_values(table, undos),
            Err(error) if is_about_values(&error) => match self.rejected_row(table, undos)? {
                Some(row) => Ok(vec![row]),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Runs `work` in a savepoint, which is rolled back if it fails.
    fn tentatively<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<Result<T, DatabaseError>, DatabaseError> {
        Transactions::begin_transaction(&mut self.connection)?;
        match work(self) {
            Ok(done) => {
                Transactions::commit_transaction(&mut self.connection)?;
                Ok(Ok(done))
            }
            // A lost connection or a deadlock has no savepoint any more.
            Err(error) => match Transactions::rollback_transaction(&mut self.connection) {
                Ok(()) => Ok(Err(error)),
                Err(_) => Err(error),
            },
        }
    }

    /// Applies the changes row by row until one is rejected.
    fn rejected_row(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<Option<RejectedRow>, DatabaseError> {
        let mut rejected = None;
        Transactions::begin_transaction(&mut self.connection)?;
        for undo in undos {
            let one = std::slice::from_ref(undo);
            if self
                .tentatively(|database| database.undo_rows(table, one))?
                .is_err()
            {
                let key = Key::of_table(table.table(), self.key_rule());
                let image = match &undo.undo {
                    Undo::Insert(image) => image,
                    Undo::Update(_) | Undo::Delete => &undo.before,
                };
                rejected = Some(RejectedRow {
                    record_id: key.record_id(image),
                    columns: self.rejected_columns(table, undo)?,
                    is_changed: false,
                    is_intended: false,
                });
                break;
            }
        }
        Transactions::rollback_transaction(&mut self.connection)?;
        Ok(rejected)
    }

    /// The columns that are rejected one by one, or without which a row is accepted.
    fn rejected_columns(
        &mut self,
        table: &RestoredTable,
        undo: &RowUndo,
    ) -> Result<Vec<String>, DatabaseError> {
        let mut rejected = Vec::new();
        let (columns, is_insert) = match &undo.undo {
            Undo::Insert(image) => (table.insertable(image), true),
            Undo::Update(image) => (table.updatable(image, &undo.before), false),
            Undo::Delete => return Ok(rejected),
        };
        for &column in &columns {
            let others: Vec<usize> = columns.iter().copied().filter(|&at| at != column).collect();
            Transactions::begin_transaction(&mut self.connection)?;
            let done = match &undo.undo {
                Undo::Insert(_) => self.undo_deletes(table, std::slice::from_ref(undo), &others),
                Undo::Update(image) => self.undo_update(table, undo, image, &[column]),
                Undo::Delete => Ok(()),
            };
            Transactions::rollback_transaction(&mut self.connection)?;
            if done.is_ok() == is_insert {
                rejected.push(table.table().columns[column].name.clone());
            }
        }
        Ok(rejected)
    }

    /// The rows in which the database stored other values than these changes contain.
    fn changed_values(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<Vec<RejectedRow>, DatabaseError> {
        let key = Key::of_table(table.table(), self.key_rule());
        // Rows with different keys can have the same record id.
        let values = |image: &Image| {
            let values = key
                .columns()
                .iter()
                .map(|&column| image.get(column).cloned());
            Json::from(values.map(Option::unwrap_or_default).collect::<Vec<_>>()).to_string()
        };
        let mut wanted: HashMap<String, Image> = HashMap::new();
        for undo in undos {
            let known = wanted.remove(&values(&undo.before));
            let image = match &undo.undo {
                Undo::Delete => continue,
                Undo::Insert(image) => image.clone(),
                Undo::Update(image) => {
                    let mut whole = known.unwrap_or_default();
                    whole.extend(image.clone());
                    whole
                }
            };
            wanted.insert(values(&image), image);
        }
        let images = wanted.values();
        let keys: Vec<Vec<Value>> = images
            .map(|image| self.key_of_image(table, image))
            .collect();
        let mut rows: HashMap<String, Vec<Image>> = HashMap::new();
        let live = self.live_rows(table, &keys, &mut Room::unlimited())?;
        for row in live.into_iter().flatten() {
            let image = serde_json::from_str(&row.image).unwrap_or_default();
            rows.entry(row.record_id).or_default().push(image);
        }
        let difference = |wanted: &Image| {
            let record_id = key.record_id(wanted);
            let mut rows = rows.get(&record_id).into_iter().flatten();
            let row = rows.find(|row| key.is_same_row(wanted, row));
            let (columns, computed) = match row {
                Some(row) => table.differences(wanted, row),
                None => (Vec::new(), false),
            };
            (row.is_none() || !columns.is_empty()).then(|| RejectedRow {
                record_id,
                is_intended: table.has_other_triggers || (computed && row.is_some()),
                columns,
                is_changed: true,
            })
        };
        let mut changed: Vec<RejectedRow> = wanted.values().filter_map(difference).collect();
        changed.sort_by(|a, b| a.record_id.cmp(&b.record_id));
        Ok(changed)
    }
}

/// Whether a statement failed because of the values of a row, rather than because of other programs or the server.
fn is_about_values(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::Statement(Error::DatabaseError(kind, _)) => !matches!(
            kind,
            DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::ReadOnlyTransaction
        ),
        DatabaseError::Rejected(rejection) => !matches!(
            rejection.violation.kind,
            ViolationKind::ForeignKey | ViolationKind::Referenced
        ),
        DatabaseError::RowTooLong { .. } => true,
        _ => false,
    }
}
