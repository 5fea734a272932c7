//! Replaying the entries of a table's rows.

use crate::audit::reconcile::{Accounted, Replay, Summing, Sums};
use crate::audit::{Key, ReplayStep};
use crate::database::{ReadTransaction, RecordedChange};
use crate::model::{RecordId, Table};
use crate::operations::OperationError;

/// Number of entries and rows that are replayed at a time.
pub(in crate::operations) const AT_A_TIME: u64 = 200_000;

/// Replays the entries of the selected rows of a table, of which `accounted` was accounted for.
pub(in crate::operations) fn replayed(
    database: &mut ReadTransaction,
    table: &Table,
    accounted: &Accounted,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Replay, OperationError> {
    let key = Key::of_table(table, database.key_rule());
    let mut replay = Replay::of(accounted.clone());
    database.audit_log().each_recorded_change(&mut |step| {
        if step.table_name == table.name && wanted(&step.record_id) {
            let read = ReplayStep::take(&step.action, step.old_value, step.new_value);
            replay.entry(step.id, &step.record_id, read, &key);
        }
        Ok::<_, OperationError>(())
    })?;
    Ok(replay)
}

/// Adds an entry of a table with this key to the sums.
pub(in crate::operations) fn add(
    sums: &mut Sums,
    summing: &Summing,
    step: &RecordedChange,
    key: Option<&Key<'_>>,
) {
    let (old, new) = (step.old_value.as_deref(), step.new_value.as_deref());
    if let Some(to) = key.and_then(|key| moved(step, key)) {
        sums.moved(summing, &step.record_id, &to);
    }
    if !ReplayStep::has_images(&step.action, old.is_some(), new.is_some()) {
        sums.inconclusive(summing, &step.record_id);
    }
    sums.entry(summing, &step.record_id, key, old, new);
}

/// The record id after an UPDATE that changed the key.
pub(in crate::operations) fn moved(step: &RecordedChange, key: &Key<'_>) -> Option<RecordId> {
    let (Some(old), Some(new)) = (&step.old_value, &step.new_value) else {
        return None;
    };
    key.moved_in(&step.record_id, old, new)
}

/// Whether the entries of a removed table leave rows behind. Sums alone do not show it: columns that were
/// added later are in the entry that deletes a row, and in no other.
pub(super) fn rows_are_left(
    database: &mut ReadTransaction,
    name: &str,
    sums: &Sums,
    summing: &Summing,
) -> Result<bool, OperationError> {
    let rule = database.key_rule();
    for group in sums.uneven(AT_A_TIME) {
        let mut replay = Replay::default();
        let mut columns: Option<Vec<String>> = None;
        database.audit_log().each_recorded_change(&mut |step| {
            if step.table_name != name || !group[summing.bucket(&step.record_id)] {
                return Ok::<_, OperationError>(());
            }
            let read = ReplayStep::take(&step.action, step.old_value, step.new_value);
            if columns.is_none()
                && let Ok(read) = &read
            {
                let key = Key::find(read.row(), &step.record_id, rule);
                columns =
                    key.map(|key| key.columns().iter().map(|&name| name.to_owned()).collect());
            }
            let key = columns.iter().flatten().map(String::as_str).collect();
            replay.entry(step.id, &step.record_id, read, &Key::of(key, rule));
            Ok(())
        })?;
        if replay.leaves_rows() {
            return Ok(true);
        }
    }
    Ok(false)
}
