//! The tables whose changes are recorded: their triggers, and since when the audit log has their changes.

pub(in crate::database) mod accounted;
pub(in crate::database) mod altered;
pub(in crate::database) mod baselines;
pub(in crate::database) mod detached_elsewhere;
pub(in crate::database) mod former_names;
pub(in crate::database) mod layout_triggers;
pub(in crate::database) mod recording;
pub(in crate::database) mod renewals;
pub(in crate::database) mod staged_rows;
pub(in crate::database) mod states;
pub(in crate::database) mod triggers;
