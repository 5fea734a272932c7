//! Rows that are older than the trail: what it does not tell is what later entries say was before, and, where none does,
//! what is there now.

use std::collections::{BTreeMap, HashSet};

use serde_json::Map;

use crate::audit::{Action, Image, RowState, Step};
use crate::database::ledger::AuditEntry;
use crate::database::{Database, LiveRow};
use crate::operations::OperationError;
use crate::operations::audit::lives::new_id;

use super::Rows;

/// Rows that are older than the trail, as far as they are known.
#[derive(Default)]
pub(super) struct Older {
    /// By name: the columns that are known, and whether there are no others.
    rows: BTreeMap<String, (Image, Completeness)>,
    /// Names that rows got later.
    later_names: HashSet<String>,
    /// Names of all rows that entries tell of, if there are rows that none tells of.
    touched: Option<HashSet<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completeness {
    /// A later entry has the whole row.
    Whole,
    /// What no entry tells is what is there now.
    FromNow,
    /// The row is called otherwise now.
    Lost,
}

impl Older {
    /// A row of which there are only entries that came later; whether it was there before them.
    pub(super) fn begins_with(&mut self, record_id: String, later: &[AuditEntry]) -> bool {
        let first = later
            .first()
            .and_then(|first| Action::of_name(&first.action));
        let was_there = matches!(first, Some(Action::Update | Action::Delete));
        if was_there {
            self.rows
                .insert(record_id, (Map::new(), Completeness::FromNow));
        }
        was_there
    }

    /// A row of which some columns are known.
    pub(super) fn is_partly_known(&mut self, record_id: String, image: Image) {
        self.rows.insert(record_id, (image, Completeness::FromNow));
    }

    /// A row that the trail tells of.
    pub(super) fn is_known(&mut self, record_id: &str) {
        self.rows.remove(record_id);
    }

    /// Rows that no entry tells of are as they are now; these are the others.
    pub(super) fn untouched(&mut self, touched: HashSet<String>) {
        self.touched = Some(touched);
    }

    /// Notes the names that rows got later: whoever is called so now is not older.
    pub(super) fn moves(&mut self, later: &[AuditEntry]) {
        self.later_names.extend(later.iter().filter_map(moved_to));
    }

    /// Takes from later entries, oldest first, what was before them.
    pub(super) fn undo(&mut self, later: Vec<AuditEntry>) {
        for entry in later {
            self.later_names.extend(moved_to(&entry));
            let Some((image, completeness)) = self.rows.get_mut(&entry.record_id) else {
                continue;
            };
            if *completeness != Completeness::FromNow {
                continue;
            }
            let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
            let before = match Step::read(&entry.action, old, new) {
                Ok(Step::Update { old, .. }) => old,
                Ok(Step::Delete { old }) => {
                    *completeness = Completeness::Whole;
                    old
                }
                Ok(Step::Insert { .. }) | Err(_) => continue,
            };
            if moved_to(&entry).is_some() {
                *completeness = Completeness::Lost;
            }
            // What an earlier entry says is nearer to the moment.
            for (column, value) in before {
                image.entry(column).or_insert(value);
            }
        }
    }

    /// Visits the rows, with what is there now where nothing else tells.
    pub(super) fn complete(
        mut self,
        database: &mut Database,
        table: &str,
        rows: &mut Rows<'_>,
    ) -> Result<(), OperationError> {
        let later_names = std::mem::take(&mut self.later_names);
        self.rows
            .retain(|name, (image, _)| !image.is_empty() && !later_names.contains(name));
        let asks = self
            .rows
            .values()
            .any(|(_, how)| *how == Completeness::FromNow);
        if (asks || self.touched.is_some())
            && !rows.is_stopped
            && let Some(defined) = database.defined_table(table)?
        {
            database.each_live_row(&defined, &mut |live| self.live(live, rows))?;
        }
        for (name, (image, completeness)) in self.rows {
            rows.give(
                name,
                match completeness {
                    Completeness::Whole => RowState::Present(image),
                    Completeness::FromNow | Completeness::Lost => RowState::Partial(image),
                },
            );
        }
        Ok(())
    }

    /// A row as it is now.
    fn live(&mut self, live: LiveRow, rows: &mut Rows<'_>) -> Result<(), OperationError> {
        let Ok(now) = serde_json::from_str::<Image>(&live.image) else {
            return Ok(());
        };
        match self.rows.get_mut(&live.record_id) {
            Some((image, completeness @ Completeness::FromNow)) => {
                *completeness = Completeness::Whole;
                // The columns in the order of the table.
                let told = std::mem::replace(image, now);
                image.extend(told);
            }
            Some(_) => {}
            None => {
                let is_untouched = |touched: &HashSet<String>| !touched.contains(&live.record_id);
                if self.touched.as_ref().is_some_and(is_untouched) {
                    rows.give(live.record_id, RowState::Present(now));
                }
            }
        }
        Ok(())
    }
}

fn moved_to(entry: &AuditEntry) -> Option<String> {
    let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
    let step = Step::read(&entry.action, old, new).ok()?;
    new_id(&step, &entry.record_id)
}
