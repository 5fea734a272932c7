//! The current rows and the later entries of the rows that are reverted together: as many as there is room for.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::audit::revert::{Later, Writer};
use crate::audit::{Image, Key, ReplayStep};
use crate::database::{ReadTransaction, RestoredTable, Room};
use crate::model::{EntryId, RecordId, RunId};
use crate::operations::OperationError;

/// The highest number of entries that are reverted together.
const MOST: usize = 2000;

/// An entry to decide on.
pub(super) struct DecidedEntry {
    pub(super) step: ReplayStep,
    /// The record id after the entry.
    pub(super) record_id: RecordId,
    /// The record id before, under which the entry and earlier ones are recorded, if it is another.
    pub(super) former_id: Option<RecordId>,
}

/// How many entries are reverted together: fewer if their rows are large.
pub(super) struct Portion(usize);

impl Default for Portion {
    fn default() -> Self {
        Self(MOST)
    }
}

/// The rows of the first entries of several.
#[derive(Default)]
pub(super) struct FoundRows {
    /// The number of these entries.
    pub(super) count: usize,
    /// The current rows of those of them that are compared with their rows.
    pub(super) rows: HashMap<RecordId, Image>,
    /// The entries of these rows after the run.
    pub(super) later: HashMap<RecordId, LaterChanges>,
}

/// Which rows and entries are looked up.
pub(super) struct Search<'a> {
    /// Whether the current row of an entry is compared with it.
    pub(super) compared: &'a dyn Fn(&DecidedEntry) -> bool,
    /// Later entries are those after this one, if there are any.
    pub(super) after: Option<EntryId>,
    /// The reverts of the run that are in force.
    pub(super) reverts: &'a HashSet<RunId>,
}

/// The entries of a row after the run.
#[derive(Default)]
pub(super) struct LaterChanges {
    pub(super) changes: Later,
    /// Actor and time of the last one.
    pub(super) by: Option<(String, String)>,
    /// Its run.
    pub(super) run: Option<RunId>,
}

impl Portion {
    /// Looks up the rows of the first of these entries that are compared with their rows: of as many as there is room
    /// for, and of at least one.
    pub(super) fn look_up(
        &mut self,
        database: &mut ReadTransaction,
        table: &RestoredTable,
        entries: &[DecidedEntry],
        search: &Search<'_>,
    ) -> Result<FoundRows, OperationError> {
        let mut count = self.0.min(entries.len());
        loop {
            let mut room = match count {
                1 => Room::unlimited(),
                _ => Room::for_page(),
            };
            let some: Vec<_> = entries[..count]
                .iter()
                .filter(|one| (search.compared)(one))
                .collect();
            let mut found = FoundRows {
                count,
                ..FoundRows::default()
            };
            if found.read_later(database, table, &some, search, &mut room)?
                && found.read_rows(database, table, &some, &mut room)?
            {
                self.0 = self.0.max(count * 2).min(MOST);
                return Ok(found);
            }
            count /= 2;
            self.0 = count;
        }
    }
}

impl FoundRows {
    /// Reads the current rows; returns false if there is no room for them.
    fn read_rows(
        &mut self,
        database: &mut ReadTransaction,
        table: &RestoredTable,
        entries: &[&DecidedEntry],
        room: &mut Room,
    ) -> Result<bool, OperationError> {
        let keys = entries.iter().map(|one| one.step.row_after());
        let keys: Vec<_> = keys
            .map(|row| database.tables().key_of_image(table, row))
            .collect();
        let Some(rows) = database.tables().live_rows(table, &keys, room)? else {
            return Ok(false);
        };
        self.rows.extend(rows.into_iter().map(|row| {
            let image = serde_json::from_str(&row.image).unwrap_or_default();
            (row.record_id, image)
        }));
        Ok(true)
    }

    /// Reads the later entries; returns false if there is no room for them.
    fn read_later(
        &mut self,
        database: &mut ReadTransaction,
        table: &RestoredTable,
        entries: &[&DecidedEntry],
        search: &Search<'_>,
        room: &mut Room,
    ) -> Result<bool, OperationError> {
        let Some(after) = search.after else {
            return Ok(true);
        };
        let key = Key::of_table(table.table(), database.key_rule());
        let ids: Vec<RecordId> = entries.iter().map(|one| one.record_id.clone()).collect();
        let mut has_room = true;
        database
            .audit_log()
            .each_later_entry(&table.table().name, &ids, after, &mut |entry| {
                has_room = room.take(&entry);
                if !has_room {
                    return ControlFlow::Break(());
                }
                let run = entry.run_id.as_ref();
                let writer = match run.is_some_and(|run| search.reverts.contains(run)) {
                    true => Writer::Revert,
                    false => Writer::Other,
                };
                let of_row = self.later.entry(entry.record_id.clone()).or_default();
                of_row.by = Some((entry.changed_by, entry.changed_at));
                of_row.run = entry.run_id;
                // An unreadable entry is ignored: a changed row shows that something happened.
                if let Ok(step) = ReplayStep::take(&entry.action, entry.old_value, entry.new_value)
                {
                    of_row.changes.add(&entry.record_id, step, &key, writer);
                }
                ControlFlow::Continue(())
            })?;
        Ok(has_room)
    }
}
