//! What the program does, as functions: each reads as the list of its steps and returns data.
//!
//! Operations put the stages together. They print nothing, and take clock, actor, host and ids as parameters.

mod archive;
pub mod audit;
pub mod audited_tables;
mod directory;
pub mod doctor;
mod error;
pub mod import;
mod migrate;
mod progress;
pub mod proof;
pub mod propose;
mod rejects;
pub mod revert;
mod run_name;
mod runs;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod verify;

pub use archive::{list_archive, restore_archived, verify_archive};
pub use error::OperationError;
pub use migrate::{AtStake, Reverted, at_stake, migrate_down, migrate_up, migration_status};
pub use progress::{Progress, Silent, Stage, Surroundings};
pub use rejects::{
    Original, Reject, RejectFilter, RejectStatus, Settled, export_rejects, list_rejects,
    show_reject,
};
pub use run_name::run_named;
pub use runs::{RunDetails, list_runs, show_run};
