//! The operations of accession, as functions that read as a list of their steps and return data.
//!
//! They combine the stages. They print nothing, and take clock, actor, host and ids as parameters.

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
mod table_hint;
#[cfg(test)]
mod testing;
mod unfinished_run;
pub mod validate;
pub mod verify;

pub use archive::{
    ComparedLedger, LedgerToCompare, VerifiedArchive, list_archive, restore_archived,
    verify_archive,
};
pub use error::OperationError;
pub use migrate::{
    MigrationLoss, RevertedMigration, migrate_down, migrate_up, migration_loss, migration_status,
};
pub use progress::{Context, Progress, Silent, Stage, not_measured};
pub use rejects::{
    Original, Reject, RejectFilter, RejectStatus, ResolvedRejects, export_rejects, list_rejects,
    show_reject,
};
pub use run_name::run_named;
pub use runs::{RunDetails, list_runs, show_run};
