//! Shows who last wrote each column of a row.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::audit::{Action, Image, ReplayStep, RowState, imported_record_ids};
use crate::database::{Access, Database, DatabaseUrl, NotRecorded, ReadTransaction};
use crate::model::{EntryId, RecordId, RunKind};
use crate::operations::OperationError;

use super::Attribution;
use super::entry::AttributionIndex;
use super::history::entries_named;
use super::replayer::{is_of_unknown_row, take_step};
use super::row_history::{RowEntry, each_with_values, of_last_row};

/// A column of a row, with its last change.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlamedColumn {
    /// Who wrote it, when and why.
    #[serde(flatten)]
    pub attribution: Attribution,
    /// The column.
    pub column: String,
    /// The value according to the audit log.
    pub value: Value,
    /// The action that wrote it.
    pub action: String,
}

/// The columns of a row.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Blame {
    /// The table.
    pub table: String,
    /// The row.
    pub record_id: RecordId,
    /// The columns in the audit log, in the order in which they were first written.
    pub columns: Vec<BlamedColumn>,
    /// Who deleted the row, if it was deleted; the columns then have their last values.
    pub deleted: Option<Attribution>,
    /// The current record id, if the row's key changed since it had this one.
    pub moved_to: Option<RecordId>,
    /// Why later changes may have no entry under the name of the table; `null` if they should have.
    pub not_recorded: Option<NotRecorded>,
}

/// Returns who last wrote each column of the row `record` of `table`.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the audit log has no such row.
pub fn blame(
    url: &DatabaseUrl,
    wait: Duration,
    table: &str,
    record: &str,
) -> Result<Blame, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let (record_id, entries) = entries_named(database, table, record)?;
        let entries = of_last_row(entries, &record_id);
        let written = LastWritten::read(database, table, &entries, &[])?;
        let last = entries.into_iter().next_back();
        let moved_to = last.and_then(|last| last.moved_to);
        Ok(Blame {
            table: table.to_owned(),
            moved_to: moved_to.filter(|name| *name != record_id),
            record_id,
            columns: written.columns,
            deleted: written.deleted,
            not_recorded: database.audited_tables().not_recorded(table)?,
        })
    })
}

/// What the entries of a row wrote last.
#[derive(Debug, Default)]
pub(super) struct LastWritten {
    pub(super) columns: Vec<BlamedColumn>,
    pub(super) deleted: Option<Attribution>,
    /// Whether the row exists after the entries; `None` if nothing is known.
    pub(super) exists: Option<bool>,
    /// Names of the columns that the row has after the entries, if it exists.
    pub(super) known: Option<Vec<String>>,
    /// The values of the key columns in the last entry.
    pub(super) key: Image,
    /// The record ids that the ledger may have for the row.
    pub(super) imported_ids: Vec<RecordId>,
    /// The entries that are inconsistent with the previous ones.
    pub(super) inconsistent: Vec<EntryId>,
    /// The first entry of the row, if it was inserted without one.
    pub(super) not_inserted: Option<EntryId>,
}

impl LastWritten {
    /// Reads the entries of a row of `table`, and the values of its columns `key`. Each value is kept once: in the
    /// state of the row until another replaces it, and from then on in its column.
    pub(super) fn read(
        database: &mut ReadTransaction,
        table: &str,
        entries: &[RowEntry],
        key: &[&str],
    ) -> Result<Self, OperationError> {
        let accounted = database
            .audited_tables()
            .accounted()?
            .remove(table)
            .unwrap_or_default();
        let attributions = AttributionIndex::new(database)?;
        let rule = database.key_rule();
        let baselines = database.audited_tables().baselines_of(table)?;
        let (mut written, mut state) = (Self::default(), RowState::Unknown);
        each_with_values(database, entries, &mut |mut entry| {
            let attribution = attributions.attribution_of(&entry);
            if entry.action == Action::Delete.name() {
                written.deleted = Some(attribution.clone());
            }
            if let Ok(step) = take_step(&mut entry) {
                written.add(&attribution, &entry.action, &step);
                let row = step.row_after();
                let ids = imported_record_ids(row, &entry.record_id, rule);
                written.imported_ids.extend(ids);
                let values = key.iter().map(|&name| Some((name, row.get(name)?)));
                let values = values
                    .flatten()
                    .map(|(name, value)| (name.to_owned(), value.clone()));
                written.key = values.collect();
                let contradicts = state.contradiction(&step).is_some();
                if is_of_unknown_row(&state, &step, entry.id, &baselines) {
                    written.not_inserted = Some(entry.id);
                    written.inconsistent.push(entry.id);
                }
                written.inconsistent.extend(contradicts.then_some(entry.id));
                if contradicts || matches!(step, ReplayStep::Delete { .. }) {
                    written.keep_values(std::mem::take(&mut state));
                    state = RowState::claimed(step);
                } else {
                    state.follow(step);
                }
            }
            ControlFlow::Continue(())
        })?;
        written.exists = state.exists();
        written.known = state.image().map(|image| image.keys().cloned().collect());
        written.keep_values(state);
        if written.exists != Some(false) {
            written.columns.retain(|column| {
                // The table did not have it any more when its rows were accounted for.
                let is_dropped = column.attribution.entry <= accounted.until
                    && !accounted.columns.is_empty()
                    && !accounted.columns.contains(&column.column);
                !is_dropped
            });
        }
        Ok(written)
    }

    /// Records the columns that an entry wrote, without their values.
    fn add(&mut self, attribution: &Attribution, action: &str, step: &ReplayStep) {
        let (row, other) = match step {
            ReplayStep::Delete { .. } => return,
            ReplayStep::Insert { new } => (new, None),
            ReplayStep::Update { old, new } => (old, Some(new)),
        };
        // A run of kind `enable` records values that no entry had. Their author is unknown: they are attributed to it.
        let completes = attribution.is_of(RunKind::Enable);
        for (column, value) in row {
            let changed = other.is_none_or(|other| other.get(column) != Some(value));
            let known = self
                .columns
                .iter_mut()
                .find(|known| known.column == *column);
            if !changed && (known.is_some() || !completes) {
                continue;
            }
            match known {
                Some(known) => {
                    known.attribution = attribution.clone();
                    action.clone_into(&mut known.action);
                }
                None => self.columns.push(BlamedColumn {
                    attribution: attribution.clone(),
                    column: column.clone(),
                    value: Value::Null,
                    action: action.to_owned(),
                }),
            }
        }
    }

    fn keep_values(&mut self, state: RowState) {
        if let RowState::Present(mut image) | RowState::Partial(mut image) = state {
            for column in &mut self.columns {
                if let Some(value) = image.get_mut(&column.column) {
                    column.value = value.take();
                }
            }
        }
    }
}
