//! The tables whose changes are recorded: their triggers, and since when the audit log has their changes.

use crate::database::ReadTransaction;

mod accounted;
mod altered;
mod baselines;
mod cascades;
mod detached_elsewhere;
mod effect;
mod former_names;
mod layout_triggers;
mod recording;
mod renewals;
mod staged_rows;
mod states;
pub(in crate::database) mod triggers;

pub use accounted::ACCOUNTED;
pub use altered::RENAMED_TO;
pub use baselines::FoundEntry;
pub use effect::Effect;
pub use former_names::Phase;
pub use layout_triggers::LayoutTriggers;
pub use recording::{Baseline, NotRecorded, NotRecordedReason};
pub use renewals::Renewal;
pub use states::{TableTriggers, TriggerState};

/// The tables whose changes are recorded, with their triggers.
pub struct AuditedTables<'d> {
    database: &'d mut ReadTransaction,
}

impl ReadTransaction {
    /// The tables whose changes are recorded, with their triggers.
    pub fn audited_tables(&mut self) -> AuditedTables<'_> {
        AuditedTables { database: self }
    }
}
