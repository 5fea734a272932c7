//! Determines which former value of a row the database rejects, and checks that it stored the accepted ones.

use std::collections::HashMap;

use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error};
use serde_json::Value as Json;

use crate::audit::revert::Undo;
use crate::audit::{Image, Key};
use crate::database::pages::Room;
use crate::database::{AnyConnection, DatabaseError, RowUndo, ViolationKind, Writing};
use crate::model::{RecordId, Value};

use super::Tables;
use super::restored_table::RestoredTable;

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// A row that cannot have its values from before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Primary key as text.
    pub record_id: RecordId,
    /// The columns whose values are rejected or changed; empty if no single column is the reason.
    pub columns: Vec<String>,
    /// Whether the values are rejected or changed, and by what.
    pub fault: RowFault,
}

/// The result of changes that restore rows.
#[derive(Debug, Default)]
pub struct RestoredRows {
    /// The rows that differ from the changes, or the one that the database rejects.
    pub rejected: Vec<RejectedRow>,
    /// Changes that violate a foreign key, and may be accepted after others.
    pub waiting: Vec<RowUndo>,
}

/// How a database does not accept a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFault {
    /// It stored another value.
    Changed,
    /// It stored another value, which the application may intend: by a trigger, or by another expression of a computed
    /// column.
    Intended,
    /// Another row has a unique value.
    Unique,
    /// A row that it refers to is missing, or others refer to the row.
    ForeignKey,
    /// A column must have a value.
    Null,
    /// It rejected the statement for another reason.
    Other,
}

impl RowFault {
    fn of(error: &DatabaseError) -> Self {
        match error {
            DatabaseError::Rejected(rejection) => match rejection.violation.kind {
                ViolationKind::Unique | ViolationKind::Exclusion => Self::Unique,
                ViolationKind::ForeignKey | ViolationKind::Referenced => Self::ForeignKey,
                ViolationKind::NotNull => Self::Null,
                ViolationKind::Check | ViolationKind::Raised | ViolationKind::Value => Self::Other,
            },
            DatabaseError::ForeignKey(_) => Self::ForeignKey,
            _ => Self::Other,
        }
    }
}

impl Writing<Tables<'_>> {
    /// Applies these changes, in order, and compares the rows with them. If one is rejected, none of them is applied.
    ///
    /// # Errors
    /// When the database reports an error that is not about values.
    pub fn restore_rows(
        &mut self,
        table: &RestoredTable,
        undos: Vec<RowUndo>,
    ) -> Result<RestoredRows, DatabaseError> {
        if undos.is_empty() {
            return Ok(RestoredRows::default());
        }
        match self.tentatively(|database| database.undo_rows(table, &undos))? {
            Ok(()) => Ok(RestoredRows {
                rejected: self.changed_values(table, &undos)?,
                waiting: Vec::new(),
            }),
            Err(error) if !is_about_rows(&error) => Err(error),
            Err(_) if self.restores_leniently(table, &undos)? => Ok(RestoredRows::default()),
            Err(_) => self.restore_row_by_row(table, undos),
        }
    }

    /// Applies the changes as a session with other settings could have made them, if then all values are exact. Returns
    /// false, and applies nothing, otherwise.
    fn restores_leniently(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<bool, DatabaseError> {
        let Some([lenient, strict]) = self.database.connection.engine().strictness_switch() else {
            return Ok(false);
        };
        Transactions::begin_transaction(&mut self.database.connection)?;
        self.database.connection.batch_execute(lenient)?;
        let done = self.tentatively(|database| database.undo_rows(table, undos));
        self.database.connection.batch_execute(strict)?;
        let is_exact = done?.is_ok() && self.changed_values(table, undos)?.is_empty();
        match is_exact {
            true => Transactions::commit_transaction(&mut self.database.connection)?,
            false => Transactions::rollback_transaction(&mut self.database.connection)?,
        }
        Ok(is_exact)
    }

    /// Runs `work` in a savepoint, which is rolled back if it fails.
    fn tentatively<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<Result<T, DatabaseError>, DatabaseError> {
        Transactions::begin_transaction(&mut self.database.connection)?;
        match work(self) {
            Ok(done) => {
                Transactions::commit_transaction(&mut self.database.connection)?;
                Ok(Ok(done))
            }
            // A lost connection or a deadlock has no savepoint any more.
            Err(error) => match Transactions::rollback_transaction(&mut self.database.connection) {
                Ok(()) => Ok(Err(error)),
                Err(_) => Err(error),
            },
        }
    }

    fn restore_row_by_row(
        &mut self,
        table: &RestoredTable,
        undos: Vec<RowUndo>,
    ) -> Result<RestoredRows, DatabaseError> {
        Transactions::begin_transaction(&mut self.database.connection)?;
        let (mut restored, mut waiting) = (Vec::new(), Vec::new());
        for undo in undos {
            // Changes of one row are applied in their order.
            if waiting.iter().any(|one: &RowUndo| one.key == undo.key) {
                waiting.push(undo);
                continue;
            }
            let one = std::slice::from_ref(&undo);
            match self.tentatively(|database| database.undo_rows(table, one))? {
                Ok(()) => restored.push(undo),
                Err(error) if violates_foreign_key(&error) => waiting.push(undo),
                Err(_) if self.restores_leniently(table, one)? => restored.push(undo),
                Err(error) => {
                    let row = self.rejected_row(table, &undo, RowFault::of(&error))?;
                    Transactions::rollback_transaction(&mut self.database.connection)?;
                    return Ok(RestoredRows {
                        rejected: vec![row],
                        waiting: Vec::new(),
                    });
                }
            }
        }
        Transactions::commit_transaction(&mut self.database.connection)?;
        let rejected = self.changed_values(table, &restored)?;
        Ok(RestoredRows { rejected, waiting })
    }

    /// Describes a row that is rejected.
    ///
    /// # Errors
    /// When the database reports an error that is not about values.
    pub fn rejected_row(
        &mut self,
        table: &RestoredTable,
        undo: &RowUndo,
        fault: RowFault,
    ) -> Result<RejectedRow, DatabaseError> {
        let key = Key::of_table(table.table(), self.database.key_rule());
        let image = match &undo.undo {
            Undo::Insert(image) => image,
            Undo::Update(_) | Undo::Delete => &undo.before,
        };
        Ok(RejectedRow {
            record_id: key.record_id(image),
            columns: self.rejected_columns(table, undo)?,
            fault,
        })
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
            Transactions::begin_transaction(&mut self.database.connection)?;
            let done = match &undo.undo {
                Undo::Insert(_) => self.undo_deletes(table, std::slice::from_ref(undo), &others),
                Undo::Update(image) => self.undo_update(table, undo, image, &[column]),
                Undo::Delete => Ok(()),
            };
            Transactions::rollback_transaction(&mut self.database.connection)?;
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
        let key = Key::of_table(table.table(), self.database.key_rule());
        // Rows with different keys can have the same record id.
        let values = |image: &Image| {
            let columns = key.columns().iter();
            let values = columns.map(|&column| image.get(column).cloned());
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
        let mut rows: HashMap<RecordId, Vec<Image>> = HashMap::new();
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
                fault: match table.has_other_triggers || (computed && row.is_some()) {
                    true => RowFault::Intended,
                    false => RowFault::Changed,
                },
                columns,
            })
        };
        let mut changed: Vec<RejectedRow> = wanted.values().filter_map(difference).collect();
        changed.sort_by(|a, b| a.record_id.cmp(&b.record_id));
        Ok(changed)
    }
}

fn violates_foreign_key(error: &DatabaseError) -> bool {
    RowFault::of(error) == RowFault::ForeignKey
}

/// Whether a statement failed because of the values of a row, rather than because of other programs or the server.
fn is_about_rows(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::Statement(Error::DatabaseError(kind, _)) => !matches!(
            kind,
            DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::ReadOnlyTransaction
        ),
        DatabaseError::Rejected(_)
        | DatabaseError::RowTooLong { .. }
        | DatabaseError::ImageTooLong(_)
        | DatabaseError::ForeignKey(_) => true,
        _ => false,
    }
}
