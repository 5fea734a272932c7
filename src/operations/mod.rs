//! What the program does, as functions: each reads as the list of its steps and returns data.
//!
//! Operations put the stages together. They print nothing, and take clock, actor, host and ids as parameters.

mod archive;
mod directory;
mod error;
pub mod import;
mod migrate;
mod progress;
mod run_name;
mod runs;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod verify;

pub use archive::{list_archive, restore_archived, verify_archive};
pub use error::OperationError;
pub use migrate::{Reverted, ledger_at_stake, migrate_down, migrate_up, migration_status};
pub use progress::{Progress, Silent, Stage, Surroundings};
pub use run_name::run_named;
pub use runs::{RunDetails, list_runs, show_run};
