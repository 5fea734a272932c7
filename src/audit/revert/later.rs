//! The entries of a row after the run that is reverted.

use crate::audit::{Image, Key, ReplayStep};

/// The entries of a row after the run: of each value, only what a decision depends on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Later {
    /// The values before the first change of each column; those before the revert that restored the row do not count.
    pub(super) first: Image,
    /// The row that was deleted last.
    pub(super) deleted: Option<Image>,
    /// Whether the row got another key last.
    pub(super) moved: bool,
    /// The last entry by which an earlier revert of the run restored the row.
    pub(super) restored: Option<Box<ReplayStep>>,
}

/// Who wrote an entry after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A revert of the run that is in force: it was not reverted itself.
    Revert,
    /// Any other run or program.
    Other,
}

impl Later {
    /// Adds the next entry of the row `record_id`.
    pub fn add(&mut self, record_id: &str, step: ReplayStep, key: &Key<'_>, writer: Writer) {
        self.moved = step.new_record_id(record_id, key).is_some();
        if writer == Writer::Revert {
            self.first.clear();
            self.restored = Some(Box::new(step.clone()));
        }
        match step {
            ReplayStep::Insert { .. } => {}
            ReplayStep::Update { old, .. } if writer == Writer::Other => self.keep(old),
            ReplayStep::Update { .. } => {}
            ReplayStep::Delete { old } => {
                if writer == Writer::Other {
                    self.keep(old.clone());
                }
                self.deleted = Some(old);
            }
        }
    }

    fn keep(&mut self, old: Image) {
        for (column, value) in old {
            self.first.entry(column).or_insert(value);
        }
    }
}
